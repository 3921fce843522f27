"""Finding the nearest among 100,000 vectors: making the index, a page beside hand-written SQL, and what it misses."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd import soul
from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.find import ensure_vector_index, page

BEINGS, DIMENSION = 100_000, 384
_TOPICS = 1000
_RARE = 500
"""Every so many beings one is tagged `rare`."""
_ASKED = 40
_FIRST = 10
_MOST = 1.2
_RECALL = 0.95
_COLUMNS = ("soul", "tags", "genesis", "attributes", "memories", "self_awareness", "embedding")
_SQL = """
SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding
FROM base_beings
WHERE vector_dims(embedding) = 384 AND NOT tags && '{tombstone,soul,alias,core}'
ORDER BY embedding::VECTOR(384) <=> $1::TEXT::VECTOR LIMIT 11
"""
Vectors = NDArray[np.float32]


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield from asyncio.run(_figures(machine))


async def _figures(machine: Machine) -> list[Figure]:
    every, asked = _vectors()
    async with open_bench_database(machine, "vectors") as database, database.pool.acquire() as connection:
        await _copy(connection, every)
        began = time.perf_counter()
        await ensure_vector_index(DIMENSION, connection=connection)
        built = time.perf_counter() - began
        what = f"an index of {BEINGS:,} vectors of {DIMENSION} numbers"
        found = [Figure(what, f"{built:.0f} s", "–", "for information", True)]
        found.append(await _beside(connection, asked))
        found.append(await _missed(connection, every, asked, []))
        found.append(await _missed(connection, every, asked, ["rare"]))
        return found


def _vectors() -> tuple[Vectors, Vectors]:
    """Vectors as texts have them: around some topics, nearer to one and farther from another; and some to ask with."""
    chance = np.random.default_rng(8)
    topics = chance.standard_normal((_TOPICS, DIMENSION))
    chosen = topics[chance.integers(0, _TOPICS, BEINGS + _ASKED)]
    every = (chosen + 0.7 * chance.standard_normal(chosen.shape)).astype(np.float32)
    return every[:BEINGS], every[BEINGS:]


async def _copy(connection: Any, every: Vectors) -> None:
    rows: Iterator[tuple[Any, ...]] = (
        (soul(number), ["rare"] if number % _RARE == 0 else [], {"type": "note"}, {}, [], {}, vector.tolist())
        for number, vector in enumerate(every)
    )
    await connection.copy_records_to_table("base_beings", records=rows, columns=_COLUMNS, timeout=600)
    await connection.execute("VACUUM (ANALYZE) base_beings", timeout=600)


async def _beside(connection: Any, asked: Vectors) -> Figure:
    """A page of the nearest, beside the rows of the same SQL, which looks as far as ours does."""

    async def ours(vector: list[float]) -> None:
        await page(near=vector, limit=_FIRST, connection=connection)

    async def hand(vector: list[float]) -> None:
        async with connection.transaction():
            await connection.execute("SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = 100")
            await connection.fetch(_SQL, str(vector))

    times = await _interleaved([ours, hand], asked)
    measured = f"{times[0] * 1000:.2f} ms = {times[0] / times[1]:.2f}×"
    beside = f"hand-written SQL, its rows, {times[1] * 1000:.2f} ms"
    return Figure(f"the {_FIRST} nearest of {BEINGS:,}", measured, beside, f"{_MOST}×", times[0] <= _MOST * times[1])


async def _interleaved(calls: list[Callable[[list[float]], Awaitable[None]]], asked: Vectors) -> list[float]:
    times: list[list[float]] = [[] for _call in calls]
    for number, vector in enumerate([*asked[:5], *asked]):
        for turn in range(len(calls)):
            place = (number + turn) % len(calls)
            began = time.perf_counter()
            await calls[place](vector.tolist())
            if number >= 5:
                times[place].append(time.perf_counter() - began)
    return [statistics.median(each) for each in times]


async def _missed(connection: Any, every: Vectors, asked: Vectors, tags: list[str]) -> Figure:
    """How many of the first ten that there are, and how many of them are the nearest of all that the tags allow."""
    step = _RARE if tags else 1
    allowed = every[::step]
    shares, full = [], True
    for vector in asked:
        near = np.argsort(-(allowed @ vector) / np.linalg.norm(allowed, axis=1))[:_FIRST]
        found = await page(near=vector.tolist(), tags=tags, limit=_FIRST, connection=connection)
        right = {soul(int(number) * step) for number in near}
        shares.append(len(right & {being.soul for being in found.beings}) / _FIRST)
        full = full and len(found.beings) == _FIRST
    among = f", among {len(allowed):,} with a tag" if tags else ""
    measured = f"{statistics.mean(shares):.3f} of them{'' if full else ', pages not full'}"
    what = f"of the {_FIRST} nearest are found{among}"
    return Figure(
        what, measured, "the exact answer", f"≥ {_RECALL}, full pages", full and statistics.mean(shares) >= _RECALL
    )
