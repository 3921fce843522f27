"""The graph of beings, walked and looked at as a whole. Every answer holds the part of the graph that it is about."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from luxos.beings.filter_text import parse_energy
from luxos.beings.graph import Graph, among, around, neighbours, snapshot, ties_not_followed
from luxos.beings.links import Links
from luxos.beings.paths import Path, shortest_path, simple_paths
from luxos.boot import System
from luxos.ui.methods.naming import soul_of
from luxos.ui.methods.person import Person

_SHOWN = 200
"""Beings of an analysis that its answer shows in a graph."""


async def graph_neighbours(
    system: System, person: Person, who: str, links: dict[str, Any], limit: int
) -> dict[str, Any]:
    """A being and those that one relationship leads to; `not_followed` counts its other ones by tag."""
    await system.runtime()
    soul, followed = await soul_of(who), _links(links)
    return {
        **_part(await neighbours(soul, followed, limit=limit)),
        "not_followed": await ties_not_followed(soul, followed),
    }


async def graph_around(
    system: System, person: Person, who: str, links: dict[str, Any], depth: int, limit: int
) -> dict[str, Any]:
    """The part of the graph within some steps of a being; `not_followed` as in `graph_neighbours`."""
    await system.runtime()
    soul, followed = await soul_of(who), _links(links)
    return {
        **_part(await around(soul, depth, followed, limit=limit)),
        "not_followed": await ties_not_followed(soul, followed),
    }


async def graph_path(
    system: System, person: Person, who: str, to: str, links: dict[str, Any], longest: int
) -> dict[str, Any]:
    """A shortest path between two beings, if there is one."""
    await system.runtime()
    async with snapshot() as lent:
        ends = await soul_of(who), await soul_of(to)
        found = await shortest_path(*ends, _links(links), longest=longest, connection=lent)
        return await _paths([found] if found else [], ends, True, lent)


async def graph_paths(
    system: System, person: Person, who: str, to: str, links: dict[str, Any], longest: int, limit: int
) -> dict[str, Any]:
    """The paths between two beings that go through no being twice."""
    await system.runtime()
    async with snapshot() as lent:
        ends = await soul_of(who), await soul_of(to)
        found, complete = await simple_paths(*ends, _links(links), longest=longest, limit=limit, connection=lent)
        return await _paths(found, ends, complete, lent)


async def graph_influence(system: System, person: Person, links: dict[str, Any], limit: int) -> dict[str, Any]:
    """The most influential beings, by PageRank."""
    from luxos.beings.analysis import influence

    await system.runtime()
    found = await influence(_links(links), limit=limit)
    part = await _shown([soul for soul, _share in found], links)
    return {**part, "influence": [{"soul": str(soul), "share": share} for soul, share in found]}


async def graph_communities(system: System, person: Person, links: dict[str, Any], limit: int) -> dict[str, Any]:
    """The largest groups of beings that belong together."""
    from luxos.beings.analysis import communities

    await system.runtime()
    groups = await communities(_links(links))
    each = max(1, _SHOWN // max(1, min(limit, len(groups))))
    shown = [soul for group in groups[:limit] for soul in group[:each]]
    part = await _shown(shown, links)
    said = [{"size": len(group), "beings": list(map(str, group))} for group in groups[:limit]]
    return {**part, "communities": said, "count": len(groups)}


async def graph_cycles(
    system: System, person: Person, links: dict[str, Any], longest: int, limit: int
) -> dict[str, Any]:
    """Ways that lead from a being back to it."""
    from luxos.beings.analysis import cycles

    await system.runtime()
    found, complete = await cycles(_links(links), longest=longest, limit=limit)
    part = await _shown([soul for cycle in found for soul in cycle], links)
    return {**part, "cycles": [list(map(str, cycle)) for cycle in found], "complete": complete}


def _links(said: dict[str, Any]) -> Links:
    energy = parse_energy(said["energy"]) if said.get("energy") else None
    return Links(tags=said.get("tags", ()), energy=energy, direction=said.get("direction", "both"))


async def _shown(souls: Iterable[UUID], links: dict[str, Any]) -> dict[str, Any]:
    """The first of these beings, and the relationships among them."""
    return _part(await among(list(dict.fromkeys(souls))[:_SHOWN], _links(links)))


async def _paths(paths: Sequence[Path], ends: tuple[UUID, UUID], complete: bool, connection: Any) -> dict[str, Any]:
    souls = dict.fromkeys([*ends, *(soul for path in paths for soul in path.beings)])
    part = _part(await among(souls, connection=connection))
    said = [
        {"beings": list(map(str, path.beings)), "relationships": list(map(str, path.relationships))} for path in paths
    ]
    return {**part, "paths": said, "complete": complete}


def _part(graph: Graph) -> dict[str, Any]:
    beings = [
        {
            "soul": str(node.soul),
            "name": node.name,
            "kind": node.kind,
            "energy_level": node.energy_level,
            "deleted": node.deleted,
            **({} if node.depth is None else {"depth": node.depth}),
        }
        for node in graph.beings
    ]
    relationships = [
        {
            "id": str(edge.id),
            "source": str(edge.source),
            "target": str(edge.target),
            "tags": list(edge.tags),
            "energy_level": edge.energy_level,
        }
        for edge in graph.relationships
    ]
    return {"beings": beings, "relationships": relationships, "complete": graph.complete}
