"""What `make test` takes a sample of, so that it ends in minutes; `make faults` takes the whole."""

import os
from collections.abc import Sequence
from typing import Any

import pytest

WHOLE = bool(os.environ.get("LUXOS_ALL_FAULTS"))
_left_out = pytest.mark.skip(reason="left to `make faults`")


def sampled(cases: Sequence[Any], *taken: int) -> list[Any]:
    """The cases of a parametrized test, of which the sample has those at the places that are `taken`.

    A case of several parameters is a tuple.
    """
    if WHOLE:
        return list(cases)
    return [case if place in taken else _left_to_faults(case) for place, case in enumerate(cases)]


def _left_to_faults(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=_left_out)


def examples(taken: int, whole: int = 500) -> int:
    """How many examples hypothesis tries."""
    return whole if WHOLE else taken
