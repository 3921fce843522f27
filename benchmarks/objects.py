"""What an object costs beside the bare statement on the same table with the same codec, and beside SQLAlchemy's ORM.

All are taken in turn, by rounds of as many operations; SQLAlchemy in a process of its own. Medians.
"""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from benchmarks.peers import python_with_peers
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.persistence.database import Database
from luxos.persistence.pool import prepare

ROUNDS, PER_ROUND, BULK, BULK_ROUNDS = 12, 60, 100_000, 3
COLUMNS = (
    *("soul", "tags", "energy_level", "genesis", "attributes"),
    *("memories", "self_awareness", "created_at", "embedding"),
)
LOAD = f"SELECT {', '.join(COLUMNS)} FROM base_beings WHERE soul = $1"  # noqa: S608 - names of ours
SAVE = (
    "UPDATE base_beings SET attributes = attributes || $2 "
    "WHERE soul = $1 AND (attributes -> 'n')::TEXT IS NOT DISTINCT FROM $3 RETURNING soul"
)
Operation = Callable[[int], Awaitable[Any]]
Peer = Callable[[str, Sequence[UUID]], Awaitable[list[float]]]
PEER = "SQLAlchemy 2"
UNSYNCED = " without the disk"


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    took = asyncio.run(_objects(machine))
    for what in ("load", "save", f"save{UNSYNCED}"):
        for how in ("a connection at hand", "from the pool"):
            ours, bare = took[f"{what} {how}"], took[f"{what} bare {how}"]
            yield _figure(f"{what} of a being, {how}", ours, bare, "the bare statement", 1.3)
        ours, peer = took[f"{what} from the pool"], took[f"{what} {PEER}"]
        said = f"{ours * 1e6:.0f} µs, {peer / ours:.1f}× as fast"
        yield Figure(f"{what} of a being", said, f"{PEER} {peer * 1e6:.0f} µs", "3× as fast", peer >= 3 * ours)
    many, copied = asyncio.run(_bulk(machine))
    yield _figure(f"save_all of {BULK:,}", many, copied, "COPY into the same indexed table", 1.2)


def _figure(what: str, ours: float, bare: float, beside: str, most: float) -> Figure:
    said = f"{_time(ours)} = {ours / bare:.2f}×"
    return Figure(what, said, f"{beside} {_time(bare)}", f"{most}×", ours <= most * bare)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds > 1 else f"{seconds * 1e6:.0f} µs"


def _being(number: int) -> BaseBeing:
    return BaseBeing(
        tags=["money", f"tag{number % 100}"],
        energy_level=number % 1000,
        genesis={
            "type": "function",
            "name": f"vat{number}",
            "source": "def function(net, rate=23):\n    return net * (100 + rate) / 100\n",
        },
        attributes={"n": 0, "city": "Łódź", "rate": number % 23, "ratio": 1.5, "list": [1, 2, 3]},
        self_awareness={"calls": number, "trust": 0.5},
    )


async def _objects(machine: Machine) -> dict[str, float]:
    """The median seconds of each operation."""
    async with open_bench_database(machine) as database, _bare(database) as (connection, pool):
        beings = [_being(number) for number in range(5 * PER_ROUND)]
        await save_all(beings)
        souls = [being.soul for being in beings]
        operations = await _operations([souls[part::5] for part in range(5)], connection, pool)
        every: dict[str, list[float]] = {}
        async with _peer(machine, database) as peer:
            await _rounds(operations, peer, souls[4::5], "", every)
            # What the disk takes is the same for all, and more than everything else: once without waiting for it.
            await connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            await connection.execute("SELECT pg_reload_conf()")
            await _rounds(operations, peer, souls[4::5], UNSYNCED, every)
    return {name: statistics.median(took[PER_ROUND:]) for name, took in every.items()}  # the first round fills caches


async def _rounds(
    operations: Mapping[str, Operation], peer: Peer, peers: Sequence[UUID], mark: str, every: dict[str, list[float]]
) -> None:
    """Adds the seconds of each operation, and of the peer's, under its name with the mark behind the first word."""
    named = list(operations.items())
    for turn in range(ROUNDS):
        first = turn % len(named)  # whoever writes after another one waits for more of the disk
        for name, operation in (*named[first:], *named[:first]):
            for number in range(PER_ROUND):
                began = time.perf_counter()
                await operation(number)
                took = time.perf_counter() - began
                every.setdefault(f"{name[:4]}{mark}{name[4:]}", []).append(took)
        for what in ("load", "save"):
            every.setdefault(f"{what}{mark} {PEER}", []).extend(await peer(what, peers))


