"""Calls of stored souls by a program: with few and with many beings stored, of calls of calls, and a million of them.

Nothing is recorded, and each call has arguments of its own, so that nothing is remembered. Beside them, in the same
rounds, the fastest bare call of Monty that carries nothing over, as in `hermetic.py`.
"""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.crowd import copy_beings, soul
from benchmarks.database import open_bench_database
from benchmarks.hermetic import CALL_MUST, SMALL, Bare, as_it_comes
from benchmarks.measure import Figure, Machine
from luxos.beings.core import CoreRegistry
from luxos.beings.function import FunctionBeing
from luxos.beings.function_source import signature_of
from luxos.config import Settings
from luxos.runtime.call import Manner
from luxos.runtime.code import Code
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.execution import Unrecorded
from luxos.runtime.hermetic.monty import Monty
from luxos.runtime.scope import Tree
from luxos.souls.registry import summon

FEW, MANY = 1_000, 1_000_000
ROUNDS, CALLS = 40, 25
TIMES, WARM = 1_000_000, 100_000
"""How many calls the memory is watched for, and after how many it is first looked at."""
FLAT, IDLE, COMPUTED = 1.05, 150, 4
OFF = Manner("off")
_MIB = 1 << 20
Way = Callable[[], Awaitable[Any]]


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield from asyncio.run(_measured(machine))
    yield from _idle(machine)


async def _measured(machine: Machine) -> list[Figure]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_bench_database(machine, "calls"))
        runtime = Runtime.of(Settings.from_environment(machine.environment), database, CoreRegistry([]))
        stack.push_async_callback(runtime.close)
        pool = stack.enter_context(Monty(max_processes=1))
        world = await World.made(runtime, pool)
        async with database.pool.acquire() as connection:
            await copy_beings(connection, FEW)
            few = await world.rounds()
            crowd = [soul(number) for number in range(FEW)]
            await connection.execute("DELETE FROM base_beings WHERE soul = ANY($1)", crowd)
            await copy_beings(connection, MANY)
        many = await world.rounds()
        memory = await _watched(world)
    return [_call(few, FEW), _call(many, MANY), _depth(many), memory]


class World:
    """Three souls that call each other, and one of them as Monty alone runs it."""

    def __init__(self, calls: Unrecorded, leaf: FunctionBeing, top: FunctionBeing, bare: Bare) -> None:
        self._calls, self._leaf, self._top, self._bare, self._numbers = calls, leaf, top, bare, count()

    @classmethod
    async def made(cls, runtime: Runtime, pool: Monty) -> "World":
        """Summons them."""
        sources = {
            "leaf": SMALL,
            "middle": "def function(net):\n    return execution('leaf', net) + 1\n",
            "top": "def function(net):\n    return execution('middle', net) + 1\n",
        }
        made = {name: await summon(name=name, source=source, pure=True) for name, source in sources.items()}
        leaf, top = made["leaf"], made["top"]
        assert isinstance(leaf, FunctionBeing)
        assert isinstance(top, FunctionBeing)
        code = Code(leaf.soul_hash, "leaf", SMALL, signature_of(SMALL), "bench")
        return cls(Unrecorded(runtime), leaf, top, Bare(pool, code, [100]))

    async def leaf(self) -> None:
        """One call of one soul, with a number that it was never given."""
        await self._calls.call(self._leaf, [next(self._numbers)], {}, tree=Tree(), manner=OFF)

    async def top(self) -> None:
        """A call of a call of a call."""
        await self._calls.call(self._top, [next(self._numbers)], {}, tree=Tree(), manner=OFF)

    async def rounds(self) -> list[float]:
        """The median seconds of a call, of one at depth 3, and of Monty alone, restored and fed anew."""
        ways = (self.leaf, self.top, as_it_comes(self._bare.restored), as_it_comes(self._bare.fresh))
        took: list[list[float]] = [[] for _ in ways]
        for turn in range(ROUNDS + 1):
            for way, seconds in zip(ways, took, strict=True):
                began = time.perf_counter()
                for _ in range(CALLS):
                    await way()
                if turn:  # the first one warms up
                    seconds.append((time.perf_counter() - began) / CALLS)
        return [statistics.median(seconds) for seconds in took]


def _call(took: list[float], stored: int) -> Figure:
    alone = min(took[2:])
    return Figure(
        f"a soul called by its object, nothing recorded, {stored:,} beings stored",
        f"{took[0] * 1e6:.0f} µs ({took[0] / alone:.2f}×)",
        f"Monty alone {alone * 1e6:.0f} µs",
        f"at most {CALL_MUST}×",
        took[0] <= CALL_MUST * alone,
    )


def _depth(took: list[float]) -> Figure:
    return Figure(
        "a call of a call of a call",
        f"{took[1] * 1e6:.0f} µs ({took[1] / (3 * took[0]):.2f}×)",
        f"three calls {3 * took[0] * 1e6:.0f} µs",
        f"at most {CALL_MUST}×",
        took[1] <= CALL_MUST * 3 * took[0],
    )


async def _watched(world: World) -> Figure:
    sizes = []
    for number in range(1, TIMES + 1):
        await world.leaf()
        if number in (WARM, TIMES):
            sizes.append(_resident(os.getpid()))
    first, last = sizes
    return Figure(
        f"memory after {TIMES:,} calls",
        f"{last} MiB = {last / first:.2f}×",
        f"after {WARM:,} of them {first} MiB",
        f"at most {FLAT}×",
        last <= FLAT * first,
    )


def _idle(machine: Machine) -> list[Figure]:
    """LuxOS in the background with nothing to do, without the database's processes: alone, and for the minute in which
    the processes are still there that have computed something. What processes share is counted once.
    """
    source = machine.home / "double.py"
    source.write_text("def function(n):\n    return n * 2\n", encoding="utf-8")
    machine.run(machine.luxos, "up", "--detach")
    try:
        time.sleep(5)
        told = json.loads(machine.run(machine.luxos, "status", "--json").stdout)
        alone = _proportional([told["pid"]])
        machine.run(machine.luxos, "soul", "add", "double", str(source))
        for number in range(COMPUTED):
            machine.run(machine.luxos, "task", "add", "double", str(number), "--queue", "cpu")
        while _left(machine):
            time.sleep(0.5)
        time.sleep(2)
        family = [told["pid"], *_below(told["pid"])]
        whole = _proportional(family)
    finally:
        machine.run(machine.luxos, "down")
    must = f"under {IDLE} MiB"
    return [
        Figure("memory of `luxos up`, idle", f"{alone} MiB", "-", must, alone < IDLE),
        Figure(
            "memory of `luxos up` and all that it has begun, idle, right after the queue `cpu` was worked",
            f"{whole} MiB",
            f"{len(family)} processes",
            must,
            whole < IDLE,
        ),
    ]


def _left(machine: Machine) -> int:
    queues = json.loads(machine.run(machine.luxos, "queue", "--json").stdout)["queues"]
    return sum(int(one["waiting"] + one["doing"]) for one in queues)


def _below(process: int) -> list[int]:
    """The processes that a process has begun, however indirectly, but for those of the database."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in map(int, (task / "children").read_text(encoding="ascii").split()):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"postgres" not in command and b"guardian" not in command:
                found += [child, *_below(child)]
    return found


def _proportional(processes: Sequence[int]) -> int:
    """Their memory in MiB; what several have in common is divided among them."""
    lines = (line for each in processes for line in Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) >> 10


def _resident(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // _MIB
