"""Durable tasks without work, put and carried out, beside procrastinate on the same server.

Both in turn, by rounds. Callers put tasks one by one, each on the disk when the call returns; then one worker carries
them out, 64 at once, and each end is on the disk before its place is free.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import UUID

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from benchmarks.peers import peer
from luxos.beings.task import TaskBeing
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker

ROUNDS, CALLERS, EACH, TIMES = 5, 64, 15, 3
PLACES, WORK, CALM, EVERY, FLOOD = 16, 0.005, 100, 0.02, 6_000
"""Places of a worker, seconds of work of a task, tasks of the owner who is calm, seconds between them, and tasks of the
owner who floods."""


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield asyncio.run(_throughput(machine))
    yield asyncio.run(_flood(machine))


async def _throughput(machine: Machine) -> Figure:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_bench_database(machine, "tasks"))
        theirs = await stack.enter_async_context(peer(machine, database, "procrastinate_peer.py"))
        took: dict[str, list[float]] = {"LuxOS": [], "procrastinate": []}
        for turn in range(ROUNDS + 1):
            for name, ask in (("LuxOS", _ours), ("procrastinate", theirs)):
                seconds = await ask(CALLERS, EACH)
                if turn:  # the first round fills caches
                    took[name].append(seconds)
    rate = {name: CALLERS * EACH / statistics.median(found) for name, found in took.items()}
    times = rate["LuxOS"] / rate["procrastinate"]
    return Figure(
        f"durable tasks without work, put one by one by {CALLERS} callers and carried out",
        f"{rate['LuxOS']:,.0f} a second",
        f"procrastinate {rate['procrastinate']:,.0f} a second: {times:.1f}×",
        f"{TIMES}× procrastinate",
        times >= TIMES,
    )


async def _ours(callers: int, each: int) -> float:
    tasks = Tasks()

    async def caller() -> None:
        for number in range(each):
            await tasks.put("note", number)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _caller in range(callers)))
    await Worker(_note, bound=callers).drain()
    return time.perf_counter() - began


async def _note(_task: TaskBeing) -> None:
    """A task without work."""


async def _flood(machine: Machine) -> Figure:
    """How long the tasks of one owner take, from when they are put to their end, alone and while another one floods."""
    alone: list[float] = []
    beside: list[float] = []
    async with open_bench_database(machine, "flood") as database:
        for turn in range(ROUNDS + 1):
            for found, flood in ((alone, 0), (beside, FLOOD)):
                await Tasks(owner="flood").put_all([TaskBeing.call("note", owner="flood") for _ in range(flood)])
                took = await _calm()
                found.extend(took if turn else [])
                left = await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE attributes @> $1", TODO)
                assert left > 0 or not flood  # it went on to the end
                await database.pool.execute("DELETE FROM base_beings WHERE tags @> '{task}'")
    p99 = {name: statistics.quantiles(found, n=100)[98] for name, found in (("alone", alone), ("beside", beside))}
    times = p99["beside"] / p99["alone"]
    return Figure(
        f"99% of one owner's tasks ({WORK * 1e3:.0f} ms of work) while another floods the queue",
        f"{p99['beside'] * 1e3:.0f} ms = {times:.1f}×",
        f"alone {p99['alone'] * 1e3:.0f} ms",
        "2.0×",
        times <= 2,
    )


TODO = {"status": "todo"}


async def _calm() -> list[float]:
    """The seconds that each task of the calm owner takes."""
    working = asyncio.create_task(Worker(_work, bound=PLACES).run())
    tasks = Tasks(owner="calm")
    await _done([(await tasks.put("note")).soul])  # the worker has begun, which is no part of what a flood does
    souls = []
    for _number in range(CALM):
        souls.append((await tasks.put("note")).soul)
        await asyncio.sleep(EVERY)
    done = await _done(souls)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return [(task.attributes["ended"] - task.attributes["at"]) / 1e6 for task in done]


async def _done(souls: list[UUID]) -> list[TaskBeing]:
    """The tasks, once all of them are done."""
    done: list[TaskBeing] = []
    while len(done) < len(souls):
        done = [task for task in await TaskBeing.load_many(souls) if task.status == "done"]
        await asyncio.sleep(EVERY)
    return done


async def _work(_task: TaskBeing) -> None:
    await asyncio.sleep(WORK)