async def _operations(souls: Sequence[Sequence[UUID]], connection: Any, pool: Any) -> dict[str, Operation]:
    """What is measured in turn, on the number of a being; each that saves has beings of its own."""
    hand, pooled = "a connection at hand", "from the pool"
    return {
        f"load bare {hand}": lambda number: connection.fetchrow(LOAD, souls[0][number]),
        f"load {hand}": lambda number: BaseBeing.load(souls[0][number], connection=connection),
        f"load bare {pooled}": lambda number: pool.fetchrow(LOAD, souls[0][number]),
        f"load {pooled}": lambda number: BaseBeing.load(souls[0][number]),
        f"save bare {hand}": _bare_saves(souls[0], connection),
        f"save {hand}": _our_saves(await BaseBeing.load_many(souls[1]), connection),
        f"save bare {pooled}": _bare_saves(souls[2], pool),
        f"save {pooled}": _our_saves(await BaseBeing.load_many(souls[3]), None),
    }


def _our_saves(beings: Sequence[BaseBeing], connection: Any) -> Operation:
    async def save(number: int) -> None:
        beings[number].attributes["n"] += 1
        await beings[number].save(connection=connection)

    return save


def _bare_saves(souls: Sequence[UUID], connection: Any) -> Operation:
    known = dict.fromkeys(souls, 0)

    async def save(number: int) -> None:
        soul = souls[number]
        written = await connection.fetchrow(SAVE, soul, {"n": known[soul] + 1}, str(known[soul]))
        assert written is not None
        known[soul] += 1

    return save


@asynccontextmanager
async def _bare(database: Database) -> AsyncIterator[tuple[Any, Any]]:
    """A connection and a pool of the driver's own, with our codecs."""
    arguments = {**database.address.arguments(), "server_settings": {"jit": "off"}}
    connection = await asyncpg.connect(**arguments)
    await prepare(connection)
    async with asyncpg.create_pool(**arguments, min_size=1, init=prepare) as pool:
        yield connection, pool
    await connection.close()


@asynccontextmanager
async def _peer(machine: Machine, database: Database) -> AsyncIterator[Peer]:
    """Asks the other process how long it takes."""
    process = await asyncio.create_subprocess_exec(
        python_with_peers(machine),
        str(Path(__file__).with_name("sqlalchemy_peer.py")),
        json.dumps({**database.address.arguments(), "server_settings": {"jit": "off"}}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    ask, answers = process.stdin, process.stdout

    async def seconds(what: str, souls: Sequence[UUID]) -> list[float]:
        ask.write(json.dumps({"do": what, "souls": [str(soul) for soul in souls]}).encode() + b"\n")
        found: list[float] = json.loads(await answers.readline())
        return found

    yield seconds
    ask.close()
    await process.wait()


async def _bulk(machine: Machine) -> tuple[float, float]:
    """The median seconds of save_all, and of COPY with the same rows, each into the same empty table."""
    ours, bare = [], []
    async with open_bench_database(machine, "bulk") as database:
        for _round in range(BULK_ROUNDS):
            bare.append(await _emptied(database, _copied))
            ours.append(await _emptied(database, _saved))
    return statistics.median(ours), statistics.median(bare)


async def _emptied(database: Database, write: Callable[[Database], Awaitable[float]]) -> float:
    await database.pool.execute("TRUNCATE base_beings CASCADE")
    await database.pool.execute("CHECKPOINT")
    return await write(database)


async def _saved(_database: Database) -> float:
    beings = [_being(number) for number in range(BULK)]
    began = time.perf_counter()
    await save_all(beings)
    return time.perf_counter() - began


async def _copied(database: Database) -> float:
    now = datetime.now(UTC).replace(tzinfo=None)
    rows: list[tuple[Any, ...]] = [
        (
            *(being.soul, being.tags, being.energy_level, {**being.genesis, "owner": "root"}, being.attributes),
            *([], being.self_awareness, now, None),
        )
        for being in map(_being, range(BULK))
    ]
    began = time.perf_counter()
    async with database.pool.acquire() as connection:
        await connection.copy_records_to_table("base_beings", records=rows, columns=COLUMNS)
    return time.perf_counter() - began
