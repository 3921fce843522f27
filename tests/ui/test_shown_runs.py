"""How a run is shown: what each step was given and gave, and in one line where no terminal is narrow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.i18n import speaking
from luxos.ui.cli.records import _show
from luxos.ui.formatters import called, gave

MOMENT = "2026-11-27T21:43:00.000000+00:00"
STEP = {"verb": "CALL", "status": "done", "seconds": 0.09, "attempts": 1, "started_at": MOMENT, "finished_at": MOMENT}
RUN = {
    "run": "57aa3ae2-bb6d-40c3-b807-9b6d1359862e",
    "goal": "luxos call kilka",
    "status": "failed",
    "workspace": "/home/ala/" + "katalog-o-długiej-nazwie/" * 8,
    "created_at": MOMENT,
    "elsewhere": False,
    "uncertain": [f"kilka/{number}" for number in range(30)],
    "chain_whole": True,
    "steps": [
        {**STEP, "step": "kilka", "call": "kilka", "parent": None, "arguments": {"args": [2], "kwargs": {"by": "a b"}},
         "result": {"sum": 4}},
        {**STEP, "step": "kilka/1", "call": "file.append", "parent": "kilka", "arguments": {"path": "log.txt"},
         "error": {"message": "nie udało się, bo " + "bardzo " * 40 + "źle\nwiersz drugi"}},
    ],
}  # fmt: skip


def test_each_step_is_one_line_where_no_terminal_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    with speaking("pl"):
        _show(RUN)
    head, first, second, folder, uncertain, chain = capsys.readouterr().out.splitlines()
    assert head == "57aa3ae2  luxos call kilka  [nieudane]"
    assert first == '└── kilka  kilka(2, by="a b")  zrobione  +0,00 s  0,09 s  → {"sum": 4}'
    assert second.startswith('    └── kilka/1  file.append(path="log.txt")  zrobione  +0,00 s  0,09 s  nie udało')
    assert second.endswith("źle")
    assert folder.endswith(str(RUN["workspace"]))
    assert "kilka/29" in uncertain
    assert chain


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.fixed_dictionaries({"call": st.just("f")}, optional={"arguments": st.dictionaries(st.text(), JSON)}), JSON)
def test_whatever_a_step_was_given_is_short_and_harmless(step: dict[str, object], result: object) -> None:
    for told in (called(step), gave({"result": result})):
        assert len(told) < 80
        assert all(ord(letter) >= 0x20 and not 0x7F <= ord(letter) < 0xA0 for letter in told)
