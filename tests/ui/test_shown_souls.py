"""How `luxos soul show` shows a version: in the person's words, with its source as it stands."""

import re

import click
import pytest

from luxos.i18n import speaking
from luxos.ui.cli.report import report_lines

FOUND = {
    "soul_info": {
        "soul_hash": "sha256:" + "ab" * 32, "alias": "vat", "global_ulid": "01M8", "version": 2,
        "parent_hash": None, "created_at": "2026-11-27T23:56:59.325679+00:00",
    },
    "genotype": {
        "genesis": {
            "name": "vat", "owner": "ala", "type": "function", "purpose": "liczy podatek",
            "limits": {"seconds": 3}, "requirements": ["numpy"], "examples": [{"args": [1], "result": 2}],
            "source": "def function(net):\n    return 'a [b] {c}'\n",
        },
        "attributes": {}, "functions": {}, "dependencies": {"dwa": "sha256:cd"},
        "capabilities": {"tier": None, "pure": None},
    },
    "analysis": {
        "language": "python", "lines": 2, "classes": [], "imports": ["math", "re"], "not_pinned": [],
        "functions": [{"name": "function", "signature": "function(net)", "line": 1, "end_line": 2, "calls": []}],
    },
    "creation_context": {"owner": "ala", "author": None, "change": "first", "row": "619a608a"},
    "system_info": {"process": 1},
    "memo": {"hits": 0, "misses": 1, "rate": 0.0},
}  # fmt: skip


def test_a_report_is_in_the_persons_words() -> None:
    with speaking("pl"):
        lines = [click.unstyle(line) for line in report_lines(FOUND)]
    words = dict(re.split(r"  +", line.strip(), maxsplit=1) for line in lines if re.match(r"  \S+.*  ", line))
    assert words["skrót"] == "sha256:" + "ab" * 32
    assert words["powstała"] == "2026-11-27 23:56:59"
    assert (words["purpose"], words["limits"], words["requirements"]) == ("liczy podatek", "seconds=3", "numpy")
    assert (words["zmiana"], words["przypięcia"]) == ("pierwsza", "dwa=sha256:cd")
    assert words["funkcje"] == "function(net) (wiersze 1–2)"
    assert lines[-1] == "Jej wyniki zostały zapamiętane w 0 z 1 wywołania (0%)."
    at = lines.index("    def function(net):")
    assert lines[at + 1] == "        return 'a [b] {c}'"
    told = "\n".join(lines)
    for word in ("soul_hash", "created_at", "creation_context", "capabilities", "null", "None"):
        assert word not in told


@pytest.mark.parametrize("source", [None, "", {"lux": 1}])
def test_a_version_without_a_text_as_source_is_shown(source: object) -> None:
    genesis = {**FOUND["genotype"]["genesis"], "source": source}  # type: ignore[index]
    assert list(report_lines({**FOUND, "genotype": {**FOUND["genotype"], "genesis": genesis}}))  # type: ignore[dict-item]
