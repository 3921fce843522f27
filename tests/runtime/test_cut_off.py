"""A call whose person goes away is stopped, and is made again when they say so: what had ended below it is kept."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.runtime.test_heeded import a_process, agent, is_whole, steps_of, until

from luxos.agent.errors import NothingCutOff
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.call import Manner
from luxos.runtime.calling import SessionRun, session_run
from luxos.runtime.dispatcher import Runtime, Who
from luxos.runtime.errors.code import CodeFailed
from luxos.runtime.scope import Tree
from luxos.souls.registry import summon
from luxos.ui.formatters import result_words

DRAWS = "import random\n\ndef function():\n    return random.random()\n"
SLOW = "import time\n\ndef function():\n    time.sleep(1)\n    return 1\n"
OUTER = "def function():\n    return [execution('draws'), execution('slow'), execution('draws')]\n"
COUNTER = (
    "import time\n\nclass Counter:\n    def add(self):\n        time.sleep(1)\n        self.n += 1; return self.n\n"
)


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    async with a_process(settings, database) as runtime:
        for name, source in (("draws", DRAWS), ("slow", SLOW), ("outer", OUTER)):
            await summon(name=name, source=source)
        yield runtime


async def cut_off(runtime: Runtime, who: Who, after: str, seconds: float = 60) -> str:
    """Begins a call as `luxos call` does, and cuts it off; gives its run."""
    known: list[str] = []

    async def calling() -> None:
        async with session_run(runtime, "a call") as run:
            execution = await run.execution()
            known.append(str(execution.run.soul))
            await execution.call(who, (), {}, tree=Tree(seconds=seconds), manner=Manner(kept=True))

    task = asyncio.create_task(calling())

    async def steps() -> dict[str, object]:
        return dict(await steps_of(runtime, known[0])) if known else {}

    await until(steps, lambda steps: after in steps)
    task.cancel()
    await asyncio.wait({task})
    return known[0]


@pytest.mark.parametrize("how", ["resume", "retry"])
@pytest.mark.parametrize("who", ["outer", "counter"])
async def test_it_is_made_again(runtime: Runtime, tmp_path: Path, how: str, who: str) -> None:
    if who == "counter":
        fields = {"n": {"py_type": "int", "default": 0}}
        made = await summon(name="counter", type="class", source=COUNTER, attributes=fields)
        counter = await made.make(name="visits")  # type: ignore[attr-defined]
    called, after = ("outer", "outer/1") if who == "outer" else (f"{counter.soul}.add", "visits.add")
    run = await cut_off(runtime, called, after)
    before = await steps_of(runtime, run)
    assert (await runtime.runs.find(run)).status == "stopped"
    agent_ = agent(runtime, tmp_path)
    report = await getattr(agent_, how)(run)
    assert report["status"] == "done"
    (result,) = report["results"].values()
    if who == "outer":
        assert result[0] == before["outer/1"].attributes["result"] != result[2]
    assert (result[1] if who == "outer" else result) == 1
    assert all(step.status == "done" for step in (await steps_of(runtime, run)).values())
    assert await is_whole(runtime, run)


async def test_what_failed_by_itself_is_not_said_to_be_done(runtime: Runtime, tmp_path: Path) -> None:
    await summon(name="fails", source="def function():\n    return 1 / 0\n")
    run = SessionRun(runtime, "a call")
    execution = await run.execution()
    with pytest.raises(CodeFailed):
        await execution.call("fails", (), {}, manner=Manner(kept=True))
    await run.end("failed")
    name = str(execution.run.soul)
    with pytest.raises(NothingCutOff):
        await agent(runtime, tmp_path).resume(name)
    assert (await runtime.runs.find(name)).status == "failed"
    report = await agent(runtime, tmp_path).retry(name)
    assert report["status"] == "failed"
    assert any("luxos run retry" in line for line in result_words(report))
