"""Walking a graph of a million relationships, beside a recursive query written by hand."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from benchmarks.crowd import copy_beings, copy_relationships, soul
from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.communities import communities, modularity
from luxos.beings.graph import reach
from luxos.beings.links import HIDDEN, Links
from luxos.beings.whole import whole

BEINGS, RELATIONSHIPS = 100_000, 1_000_000
_STARTS = 60
_MOST = 1.2
_LONGEST = 60
_SQL = """
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT relationships.target_soul, reach.depth + 1
    FROM reach JOIN relationships ON relationships.source_soul = reach.soul
    WHERE reach.depth < 3 AND NOT tags && $2
)
SELECT soul, min(depth) AS depth FROM reach GROUP BY soul
"""


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield from asyncio.run(_figures(machine))


async def _figures(machine: Machine) -> list[Figure]:
    async with open_bench_database(machine, "graphs") as database, database.pool.acquire() as connection:
        await copy_beings(connection, BEINGS)
        await copy_relationships(connection, BEINGS, RELATIONSHIPS)
        return [_walk(*await _walked(connection)), await _grouped(connection)]


def _walk(ours: float, hand: float, sizes: float) -> Figure:
    measured = f"{ours * 1000:.2f} ms = {ours / hand:.2f}×, {sizes:.0f} beings"
    beside = f"recursive SQL by hand {hand * 1000:.2f} ms"
    what = f"3 steps around, {RELATIONSHIPS:,} relationships"
    return Figure(what, measured, beside, f"{_MOST}×", ours <= _MOST * hand)


async def _grouped(connection: Any) -> Figure:
    """Once: the graph is drawn by lot, so there is little to find, and much to move before that is seen."""
    began = time.perf_counter()
    graph = await whole(connection=connection)
    read = time.perf_counter() - began
    groups = communities(len(graph.souls), graph.edges)
    took = time.perf_counter() - began
    measured = f"{took:.1f} s, {len(groups)} groups, modularity {modularity(len(graph.souls), graph.edges, groups):.3f}"
    what = f"communities, {RELATIONSHIPS:,} relationships"
    return Figure(what, measured, f"reading them {read:.1f} s", f"{_LONGEST} s", took <= _LONGEST)


async def _walked(connection: Any) -> tuple[float, float, float]:
    """Medians over many beings: each is walked around once for warmth, then in turn, first by one, then the other."""
    links, sizes = Links(direction="out"), []
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(_STARTS):
        start = soul(number * 97)
        walks: list[Callable[[], Awaitable[dict[UUID, int]]]] = [
            partial(reach, start, 3, links, connection=connection),
            partial(_by_hand, start, connection),
        ]
        await walks[0]()
        for turn in range(4):
            places = (0, 1) if turn % 2 else (1, 0)
            answers = {}
            for place in places:
                began = time.perf_counter()
                answers[place] = await walks[place]()
                took[place].append(time.perf_counter() - began)
            if answers[0] != answers[1]:
                raise RuntimeError("the walks differ")
        sizes.append(len(answers[0]))
    return statistics.median(took[0]), statistics.median(took[1]), statistics.median(sizes)


async def _by_hand(start: UUID, connection: Any) -> dict[UUID, int]:
    return {row["soul"]: row["depth"] for row in await connection.fetch(_SQL, start, list(HIDDEN))}
