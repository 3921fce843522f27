"""Durable tasks without work, put and carried out, beside procrastinate on the same server.

Both in turn, by rounds. Callers put tasks one by one, each on the disk when the call returns; then one worker carries
them out, 64 at once, and each end is on the disk before its place is free.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from benchmarks.peers import peer
from luxos.beings.task import TaskBeing
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker

ROUNDS, CALLERS, EACH, TIMES = 5, 64, 15, 3


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield asyncio.run(_figure(machine))


async def _figure(machine: Machine) -> Figure:
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
