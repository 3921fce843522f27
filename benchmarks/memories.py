"""What one more memory costs a being that has a million, one that has ten, and beside one bare INSERT."""

import asyncio
import hashlib
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.being import BaseBeing
from luxos.beings.memories import CHAPTER, VOLUME, WINDOW, append, history, settle
from luxos.persistence.database import Database

MANY, FEW = 1_000_000, 10
ROUNDS, APPENDS = 24, 64
"""A round appends as many as bring four moves to chapters; over all rounds, volumes are bound too."""
INSERT = (
    "INSERT INTO base_beings (soul, tags, energy_level, genesis, attributes, memories, self_awareness)"
    " VALUES ($1, '{}', 0, $2, '{}', $3, '{}')"
)
Times = tuple[list[float], list[float], list[float]]
"""Seconds of one append at a million, one at ten, and one bare INSERT, round by round."""


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    durable, careless, size = asyncio.run(_measure(machine))
    yield from _figures(durable, "")
    yield from _figures(careless, ", not waiting for the disk")
    what = f"the memories of a row with {WINDOW} of them"
    yield Figure(what, f"{size} bytes", "PostgreSQL compresses rows of 2,000", "2,000", size < 2000)


def _figures(times: Times, how: str) -> Iterator[Figure]:
    many, few, bare = times
    across = statistics.median(one / other for one, other in zip(many, few, strict=True))
    beside = statistics.median(one / other for one, other in zip(many, bare, strict=True))
    took = f"{_ms(many)} ms each, moves to chapters included"
    what = f"a memory appended at {MANY:,}{how}"
    yield Figure(what, f"{took} = {across:.2f}×", f"at {FEW}: {_ms(few)} ms", "1.2×", across <= 1.2)
    yield Figure(what, f"{took} = {beside:.2f}×", f"one bare INSERT {_ms(bare)} ms", "2×", beside <= 2)


async def _measure(machine: Machine) -> tuple[Times, Times, int]:
    async with open_bench_database(machine, "memories") as database:
        await _check_shape(database)
        old = await _built(database, MANY)
        await database.pool.execute("VACUUM (ANALYZE) base_beings")
        await database.pool.execute("VACUUM (ANALYZE) relationships")
        size = await _size(database, await _built(database, WINDOW))
        durable = await _rounds(database, old)
        await database.pool.execute("ALTER SYSTEM SET synchronous_commit = off")
        await database.pool.execute("SELECT pg_reload_conf()")
        careless = await _rounds(database, old)
        await _check_history(old)
    return durable, careless, size


async def _rounds(database: Database, old: UUID) -> Times:
    times: Times = ([], [], [])
    for number in range(ROUNDS + 1):
        young = await _built(database, FEW)
        took = [await _timed(work) for work in (_appending(old), _appending(young), _inserting(database))]
        if number:  # the first warms the connections
            for kept, seconds in zip(times, took, strict=True):
                kept.append(seconds / APPENDS)
    return times


def _appending(soul: UUID) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        for number in range(APPENDS):
            await append(soul, {"kind": "called", "run": "c0ffee00", "step": f"step{number}", "seconds": 0.25})

    return work


def _inserting(database: Database) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        for number in range(APPENDS):
            entry = {"at": datetime.now(UTC).isoformat(), "kind": "called", "run": "c0ffee00", "step": f"step{number}"}
            async with database.pool.acquire() as connection:
                await connection.execute(INSERT, uuid4(), {"type": "note", "owner": "bench"}, [entry])

    return work


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _ms(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.2f}"


async def _size(database: Database, soul: UUID) -> int:
    found: int = await database.pool.fetchval("SELECT pg_column_size(memories) FROM base_beings WHERE soul = $1", soul)
    return found


def _memory(number: int) -> dict[str, Any]:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return {"at": at.isoformat(timespec="microseconds"), "kind": "counted", "n": number}


