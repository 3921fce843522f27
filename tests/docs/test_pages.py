"""What the documentation tells a reader to do works, in the order in which it is told, and prints what it says."""

from pathlib import Path

import pytest
from tests.plugins.command import Command
from tests.plugins.pages import Typed, commands, follow

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
@pytest.mark.parametrize(("page", "language"), [("tutorial.md", "en"), ("samouczek.md", "pl")])
def test_the_tutorial_works_as_it_is_told(luxos: Command, page: str, language: str) -> None:
    reader = Command(luxos.home, {"LUXOS_LANG": language, "LUXOS_DATABASE_LINGER": "5", "COLUMNS": "100"})
    assert follow(DOCS / page, reader) > 10


@pytest.mark.slow
@pytest.mark.parametrize(("page", "language"), [("moving.md", "en"), ("przenoszenie.md", "pl")])
def test_a_call_moves_to_another_process_as_it_is_told(luxos: Command, page: str, language: str) -> None:
    reader = Command(luxos.home, {"LUXOS_LANG": language, "LUXOS_DATABASE_LINGER": "5"})
    assert follow(DOCS / page, reader) == 3


def test_what_a_page_says_is_compared() -> None:
    """The negative control: other words are noticed, and `…` stands for anything."""
    (typed,) = commands("$ luxos x \\\n    y\none … three\nfour\n")
    assert (typed.line, typed.printed) == ("luxos x     y", "one … three\nfour\n")
    assert typed.fits("one two three\n  four\n\n")
    assert not typed.fits("one two three\nfive\n")
    assert not Typed("x", "").fits("something")
