"""The graph of beings beside a plain model of it: neighbours, distances, parts, and paths."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings import paths as paths_module
from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingUnknown, FilterInvalid, GraphTooWide
from luxos.beings.graph import among, around, neighbours, reach
from luxos.beings.links import Links
from luxos.beings.paths import Path, shortest_path, simple_paths
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database


@dataclass
class Model:
    """Beings by number, and relationships between them as a list."""

    count: int
    edges: list[tuple[int, int, str, int]]
    souls: list[UUID] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)

    async def write(self, connection: Any = None) -> "Model":
        for number in range(self.count):
            being = BaseBeing(genesis={"type": "note", "name": str(number)})
            await being.save(connection=connection)
            self.souls.append(being.soul)
        for source, target, tag, energy in self.edges:
            made = RelationshipBeing(
                source_soul=self.souls[source], target_soul=self.souls[target], tags=[tag], energy_level=energy
            )
            await made.save(connection=connection)
            self.ids.append(made.id)
        return self

    def steps(self, links: Links) -> set[tuple[int, int]]:
        """The steps that links allow, one at a time."""
        low, high = links.energy or (None, None)
        found = set()
        for source, target, tag, energy in self.edges:
            if (tag == "step" and "step" not in links.tags) or any(wanted != tag for wanted in links.tags):
                continue
            if (low is not None and energy < low) or (high is not None and energy > high):
                continue
            found |= {(source, target)} if links.direction != "in" else set()
            found |= {(target, source)} if links.direction != "out" else set()
        return found

    def distances(self, start: int, links: Links) -> dict[int, int]:
        steps, found, edge = self.steps(links), {start: 0}, [start]
        while edge:
            edge = [two for one, two in sorted(steps) if one in edge and two not in found]
            found |= {place: max(found.values()) + 1 for place in edge}
        return found

    def simple(self, source: int, target: int, links: Links, longest: int) -> set[tuple[int, ...]]:
        """Every simple path, by trying all orders of all beings."""
        steps = self.steps(links)
        return set(self._tried(source, target, steps, longest))

    def _tried(self, source: int, target: int, steps: set[tuple[int, int]], longest: int) -> Iterator[tuple[int, ...]]:
        others = [place for place in range(self.count) if place not in (source, target)]
        for between in range(min(longest, self.count - 1)):
            for middle in permutations(others, between):
                way = (source, *middle, target)
                if all(step in steps for step in pairwise(way)):
                    yield way

    def numbers(self, path: Path) -> tuple[int, ...]:
        return tuple(self.souls.index(soul) for soul in path.beings)


places = st.integers(0, 5)
edges = st.lists(st.tuples(places, places, st.sampled_from(["knows", "uses", "step"]), st.integers(-2, 5)), max_size=14)
chosen = st.builds(
    Links,
    tags=st.sampled_from([(), ("knows",), ("step",), ("knows", "uses")]),
    energy=st.none() | st.tuples(st.none() | st.integers(-2, 3), st.none() | st.integers(0, 5)),
    direction=st.sampled_from(["out", "in", "both"]),
)


@given(edges, chosen, places, places, st.integers(1, 6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_graph_is_that_of_a_plain_model(
    database: Database, edges: list[tuple[int, int, str, int]], links: Links, one: int, two: int, bound: int
) -> None:
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            model = await Model(6, edges).write(connection)
            await _same_distances(model, links, one, bound, connection)
            await _same_paths(model, links, one, two, bound, connection)
        finally:
            await transaction.rollback()


async def _same_distances(model: Model, links: Links, one: int, bound: int, connection: Any) -> None:
    soul, distances = model.souls[one], model.distances(one, links)
    within = {model.souls[place]: far for place, far in distances.items() if far <= bound}
    assert await reach(soul, bound, links, connection=connection) == within
    part = await around(soul, bound, links, connection=connection)
    assert {node.soul: node.depth for node in part.beings} == within
    beside = await neighbours(soul, links, connection=connection)
    ends = {two for first, two in model.steps(links) if first == one}
    assert {node.soul for node in beside.beings} == {soul} | {model.souls[place] for place in ends}
    low, high = links.energy or (None, None)
    allowed = {
        model.ids[number]
        for number, (source, target, tag, energy) in enumerate(model.edges)
        if (source, target) in model.steps(Links(tags=links.tags, energy=links.energy, direction="out"))
        and (tag in links.tags if links.tags else tag != "step")
        and (low is None or energy >= low)
        and (high is None or energy <= high)
        and {model.souls[source], model.souls[target]} <= within.keys()
    }
    assert {edge.id for edge in part.relationships} == allowed


async def _same_paths(model: Model, links: Links, one: int, two: int, bound: int, connection: Any) -> None:
    far = model.distances(one, links).get(two, 99)
    source, target = model.souls[one], model.souls[two]
    shortest = await shortest_path(source, target, links, longest=bound, connection=connection)
    assert (len(shortest.relationships) if shortest else 99) == (far if far <= bound else 99)
    found, complete = await simple_paths(source, target, links, longest=bound, connection=connection)
    ways = [model.numbers(path) for path in found]
    assert complete
    assert len(set(ways)) == len(ways)
    assert set(ways) == (model.simple(one, two, links, bound) if one != two else {(one,)})
    assert [len(way) for way in ways] == sorted(len(way) for way in ways)
    if shortest:
        assert model.numbers(shortest) in ways
    for path in [*found, *([shortest] if shortest else [])]:
        _leads_through(model, path)


def _leads_through(model: Model, path: Path) -> None:
    """Each relationship of a path is between the beings beside it."""
    for (near, far), identity in zip(pairwise(path.beings), path.relationships, strict=True):
        source, target, *_rest = model.edges[model.ids.index(identity)]
        assert {model.souls[source], model.souls[target]} == {near, far}


async def test_neighbours_are_the_strongest_first_and_what_is_cut_off_is_said(database: Database) -> None:
    model = await Model(4, [(0, 1, "knows", 1), (0, 2, "knows", 9), (3, 0, "knows", 5)]).write()
    found = await neighbours(model.souls[0], limit=2)
    assert [edge.energy_level for edge in found.relationships] == [9, 5]
    assert [node.name for node in found.beings] == ["0", "2", "3"]
    assert not found.complete
    assert (await neighbours(model.souls[0])).complete


async def test_the_strongest_of_several_relationships_is_gone_by(database: Database) -> None:
    model = await Model(2, [(0, 1, "knows", 1), (0, 1, "knows", 7), (0, 1, "knows", 3)]).write()
    found = await shortest_path(model.souls[0], model.souls[1])
    assert found is not None
    assert found.relationships == (model.ids[1],)


async def test_what_is_cut_off_at_a_bound_is_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    model = await Model(8, [(0, number, "knows", 1) for number in range(1, 8)]).write()
    part = await around(model.souls[0], 1, limit=3)
    assert (len(part.beings), len(part.relationships), part.complete) == (3, 2, False)
    monkeypatch.setattr("luxos.beings.graph.WALKED", 4)
    assert not (await around(model.souls[0], 2, limit=3)).complete
    with pytest.raises(GraphTooWide):
        await reach(model.souls[0], 2)
    monkeypatch.setattr(paths_module, "_SEEN", 5)
    with pytest.raises(GraphTooWide) as caught:
        await shortest_path(model.souls[0], model.souls[7])
    assert "5" in str(caught.value)
    whole = await Model(5, [(a, b, "knows", 1) for a in range(5) for b in range(5) if a != b]).write()
    monkeypatch.setattr(paths_module, "_SEEN", 300)
    found, complete = await simple_paths(whole.souls[0], whole.souls[1], limit=4)
    assert (len(found), complete) == (4, False)


async def test_beings_that_are_not_there_and_bounds_without_meaning_are_refused(database: Database) -> None:
    model = await Model(1, []).write()
    here, nowhere = model.souls[0], uuid4()
    for refused in (neighbours(nowhere), around(nowhere, 2), shortest_path(here, nowhere), simple_paths(nowhere, here)):
        with pytest.raises(BeingUnknown):
            await refused
    for refused in (
        around(here, 0),
        around(here, 99),
        shortest_path(here, here, longest=13),
        neighbours(here, limit=0),
    ):
        with pytest.raises(FilterInvalid):
            await refused
    with pytest.raises(FilterInvalid):
        Links(direction="sideways")
    with pytest.raises(FilterInvalid):
        Links(tags="knows")
    assert (await among([here])).beings[0].name == "0"
