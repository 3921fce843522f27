"""A program that calls souls which call others, and is killed meanwhile; and what goes on with its runs.

`calling_user.py call` prints a line, `name result`, for each call that it was told of; `calling_user.py resume` goes on
with all runs that were cut off. `LUXOS_CONTROL` has it do one thing wrongly.
"""

import asyncio
import os
import sys
from pathlib import Path

import luxos
from luxos.agent.reasoning import Defaults
from luxos.boot import system
from luxos.config import Settings

LEAF = "def function(n):\n    return n * 10\n"
TREE = """
def function(n):
    total = 0
    for part in range(n):
        total += execution("leaf", part)
    return total
"""
FAN = """
import asyncio

async def function(n):
    parts = await asyncio.gather(*[execution("tree", part) for part in range(n)])
    return sum(parts) + await execution("leaf", n)
"""
SOULS = {"leaf": LEAF, "tree": TREE, "fan": FAN}
CALLS = [("leaf", 7, 70), ("tree", 4, 60), ("fan", 4, 80), ("tree", 2, 10), ("leaf", 1, 10)]
"""What is called, with what, and what it gives."""


async def call() -> None:
    async with luxos.open() as lux:
        for name, source in SOULS.items():
            await lux.summon(name=name, source=source, tier="hermetic")
        print("ready", flush=True)
        for name, number, _result in CALLS:
            print(name, await lux.execution(name, number), flush=True)


async def resume() -> None:
    settings = Settings.from_environment(os.environ)
    async with system(settings) as booted:
        runtime = await booted.runtime()
        agent = booted.agent(Path("/"), Defaults(), lambda event: None)
        for run in await runtime.runs.newest(1000):
            if run.status in ("interrupted", "paused"):
                await agent.resume(str(run.soul))


def do_one_thing_wrongly(what: str) -> None:
    """The negative controls."""
    if what == "acknowledges first":
        from luxos.runtime import recording

        async def certain(*_whatever: object, **_more: object) -> None:
            return

        recording._certain = certain
    if what == "does everything again":
        from luxos.runtime import resumed

        resumed._asks_the_same = lambda call, known: False


if __name__ == "__main__":
    do_one_thing_wrongly(os.environ.get("LUXOS_CONTROL", ""))
    asyncio.run({"call": call, "resume": resume}[sys.argv[1]]())
