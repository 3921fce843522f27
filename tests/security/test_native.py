"""Every attempt of `attempts/`: without walls it gets there, behind them it does not.

`make attacks` runs all of it in every place and counts; see `docs/guarantees.md`.
"""

import pytest
from tests.plugins.sampling import WHOLE
from tests.security.control import control
from tests.security.corpus import NATIVE, Attempt, reached
from tests.security.machine import why
from tests.security.places import Place, expected_past, known
from tests.security.stage import Stage, settled

EVERY = 1 if WHOLE else 12
"""`make test` makes each twelfth attempt, `make attacks` all of them."""
SAMPLE = [attempt for number, attempt in enumerate(NATIVE) if number % EVERY == 0]
pytestmark = pytest.mark.slow


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len({attempt.name for attempt in NATIVE}) == len(NATIVE) >= 150
    assert all(attempt.tries for attempt in NATIVE)
    assert set(known()) <= {attempt.name for attempt in NATIVE}


@pytest.mark.parametrize("attempt", SAMPLE, ids=str)
def test_without_walls_it_gets_there(attempt: Attempt, stages: dict[str, Stage]) -> None:
    ends, hopes = {}, {}
    for user, stage in stages.items():
        outcome = control(attempt, stage)
        touched = settled(stage)
        lacking = why(attempt.facts["lacks"], stage.owner) if "lacks" in attempt.facts else None
        hopes[user] = lacking is None and attempt.facts.get("by", "anyone") in ("anyone", user)
        ends[user] = (outcome, touched, lacking)
    assert {user: reached(outcome, touched) for user, (outcome, touched, _) in ends.items()} == hopes, ends


@pytest.mark.parametrize("attempt", SAMPLE, ids=str)
async def test_behind_walls_it_does_not(attempt: Attempt, places: list[Place]) -> None:
    ends = {}
    for place in places:
        for network in place.networks(attempt):
            ends[f"{place} {network}"] = await place.end(attempt, network)
    past = {where.split()[0] for where, end in ends.items() if end.reached}
    told = "\n".join(f"{where}: {end}" for where, end in ends.items())
    assert past == expected_past(attempt.name, places), f"{attempt.tries}\n{told}"
    assert all(end.is_answer for end in ends.values()), f"{attempt.tries}\n{told}"


ENDED_BY_ITS_POOL = {"does_not_end", "counts_without_end", "stops_itself", "prints_without_end"}
"""Bombs that who started the program ends, and no wall; `tests/runtime/hermetic/test_limits.py` has Monty's own."""
ALONE = [attempt for attempt in SAMPLE if attempt.act.__name__ not in ENDED_BY_ITS_POOL]


@pytest.mark.parametrize("attempt", ALONE, ids=str)
async def test_in_the_place_of_montys_program_it_does_not(attempt: Attempt, places: list[Place]) -> None:
    ends = {f"{place.walls.backend}-monty as {place.user}": await place.alone(attempt) for place in places}
    past = {where.split()[0] for where, end in ends.items() if end.reached}
    assert past == known().get(attempt.name, set()) & {"bubblewrap-monty", "sandlock-monty"}, ends
    assert all(end.is_answer for end in ends.values()), ends
