"""A program that calls methods of one instance, and is killed meanwhile; and what looks at what it left.

`methods_user.py call` prints a line with the count for each call that it was told of; `methods_user.py check` prints
how instance and steps are as they were left, goes on with all runs, and prints it again. `LUXOS_CONTROL` has it write
the instance before the steps, in a transaction of its own.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import luxos
from luxos.agent.reasoning import Defaults
from luxos.beings.find import find
from luxos.beings.instance import InstanceBeing
from luxos.boot import System, system
from luxos.config import Settings
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.runs import chain_is_whole

SOURCE = """
class Being:
    def add(self, by):
        self.count += by
        self.log = [*self.log, self.count]
        return self.count

    def add_leaf(self, number):
        return self.add(execution("leaf", number))
"""
FIELDS = {"count": {"py_type": "int", "default": 0}, "log": {"py_type": "list[int]", "default": []}}
CALLS = 6


async def call() -> None:
    async with luxos.open() as lux:
        await lux.summon(name="leaf", source="def function(n):\n    return n + 1\n")
        cls = await lux.summon(name="tally", type="class", source=SOURCE, attributes=FIELDS)
        found = [being async for being in find(name="visits")]
        one = found[0] if found else await cls.make(name="visits")
        print("ready", flush=True)
        for number in range(CALLS):
            name, given = ("add_leaf", 0) if number % 2 else ("add", 1)
            print(await lux.execution(getattr(one, name), given), flush=True)


async def check() -> None:
    settings = Settings.from_environment(os.environ)
    async with system(settings) as booted:
        runtime = await booted.runtime()
        print(json.dumps(await left(runtime)))
        await resume(booted, runtime)
        print(json.dumps(await left(runtime)))


async def left(runtime: Runtime) -> dict[str, Any]:
    """The state of the instance; how many calls of it are recorded as done, and what they gave; what is not whole."""
    (one,) = [being async for being in find(name="visits")] or [InstanceBeing(attributes={"count": 0, "log": []})]
    runs = [(run, await runtime.runs.steps(run.soul)) for run in await runtime.runs.newest(1000)]
    steps = [step for _run, steps in runs for step in steps if step.method and step.status == "done"]
    gave = sorted(step.attributes["result"] for step in steps)
    broken = [run.name for run, steps in runs if not chain_is_whole(run, steps)]
    return {"state": one.attributes, "gave": gave, "broken": broken, "runs": [run.status for run, _steps in runs]}


async def resume(booted: System, runtime: Runtime) -> None:
    agent = booted.agent(Path("/"), Defaults(), lambda event: None)
    for run in await runtime.runs.newest(1000):
        if run.status == "interrupted":
            await agent.resume(str(run.soul))


def write_the_instance_first() -> None:
    """The negative control."""
    from luxos.runtime import recorder

    async def send(self: Any, batch: Any, runs: Any, connection: Any) -> set[Any]:
        sql = self._database.queries
        for record in batch:
            if record.state is not None:
                await connection.execute(sql["write_instances"], [record.state.soul], [dict(record.state.after)])
        recorder.reach("record.stating")
        return set(await self._send_steps(batch, runs, connection))

    recorder.Recorder._send_with_states = send  # type: ignore[method-assign]


if __name__ == "__main__":
    if os.environ.get("LUXOS_CONTROL"):
        write_the_instance_first()
    asyncio.run({"call": call, "check": check}[sys.argv[1]]())
