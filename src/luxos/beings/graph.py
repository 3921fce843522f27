"""The graph of beings near one of them: its neighbours, and all within some steps. The walking is PostgreSQL's."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingUnknown, FilterInvalid, GraphTooWide
from luxos.beings.links import HIDDEN, Links
from luxos.beings.record import TOMBSTONE, identified
from luxos.i18n import N_
from luxos.persistence.queries import queries

MOST = 1000
DEEPEST = 20
WALKED = 1_000_000
"""Rows of a walk after which it is cut off."""
_EVERY = Links()


@dataclass(frozen=True)
class Node:
    """A being in a graph; `depth` is how many steps it is away, where that was asked."""

    soul: UUID
    name: str | None
    kind: str | None
    energy_level: int
    deleted: bool
    depth: int | None = None


@dataclass(frozen=True)
class Edge:
    """A relationship in a graph."""

    id: UUID
    source: UUID
    target: UUID
    tags: tuple[str, ...]
    energy_level: int


@dataclass(frozen=True)
class Graph:
    """Beings and the relationships among them; `complete` is whether nothing was cut off at a bound."""

    beings: tuple[Node, ...]
    relationships: tuple[Edge, ...]
    complete: bool = True


async def neighbours(soul: UUID, links: Links = _EVERY, *, limit: int = MOST, connection: Any = None) -> Graph:
    """The being and those that one relationship leads to, the strongest relationships first; `BeingUnknown`."""
    soul = identified(soul)
    check_bound(limit, WALKED)
    async with snapshot(connection) as lent:
        rows = await lent.fetch(*links.statement("graph_neighbours", soul, *links.ways, limit + 1))
        edges = tuple(map(_edge, rows[:limit]))
        depths = {soul: 0} | {end: 1 for edge in edges for end in (edge.source, edge.target) if end != soul}
        return Graph(await nodes(depths, depths, lent), edges, len(rows) <= limit)


async def reach(soul: UUID, depth: int, links: Links = _EVERY, *, connection: Any = None) -> dict[UUID, int]:
    """Every being within `depth` steps, itself included, with its distance; `GraphTooWide` past the bound."""
    found, complete = await _reach(soul, depth, links, WALKED, connection)
    if not complete:
        raise GraphTooWide(soul=soul, most=WALKED)
    return found


async def around(soul: UUID, depth: int, links: Links = _EVERY, *, limit: int = MOST, connection: Any = None) -> Graph:
    """The part of the graph within `depth` steps: its `limit` nearest beings, and the relationships among them."""
    check_bound(limit, WALKED)
    async with snapshot(connection) as lent:
        found, complete = await _reach(soul, depth, links, WALKED, lent)
        near = dict(sorted(found.items(), key=lambda item: (item[1], item[0]))[:limit])
        part = await among(near, links, connection=lent, depths=near)
        return Graph(part.beings, part.relationships, complete and part.complete and len(near) == len(found))


async def ties_not_followed(soul: UUID, links: Links = _EVERY, *, connection: Any = None) -> dict[str, int]:
    """By tag, how many relationships of a being `links` leaves out because LuxOS keeps its own things together so."""
    tags = [tag for tag in HIDDEN if tag not in (*links.tags, TOMBSTONE)]
    async with BaseBeing._borrowed(connection) as lent:
        return {row["tag"]: row["count"] for row in await lent.fetch(queries()["ties_by_tag"], soul, tags)}


async def among(
    souls: Iterable[UUID], links: Links = _EVERY, *, depths: dict[UUID, int] | None = None, connection: Any = None
) -> Graph:
    """These beings, and the relationships among them."""
    chosen = list(map(identified, souls))
    async with snapshot(connection) as lent:
        rows = await lent.fetch(*links.statement("graph_among", chosen, WALKED + 1))
        complete = len(rows) <= WALKED
        return Graph(await nodes(chosen, depths or {}, lent), tuple(map(_edge, rows[:WALKED])), complete)


async def nodes(souls: Iterable[UUID], depths: dict[UUID, int], connection: Any) -> tuple[Node, ...]:
    """What a graph shows of these beings, in their order; `BeingUnknown` for the first that is not there."""
    chosen = list(map(identified, souls))
    found = {row["soul"]: row for row in await connection.fetch(queries()["graph_beings"], chosen)}
    for soul in chosen:
        if soul not in found:
            raise BeingUnknown(soul=soul)
    return tuple(Node(**found[soul], depth=depths.get(soul)) for soul in chosen)


@asynccontextmanager
async def snapshot(connection: Any = None) -> AsyncIterator[Any]:
    """A connection that sees one moment of the tables; where one is given, its transaction decides what is seen."""
    async with BaseBeing._borrowed(connection) as lent:
        if connection is not None:
            yield lent
            return
        async with lent.transaction(isolation="repeatable_read", readonly=True):
            yield lent


def check_bound(value: int, most: int) -> None:
    """Raises `FilterInvalid` where a bound is not a number from 1 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise FilterInvalid(part=str(value), reason=N_("the bound is out of range"))


async def _reach(soul: UUID, depth: int, links: Links, bound: int, connection: Any) -> tuple[dict[UUID, int], bool]:
    soul = identified(soul)
    check_bound(depth, DEEPEST)
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(*links.statement(f"graph_reach_{links.direction}", soul, depth, bound + 1))
    return dict(reversed(rows)), len(rows) <= bound  # the nearer ones come first


def _edge(row: Any) -> Edge:
    return Edge(row["id"], row["source_soul"], row["target_soul"], tuple(row["tags"] or ()), row["energy_level"])
