"""What `luxos soul evolve` says where it changed nothing: why it had nothing to propose."""

import pytest

from luxos.i18n import speaking
from luxos.ui.cli.evolving import _lines

FOUND = {
    "name": "sum", "goal": "faster", "tried": 0, "cases": 2, "derived": 0, "right": 0, "steps": [], "model": None,
    "measure": {"before": 1.0, "after": 1.0}, "after": None, "candidate": None,
}  # fmt: skip
MODEL = {"name": "small", "asked": 3, "refused": ["it is no Python"]}


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({}, "Żadna reguła nie ma propozycji"),
        ({}, "LUXOS_MODEL"),
        ({"model": MODEL}, "Ani reguły, ani model"),
        ({"model": MODEL}, "it is no Python"),
        ({"goal": "examples", "measure": {"before": 2, "after": 2}}, "Wszystkie przykłady już są zaliczone"),
        ({"goal": "examples", "measure": {"before": 1, "after": 1}}, "Żadna reguła nie ma propozycji"),
        ({"tried": 4, "right": 2}, "Żadna nie była lepsza"),
    ],
)
def test_why_nothing_was_changed_is_said(differs: dict[str, object], why: str) -> None:
    with speaking("pl"):
        said = "\n".join(_lines({**FOUND, **differs}))
    assert why in said
    assert ("Wypróbowane propozycje: 4" in said) is ("tried" in differs)
