"""Recorded steps: one at a time, and by many callers of one function, beside LangGraph and DBOS on the same server.

All are taken in turn, by rounds; the peers in processes of their own. A step has no work in it, so that what is
measured is what it costs to have it on the disk: with us also its link in the audit chain, and its statistics.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from benchmarks.peers import Ask, peer
from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.execution import Execution
from luxos.runtime.resuming import go_on

ROUNDS, EACH, CALLERS, CALLS, RESUMED = 7, 100, 64, 40, 1_000


async def note(_context: Context, number: int) -> int:
    """A step without work."""
    return number


NOTE = CoreFunction(UUID("0f0c7f1e-3f8c-4b53-9c5d-6a5f6de8b0a1"), "bench.note", "NOTE", "none", note)


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield from asyncio.run(_figures(machine))


async def _figures(machine: Machine) -> list[Figure]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_bench_database(machine, "steps"))
        runtime = await stack.enter_async_context(_runtime(machine, database))
        peers = {
            name: await stack.enter_async_context(peer(machine, database, f"{name.lower()}_peer.py"))
            for name in ("LangGraph", "DBOS")
        }
        ours = {"LuxOS": lambda callers, each: _steps(runtime, callers, each)}
        alone, many = await _rounds({**ours, **peers})
        resumed = statistics.median([await _resumed(runtime) for _round in range(ROUNDS)])
    one, rate = alone["LuxOS"], {name: CALLERS * CALLS / seconds for name, seconds in many.items()}
    times = rate["LuxOS"] / rate["DBOS"]
    return [
        _figure("a recorded step, one at a time", one, "LangGraph's checkpointer", alone["LangGraph"], 1 / 2),
        _figure("a recorded step, one at a time", one, "DBOS", alone["DBOS"], 1 / 4),
        Figure(
            f"recorded steps by {CALLERS} callers of one function",
            f"{rate['LuxOS']:,.0f} a second",
            f"DBOS {rate['DBOS']:,.0f} a second: {times:.1f}×",
            "5,000 a second, 5× DBOS",
            rate["LuxOS"] >= 5_000 and times >= 5,
        ),
        Figure(f"resuming a run of {RESUMED:,} steps", f"{resumed * 1e3:.1f} ms", "-", "30 ms", resumed <= 0.03),
    ]


def _figure(what: str, ours: float, beside: str, peer: float, most: float) -> Figure:
    said = f"{ours * 1e3:.2f} ms = {ours / peer:.2f}×"
    return Figure(what, said, f"{beside} {peer * 1e3:.2f} ms", f"{most:.2f}×", ours <= most * peer)


async def _rounds(asked: dict[str, Ask]) -> tuple[dict[str, float], dict[str, float]]:
    """The median seconds of a step alone, and of all steps of many callers."""
    alone: dict[str, list[float]] = {name: [] for name in asked}
    many: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(ROUNDS + 1):
        for name, ask in asked.items():
            single, all_ = await ask(1, EACH) / EACH, await ask(CALLERS, CALLS)
            if turn:  # the first round fills caches
                alone[name].append(single)
                many[name].append(all_)
    return (
        {name: statistics.median(took) for name, took in alone.items()},
        {name: statistics.median(took) for name, took in many.items()},
    )


async def _steps(runtime: Runtime, callers: int, each: int) -> float:
    async with _run(runtime) as execution:

        async def caller() -> None:
            for number in range(each):
                await execution(NOTE.uuid, number)

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _caller in range(callers)))
        return time.perf_counter() - began


async def _resumed(runtime: Runtime) -> float:
    """Taking up a run of which all steps are done, as the process that resumes it does."""
    async with _run(runtime) as execution:
        await asyncio.gather(*(execution(NOTE.uuid, number) for number in range(RESUMED)))
        soul = execution.run.soul
    began = time.perf_counter()
    async with runtime.runs.claimed(soul):
        before = {step.name: step for step in await runtime.runs.steps(soul)}
        again = Execution(runtime, await runtime.runs.find(str(soul)), before, lambda event: None)
        results, failures = await go_on(again, before)
        took = time.perf_counter() - began
    assert (len(results), len(failures)) == (RESUMED, 0)
    return took


@asynccontextmanager
async def _run(runtime: Runtime) -> AsyncIterator[Execution]:
    soul = uuid4()
    async with runtime.runs.claimed(soul):
        run = await runtime.runs.create(soul, "bench", "", Path("/"), runtime.owner, {"permissions": []})
        yield Execution(runtime, run, {}, lambda event: None)


@asynccontextmanager
async def _runtime(machine: Machine, database: Database) -> AsyncIterator[Runtime]:
    registry = CoreRegistry([NOTE])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    settings = Settings.from_environment(machine.environment)
    runtime = Runtime.of(settings, database, registry)
    yield runtime
    await runtime.close()
