"""A program that calls methods of one instance, and is killed meanwhile; and what looks at what it left.

`methods_user.py call` prints a line with the count for each call that it was told of; `draw` calls a method that waits,
and keeps what it drew by lot before; `make` has code make instances; `check` prints how instances and steps are as they
were left, goes on with all runs, and prints it again. `LUXOS_CONTROL` has it do one thing wrongly.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import luxos
from luxos.agent.reasoning import Defaults
from luxos.beings.find import find
from luxos.beings.instance import InstanceBeing
from luxos.boot import System, system
from luxos.config import Settings
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.runs import Run, chain_is_whole
from luxos.runtime.steps import Step
from luxos.session import Lux

SOURCE = """
import random

class Being:
    def add(self, by):
        self.count += by
        self.log = [*self.log, self.count]
        return self.count

    def add_leaf(self, number):
        return self.add(execution("leaf", number))

    def draw(self, parts):
        drawn = random.random()
        self.drawn = [*self.drawn, drawn]
        for _ in range(parts):
            execution("slow", drawn)
        return self.add(1)
"""
SLOW = """
import time

def function(n):
    time.sleep(0.02)
    return n
"""
MAKER = """
def function(n):
    return [execution("being.make", "tally", attributes={"count": part})["soul"] for part in range(n)]
"""
FIELDS = {
    "count": {"py_type": "int", "default": 0},
    "log": {"py_type": "list[int]", "default": []},
    "drawn": {"py_type": "list[float]", "default": []},
}
CALLS, DRAWS, PARTS = 6, 3, 4


@asynccontextmanager
async def visits() -> AsyncIterator[tuple[Lux, InstanceBeing]]:
    async with luxos.open() as lux:
        await lux.summon(name="leaf", source="def function(n):\n    return n + 1\n")
        await lux.summon(name="slow", source=SLOW)
        await lux.summon(name="maker", source=MAKER)
        cls = await lux.summon(name="tally", type="class", source=SOURCE, attributes=FIELDS)
        found = [being async for being in find(name="visits")]
        one = found[0] if found else await cls.make(name="visits")
        print("ready", flush=True)
        yield lux, one


async def call() -> None:
    async with visits() as (lux, one):
        for number in range(CALLS):
            name, given = ("add_leaf", 0) if number % 2 else ("add", 1)
            print(await lux.execution(getattr(one, name), given), flush=True)


async def draw() -> None:
    async with visits() as (lux, one):
        for _ in range(DRAWS):
            print(await lux.execution(one.draw, PARTS), flush=True)


async def make() -> None:
    async with visits() as (lux, _one):
        for number in range(1, DRAWS):
            print(await lux.execution("maker", number), flush=True)


async def check() -> None:
    settings = Settings.from_environment(os.environ)
    async with system(settings) as booted:
        runtime = await booted.runtime()
        print(json.dumps(await left(runtime)))
        await resume(booted, runtime)
        print(json.dumps(await left(runtime)))


async def left(runtime: Runtime) -> dict[str, Any]:
    """The state of the instance; how many calls of it are recorded as done, and what they gave; what is not whole."""
    (one,) = [being async for being in find(name="visits")] or [
        InstanceBeing(attributes={"count": 0, "log": [], "drawn": []})
    ]
    runs = [(run, await runtime.runs.steps(run.soul)) for run in await runtime.runs.newest(1000)]
    steps = [step for _run, steps in runs for step in steps if step.method and step.status == "done"]
    gave = sorted(step.attributes["result"] for step in steps)
    broken = [run.name for run, steps in runs if not chain_is_whole(run, steps)]
    statuses = [run.status for run, _steps in runs]
    draws = {
        f"{run.name} {step.name}": drawn(step, steps) for run, steps in runs for step in steps if step.method == "draw"
    }
    return {
        "state": one.attributes,
        "gave": gave,
        "broken": broken,
        "runs": statuses,
        "draws": draws,
        **await instances(runs),
    }


async def instances(runs: Sequence[tuple[Run, Sequence[Step]]]) -> dict[str, Any]:
    """The instances that are there, and those that steps say they made."""
    made = [step for _run, steps in runs for step in steps if step.call == "being.make" and step.status == "done"]
    there = [
        str(being.soul) async for being in find(path="$ ? (@.count >= 0)") if being.genesis.get("name") != "visits"
    ]
    return {"there": sorted(there), "told": sorted(step.attributes["result"]["soul"] for step in made)}


def drawn(step: Step, steps: Sequence[Step]) -> dict[str, Any]:
    """Whether a call waits with its state kept, or was begun again; and what was given to those that it made."""
    made = [each for each in steps if each.parent == step.name]
    given = [each["arguments"]["n"] for one in made for each in (one.attributes, *one.attributes.get("attempts", ()))]
    told = step.attributes
    return {"status": step.status, "waits": "frozen" in told, "replayed": "replayed" in told, "given": given}


async def resume(booted: System, runtime: Runtime) -> None:
    agent = booted.agent(Path("/"), Defaults(), lambda event: None)
    for run in await runtime.runs.newest(1000):
        if run.status == "interrupted":
            await agent.resume(str(run.soul))


def write_the_instance_first() -> None:
    """A negative control."""
    from luxos.runtime import recorder

    async def send(self: Any, batch: Any, runs: Any, connection: Any) -> set[Any]:
        sql = self._database.queries
        for record in batch:
            if record.state is not None:
                await connection.execute(sql["write_instances"], [record.state.soul], [dict(record.state.after)])
        recorder.reach("record.stating")
        return set(await self._send_steps(batch, runs, connection))

    recorder.Recorder._send_with_beings = send  # type: ignore[method-assign]


def write_what_is_made_first() -> None:
    """Another one, as it once was."""
    from luxos.runtime.context import Context

    bear = Context.bear

    def borne(self: Context, newborn: InstanceBeing) -> None:
        asyncio.get_running_loop().create_task(newborn.save())
        bear(self, newborn)

    Context.bear = borne  # type: ignore[method-assign]


def begin_again() -> None:
    """Another one: what was kept of code that waits is not looked at."""
    from luxos.runtime import resumed

    resumed.FROZEN = "nothing"  # type: ignore[attr-defined]


WRONG = {
    "writes the instance first": write_the_instance_first,
    "writes what is made first": write_what_is_made_first,
    "begins again": begin_again,
}

if __name__ == "__main__":
    WRONG.get(os.environ.get("LUXOS_CONTROL", ""), lambda: None)()
    asyncio.run({"call": call, "draw": draw, "make": make, "check": check}[sys.argv[1]]())
