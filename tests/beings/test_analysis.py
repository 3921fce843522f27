"""Analysis of the whole graph beside what can be counted by hand on small ones."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.beings.test_graph import Model

from luxos.beings.analysis import communities, cycles, influence
from luxos.beings.communities import Edges, modularity
from luxos.beings.communities import communities as grouped
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


def edges_of(weights: Mapping[tuple[int, int], float]) -> Edges:
    pairs = np.array([*weights], dtype=np.int64).reshape(-1, 2)
    return Edges(pairs[:, 0], pairs[:, 1], np.array([*weights.values()], dtype=np.float64))


def plain_modularity(count: int, weights: Mapping[tuple[int, int], float], groups: Sequence[Sequence[int]]) -> float:
    """The definition, pair by pair."""
    total = 2 * sum(weights.values())
    if not total:
        return 0.0
    beside = [[0.0] * count for _place in range(count)]
    for (one, two), weight in weights.items():
        beside[one][two] += weight
        beside[two][one] += weight
    degrees = [sum(row) for row in beside]
    return sum(
        (beside[one][two] - degrees[one] * degrees[two] / total) / total
        for group in groups
        for one in group
        for two in group
    )


def partitions(places: list[int]) -> Iterator[list[list[int]]]:
    """All ways to put places into groups."""
    if not places:
        yield []
        return
    first, *rest = places
    for groups in partitions(rest):
        yield [[first], *groups]
        for number, group in enumerate(groups):
            yield [*groups[:number], [first, *group], *groups[number + 1 :]]


some_weights = st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.integers(1, 5), max_size=30)


@given(some_weights)
def test_groups_hold_each_place_once_and_no_move_of_two_groups_together_is_better(
    weights: dict[tuple[int, int], int],
) -> None:
    groups = [group.tolist() for group in grouped(10, edges_of(weights))]
    assert sorted(place for group in groups for place in group) == list(range(10))
    assert groups == sorted(groups, key=lambda group: (-len(group), group[0]))
    reached = modularity(10, edges_of(weights), groups)
    assert reached == pytest.approx(plain_modularity(10, weights, groups), abs=1e-9)
    assert reached >= modularity(10, edges_of(weights), [[place] for place in range(10)]) - 1e-9
    for one in groups:
        for two in groups:
            if one is not two:
                joined = [group for group in groups if group not in (one, two)] + [one + two]
                assert reached >= modularity(10, edges_of(weights), joined) - 1e-9


def test_groups_of_small_graphs_are_nearly_the_best_there_are() -> None:
    """Beside every partition of 7 places: Louvain's method is no search through all, but it comes close."""
    chance, shares = random.Random(5), []  # noqa: S311 - graphs
    every = list(partitions(list(range(7))))
    for _graph in range(40):
        pairs = [(one, two) for one in range(7) for two in range(one) if chance.random() < 0.4]
        if not pairs:
            continue
        weights = {pair: chance.randrange(1, 4) for pair in pairs}
        best = max(plain_modularity(7, weights, groups) for groups in every)
        found = modularity(7, edges_of(weights), grouped(7, edges_of(weights)))
        assert found >= best - 0.1
        shares.append(found >= best - 1e-9)
    assert sum(shares) >= 0.7 * len(shares)


def test_groups_that_were_planted_are_found() -> None:
    chance = np.random.default_rng(6)
    sources = chance.integers(0, 2000, 20_000)
    targets = np.where(chance.random(20_000) < 0.8, sources // 100 * 100 + chance.integers(0, 100, 20_000), sources - 1)
    edges = Edges(sources, targets % 2000, np.ones(20_000))
    groups = [group.tolist() for group in grouped(2000, edges)]
    assert sorted(groups) == [list(range(start, start + 100)) for start in range(0, 2000, 100)]


def test_modularity_is_that_of_the_definition() -> None:
    edges = edges_of({(0, 1): 1, (1, 2): 1, (2, 0): 1, (3, 4): 1, (2, 3): 1})
    assert modularity(5, edges, [[0, 1, 2], [3, 4]]) == pytest.approx(4 / 5 - (7 / 10) ** 2 - (3 / 10) ** 2)
    assert modularity(2, edges_of({}), [[0], [1]]) == 0
    assert grouped(0, edges_of({})) == []


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
