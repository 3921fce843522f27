"""Rows that somebody changed otherwise than through LuxOS: whoever reads one says which, and never stumbles."""

from collections.abc import Iterator
from contextlib import contextmanager

from luxos.beings.errors import BeingDamaged

UNFIT = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
"""What Python raises where a value of a row is of another kind, or not there."""


@contextmanager
def reading(identity: object) -> Iterator[None]:
    """What a row says is used in the block; `BeingDamaged`, with its UUID, where it is not what LuxOS writes."""
    try:
        yield
    except UNFIT as error:
        raise BeingDamaged(soul=identity) from error
