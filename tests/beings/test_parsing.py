"""A source is parsed whatever the collector does meanwhile."""

import ast
import gc
import sys
from collections.abc import Callable

import pytest

from luxos.beings.parsing import tree_of

SOURCE = "def function(x):\n    return [x + 1 for x in range(x)]\n" * 500


class Prints:
    """In a ring, so that the collector finds it; its finalizer parses, as one that prints a traceback does."""

    def __init__(self) -> None:
        self.ring = self

    def __del__(self) -> None:
        ast.parse("1 + 1")


def collected_often(parse: Callable[[str], ast.Module]) -> None:
    """The collector comes at twenty different places of the tree: at some of them a finalizer disturbs nothing."""
    before = gc.get_threshold()
    gc.set_threshold(100, 1, 1)
    try:
        for number in range(20):
            for _one in range(30 + number):
                Prints()
            assert len(parse(SOURCE).body) == 500
    finally:
        gc.set_threshold(*before)


def test_a_finalizer_that_parses_does_not_disturb() -> None:
    collected_often(tree_of)
    assert gc.isenabled()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="mended in CPython")
def test_it_would_without_care() -> None:
    """The negative control."""
    with pytest.raises(SystemError, match="recursion depth mismatch"):
        collected_often(ast.parse)
