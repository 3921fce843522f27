"""Messages between two processes, beside a bare NOTIFY that goes there and back between the same two.

As a program, `python -m benchmarks.messages HOST DATABASE ROLE THERE BACK`, it is the other process: it answers both.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.persistence.address import Address
from luxos.persistence.database import Database
from luxos.persistence.pool import Pool

TIMES = 300
WARM = 30
SETTLED = 0.01
"""Seconds after which whoever is to wait does so, for a message and for a notice."""
LIMIT = 2.0
SAY = "SELECT pg_notify($1, '')"


def figures(machine: Machine) -> Iterator[Figure]:
    """Sending to receiving, and there and back, beside a NOTIFY there and back."""
    there, both, bare = asyncio.run(_measured(machine))
    beside = f"NOTIFY there and back {bare:.2f} ms"
    yield _figure("message from send to receive, p50", there, bare, beside)
    yield _figure("message there and an answer back, each read for good, p50", both, bare, beside, binding=False)


def _figure(what: str, measured: float, bare: float, beside: str, binding: bool = True) -> Figure:
    ratio = measured / bare
    must = f"≤ {LIMIT} times" if binding else "for information"
    return Figure(what, f"{measured:.2f} ms ({ratio:.2f} times)", beside, must, ratio <= LIMIT or not binding)


async def _measured(machine: Machine) -> tuple[float, float, float]:
    """Medians in milliseconds, taken in turns: a message, a message and its answer, a NOTIFY there and back."""
    async with open_bench_database(machine, "messages") as database:
        here, far = BaseBeing(genesis={"type": "bench"}), BaseBeing(genesis={"type": "bench"})
        await here.save()
        await far.save()
        there, back = await Channel.between(here.soul, far.soul), await Channel.between(far.soul, here.soul)
        async with _other(database, there, back), _bare(database) as (connection, heard):
            ways: list[float] = []
            rounds: list[float] = []
            notices: list[float] = []
            for _time in range(WARM + TIMES):
                way, whole = await _message(there, back)
                ways.append(way)
                rounds.append(whole)
                notices.append(await _notice(connection, heard))
    return tuple(statistics.median(times[WARM:]) * 1e3 for times in (ways, rounds, notices))  # type: ignore[return-value]


async def _message(there: Channel, back: Channel) -> tuple[float, float]:
    """Seconds for the way there, and there and back; both readers wait already when it is sent."""
    answered = asyncio.create_task(_answered(back))
    await asyncio.sleep(SETTLED)
    began = time.monotonic()
    await there.send(None)
    here, ended = await answered
    return here - began, ended - began


async def _answered(back: Channel) -> tuple[float, float]:
    async with back.receive(30) as answer:
        return answer.body, time.monotonic()


async def _notice(connection: "asyncpg.Connection[asyncpg.Record]", heard: asyncio.Event) -> float:
    heard.clear()
    await asyncio.sleep(SETTLED)
    began = time.monotonic()
    await connection.execute(SAY, "bench_there")
    await heard.wait()
    return time.monotonic() - began


@asynccontextmanager
async def _bare(database: Database) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", asyncio.Event]]:
    """A connection that hears the answers."""
    connection, heard = await asyncpg.connect(**database.address.arguments()), asyncio.Event()
    await connection.add_listener("bench_back", lambda *_what: heard.set())
    try:
        yield connection, heard
    finally:
        await connection.close()


@asynccontextmanager
async def _other(database: Database, there: Channel, back: Channel) -> AsyncIterator[None]:
    address = database.address
    arguments = ("-m", "benchmarks.messages", address.host, address.database, address.role, str(there.id), str(back.id))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def _answer(address: Address, there: UUID, back: UUID) -> None:
    async with Pool(address, None) as pool:
        BaseBeing.db_pool = pool
        async with asyncio.TaskGroup() as both:
            both.create_task(_answer_messages(await Channel.load(there), await Channel.load(back)))
            both.create_task(_answer_notices(address))


async def _answer_messages(there: Channel, back: Channel) -> None:
    """Says when a message was here, in the transaction that reads it."""
    async for message in there.messages():
        await back.send(time.monotonic(), connection=message.connection)


async def _answer_notices(address: Address) -> None:
    connection, heard = await asyncpg.connect(**address.arguments()), asyncio.Event()
    await connection.add_listener("bench_there", lambda *_what: heard.set())
    print("ready", flush=True)
    while await heard.wait():
        heard.clear()
        await connection.execute(SAY, "bench_back")


if __name__ == "__main__":
    asyncio.run(_answer(Address(*sys.argv[1:4]), UUID(sys.argv[4]), UUID(sys.argv[5])))
