"""Analysis of the whole graph beside what can be counted by hand on small ones."""

from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.beings.test_graph import Model

from luxos.beings.analysis import communities, cycles, influence
from luxos.beings.communities import communities as grouped
from luxos.beings.communities import modularity
from luxos.beings.errors import FilterInvalid
from luxos.beings.links import Links
from luxos.persistence.database import Database

places = st.integers(0, 5)
edges = st.lists(st.tuples(places, places, st.sampled_from(["knows", "step"]), st.just(1)), max_size=12)


@given(edges, st.integers(1, 6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_cycles_and_influence_are_those_of_a_plain_model(
    database: Database, edges: list[tuple[int, int, str, int]], longest: int
) -> None:
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            model = await Model(6, edges).write(connection)
            found, complete = await cycles(longest=longest, limit=100_000, connection=connection)
            ways = [_turned(tuple(model.souls.index(soul) for soul in cycle)) for cycle in found]
            assert complete
            assert sorted(ways) == sorted(_cycles(model, longest))
            await _same_influence(model, connection)
        finally:
            await transaction.rollback()


def _turned(cycle: tuple[int, ...]) -> tuple[int, ...]:
    """The same cycle, begun at its least number."""
    least = cycle.index(min(cycle))
    return cycle[least:] + cycle[:least]


def _cycles(model: Model, longest: int) -> set[tuple[int, ...]]:
    steps = model.steps(Links(direction="out"))
    ways = (way for length in range(1, longest + 1) for way in permutations(range(model.count), length))
    return {way for way in ways if way[0] == min(way) and all(step in steps for step in pairwise((*way, way[0])))}


async def _same_influence(model: Model, connection: Any) -> None:
    """The shares are what one more round of walking gives back."""
    found = dict(await influence(limit=100, connection=connection))
    counted = [(source, target) for source, target, tag, _energy in model.edges if tag == "knows"]
    beings = sorted({end for edge in counted for end in edge})
    assert {model.souls[place] for place in beings} == set(found)
    if not beings:
        return
    share = {place: found[model.souls[place]] for place in beings}
    out = {place: sum(source == place for source, _target in counted) for place in beings}
    idle = sum(share[place] for place in beings if not out[place])
    for place in beings:
        led = sum(share[source] / out[source] for source, target in counted if target == place)
        assert share[place] == pytest.approx(0.15 / len(beings) + 0.85 * (led + idle / len(beings)), abs=1e-6)
    assert sum(share.values()) == pytest.approx(1)


async def test_beings_that_belong_together_are_together(database: Database) -> None:
    both = [(a, b) for a in range(4) for b in range(4) if a < b]
    model = await Model(
        9, [*((a, b, "knows", 1) for a, b in both), *((a + 4, b + 4, "knows", 1) for a, b in both), (0, 4, "knows", 1)]
    ).write()
    found = await communities()
    assert {frozenset(group) for group in found} == {frozenset(model.souls[:4]), frozenset(model.souls[4:8])}
    assert found == await communities()


@given(st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.integers(1, 5), max_size=30))
def test_groups_hold_each_place_once_and_no_move_of_two_groups_together_is_better(
    weights: dict[tuple[int, int], int],
) -> None:
    groups = grouped(10, weights)
    assert sorted(place for group in groups for place in group) == list(range(10))
    assert [len(group) for group in groups] == sorted((len(group) for group in groups), reverse=True)
    reached = modularity(10, weights, groups)
    assert reached >= modularity(10, weights, [[place] for place in range(10)]) - 1e-9
    for one in groups:
        for two in groups:
            if one is not two:
                joined = [group for group in groups if group not in (one, two)] + [one + two]
                assert reached >= modularity(10, weights, joined) - 1e-9


def test_modularity_is_that_of_the_definition() -> None:
    weights = {(0, 1): 1, (1, 2): 1, (2, 0): 1, (3, 4): 1, (2, 3): 1}
    assert modularity(5, weights, [[0, 1, 2], [3, 4]]) == pytest.approx(4 / 5 - (7 / 10) ** 2 - (3 / 10) ** 2)
    assert modularity(2, {}, [[0], [1]]) == 0


async def test_directions_and_bounds(database: Database) -> None:
    model = await Model(3, [(0, 2, "knows", 1), (1, 2, "knows", 1), (0, 1, "uses", 1), (1, 0, "uses", 1)]).write()
    assert (await influence(Links(tags=["knows"])))[0][0] == model.souls[2]
    assert (await influence(Links(tags=["knows"], direction="in")))[0][0] != model.souls[2]
    assert await influence(Links(tags=["nothing"])) == []
    assert await communities(Links(tags=["nothing"])) == []
    found, complete = await cycles(limit=1)
    assert ({*found[0]}, complete) == ({*model.souls[:2]}, True)
    assert await cycles(longest=1) == ([], True)
    for refused in (influence(limit=0), cycles(longest=13), cycles(limit=-1)):
        with pytest.raises(FilterInvalid):
            await refused
