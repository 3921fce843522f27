"""The pause before the next attempt grows, is by chance, and is bounded."""

import random

from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime.tasks.backoff import Backoff


@given(st.integers(1, 10_000), st.integers(0, 1000))
def test_a_pause_is_within_its_bounds(attempt: int, seed: int) -> None:
    backoff = Backoff(first=0.5, most=60.0, chance=random.Random(seed))  # noqa: S311 - no secret
    assert 0.0 <= backoff.wait(attempt) <= backoff.longest(attempt) <= 60.0


def test_the_longest_pause_doubles_until_it_is_long_enough() -> None:
    assert [Backoff(1.0, 10.0).longest(attempt) for attempt in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def test_pauses_fill_the_whole_range() -> None:
    backoff = Backoff(first=1.0, most=10.0, chance=random.Random(1))  # noqa: S311 - no secret
    waits = [backoff.wait(4) for _ in range(1000)]
    assert min(waits) < 0.5
    assert max(waits) > 7.5
