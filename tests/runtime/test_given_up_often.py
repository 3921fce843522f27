"""A run that is paused and moved again and again, at any moment: it comes to its end, and no ended step ran twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.plugins.sampling import WHOLE

from luxos.agent.agent import Agent
from luxos.agent.planner import Place
from luxos.agent.reasoning import Defaults
from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.runs import RunGivenUp, RunNotGoing
from luxos.runtime.giving_up import give_up
from luxos.runtime.heeded import Wish
from luxos.runtime.runs import chain_is_whole
from luxos.runtime.summoning import FUNCTIONS
from luxos.souls.registry import summon

SEED = 20261127
MOMENTS = 60 if WHOLE else 4
BEGAN: Counter[str] = Counter()
RESULTS = {"fan": [40, 4, True], "tree": 60}
SOULS = {
    "leaf": "import time\n\ndef function(n):\n    time.sleep(0.02)\n    return n * 10\n",
    "tree": "def function(n):\n    return sum([execution('leaf', part) for part in range(n)])\n",
    "same": "def function(x):\n    return x\n",
    "fan": (
        "import asyncio, random\n\nasync def function(n):\n    drawn = random.random()\n"
        "    parts = await asyncio.gather(*[execution('tree', part) for part in range(n)])\n"
        "    sent = [await execution('test.send', f'{n} {part}') for part in range(n)]\n"
        "    return [sum(parts), len(sent), await execution('same', drawn) == drawn]\n"
    ),
}


async def send(context: Context, what: str) -> str:
    """Acts outside: once it has begun, it must neither be cut off nor be repeated."""
    BEGAN[what] += 1
    await asyncio.sleep(0.03)
    return what


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    registry = CoreRegistry([*FUNCTIONS, CoreFunction(UUID(int=7100), "test.send", "SEND", "external", send)])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    for name, source in SOULS.items():
        await summon(name=name, source=source, tier="hermetic", permissions=["test.send"] if name == "fan" else [])
    yield runtime
    await runtime.close()


@pytest.mark.parametrize("wishes", [("pause",), ("move",), ("pause", "move")], ids=" and ".join)
async def test_a_run_comes_to_its_end(runtime: Runtime, tmp_path: Path, wishes: tuple[Wish, ...]) -> None:
    chance = random.Random(f"{SEED} {wishes}")  # noqa: S311 - it only has to be mixed
    given_up = 0
    for number in range(MOMENTS):
        BEGAN.clear()
        run, stops = await _to_the_end(runtime, tmp_path, chance, wishes)
        given_up += stops
        found = await runtime.runs.find(run)
        steps = await runtime.runs.steps(found.soul)
        results = {step.name: step.attributes.get("result") for step in steps if step.parent is None}
        assert found.status == "done"
        assert results.items() <= RESULTS.items(), (number, run)  # what was asked for after the wish, was refused
        assert set(BEGAN.values()) == {1}, (number, BEGAN)
        assert {step.status for step in steps} == {"done"}
        assert chain_is_whole(found, steps)
    assert given_up > MOMENTS  # so it was tried


async def _to_the_end(runtime: Runtime, tmp_path: Path, chance: random.Random, wishes: Any) -> tuple[str, int]:
    """A program begins a run, and others go on with it, each until it is told to stop; how often that was."""
    stops = 0
    async with session_run(runtime, "a session", permissions=["external", "test.send"]) as session:
        calls = Calls(runtime, session)
        work = asyncio.gather(calls("fan", 4), calls("tree", 4), return_exceptions=True)
        while session.soul is None:  # noqa: ASYNC110 - it is set by the other task
            await asyncio.sleep(0)
        run = str(session.soul)
        stops += await _stopped(runtime, run, work, chance, wishes)
        raised = [each for each in await work if isinstance(each, BaseException)]
        assert all(isinstance(each, RunGivenUp) for each in raised), raised
    while (await runtime.runs.find(run)).status != "done":
        again = asyncio.ensure_future(_agent(runtime, tmp_path).resume(run))
        stops += await _stopped(runtime, run, again, chance, wishes)
        report = await again
        assert report["status"] in ("done", "paused"), report
    return run, stops


async def _stopped(runtime: Runtime, run: str, work: Any, chance: random.Random, wishes: Any) -> int:
    """Has the run given up at some moment, unless it ended before."""
    await asyncio.wait({work}, timeout=chance.uniform(0, 0.25))
    with suppress(RunNotGoing):
        return int((await give_up(runtime, run, chance.choice(wishes), 20)).status == "paused")
    return 0


def _agent(runtime: Runtime, tmp_path: Path) -> Agent:
    async def opened() -> Runtime:
        return runtime

    return Agent(opened, Place(tmp_path, tmp_path), Defaults(), lambda event: None)