async def _built(database: Database, count: int) -> UUID:
    """A being with so many memories, by COPY, in the rows in which appending leaves them."""
    soul, genesis = uuid4(), {"type": "note", "owner": "bench"}
    moved = max(-(-(count - WINDOW) // CHAPTER), 0) * CHAPTER
    volumes = [(first, VOLUME) for first in range(0, moved - VOLUME + 1, VOLUME)]
    spans = volumes + [(first, CHAPTER) for first in range(len(volumes) * VOLUME, moved, CHAPTER)]
    window = [_memory(number) for number in range(moved, count)]
    if moved:
        window = [{"kind": "earlier", "at": _memory(moved - 1)["at"], "count": moved}, *window]
    async with database.pool.acquire() as connection, connection.transaction():
        rows: list[tuple[Any, ...]] = [(soul, [], 0, genesis, {}, window, {})]
        columns = ["soul", "tags", "energy_level", "genesis", "attributes", "memories", "self_awareness"]
        await connection.copy_records_to_table("base_beings", records=rows, columns=columns)
        await connection.copy_records_to_table(
            "base_beings", records=(_chapter(soul, *span) for span in spans), columns=columns, timeout=3600
        )
        columns = ["id", "tags", "energy_level", "source_soul", "target_soul", "genesis", "attributes"]
        await connection.copy_records_to_table(
            "relationships", records=(_tie(soul, *span) for span in spans), columns=columns, timeout=3600
        )
    return soul


def _chapter(soul: UUID, first: int, count: int) -> tuple[Any, ...]:
    memories = [_memory(number) for number in range(first, first + count)]
    return _named(soul, first, count), ["memory"], 0, {"type": "memory", "owner": "bench"}, {}, memories, {}


def _tie(soul: UUID, first: int, count: int) -> tuple[Any, ...]:
    chapter = _named(soul, first, count)
    times = {"from": _memory(first)["at"], "to": _memory(first + count - 1)["at"]}
    genesis, attributes = {"type": "memory", "owner": "bench"}, {"first": first, "count": count, **times}
    return chapter, ["memory"], 0, soul, chapter, genesis, attributes


def _named(soul: UUID, first: int, count: int) -> UUID:
    return UUID(hashlib.md5(f"{soul} memories {first}+{count}".encode(), usedforsecurity=False).hexdigest())


async def _check_shape(database: Database) -> None:
    """What `_built` writes is, but for its names, what appending one by one leaves."""
    count = 2 * VOLUME + WINDOW + 5 * CHAPTER + 3
    built = await _built(database, count)
    being = BaseBeing(genesis={"type": "note", "owner": "bench"})
    await being.save()
    for number in range(count):
        await append(being.soul, _memory(number))
    await settle(being.soul)
    if await _rows(database, built) != await _rows(database, being.soul):
        raise RuntimeError("the million would not be built as appending builds it")


async def _rows(database: Database, soul: UUID) -> list[Any]:
    async with database.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT tie.tags, tie.genesis, tie.attributes, chapter.tags AS own_tags, chapter.genesis AS own_genesis,"
            " chapter.attributes AS own_attributes, chapter.memories, tie.id = chapter.soul AS same"
            " FROM relationships AS tie JOIN base_beings AS chapter ON chapter.soul = tie.target_soul"
            " WHERE tie.source_soul = $1 ORDER BY (tie.attributes ->> 'first')::BIGINT",
            soul,
        )
        window = await connection.fetchval("SELECT memories FROM base_beings WHERE soul = $1", soul)
    return [window, *(tuple(row) for row in rows)]


async def _check_history(soul: UUID) -> None:
    """Everything is there, in order, after all."""
    count = 0
    async for entry in history(soul):
        if count < MANY and entry["n"] != count:
            raise RuntimeError(f"memory {count} is {entry}")
        count += 1
    if count != MANY + 2 * (ROUNDS + 1) * APPENDS:
        raise RuntimeError(f"{count} memories were read")
