"""A step that was cut off while it acted outside: code never hears of it, a person says what became of it."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from luxos.agent.agent import Agent
from luxos.agent.planner import Place
from luxos.agent.reasoning import Defaults
from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.lux.reader import read
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.code import ResultUnfit
from luxos.runtime.errors.runs import RunBusy, RunElsewhere, StepCertain, StepUnknown, StepUnnamed
from luxos.runtime.giving_up import give_up
from luxos.runtime.runs import chain_is_whole
from luxos.runtime.sealing import seal
from luxos.runtime.tasks.carrying import Carrier, run_of
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.verifying import verify
from luxos.security.findings import Finding
from luxos.souls.registry import summon
from luxos.ui.methods.records import told_step

SOULS = {
    "same": "def function(n):\n    return n\n",
    "sends": (
        "import random\n\ndef function(who):\n    drawn = random.random()\n    first = execution('same', drawn)\n"
        "    try:\n        sent = execution(who, what='a letter')\n"
        "    except RuntimeError:\n        return 'it saw that'\n    return [first == drawn, sent]\n"
    ),
    "above": "def function(who):\n    return ['above', execution('sends', who)]\n",
    "both": (
        "import asyncio\n\nasync def function(n):\n"
        "    return await asyncio.gather(execution('test.send', what='a'), execution('test.slow', what='b'))\n"
    ),
}
PLAN = 'one = SEND what: "a letter"\ntwo = WRITE "b", "2" AFTER one\nother = WRITE "a", "1"\n'
SENT: list[str] = []
CUTS: list[str] = []
ALLOWED = ["external", "test.send", "test.slow"]


class PowerCut(BaseException):
    """Leaves everything as the end of the process would."""


async def send(context: Context, what: str) -> dict[str, str]:
    """Acts outside; the power goes just then, where that is still to come."""
    SENT.append(what)
    cut_at("send")
    return {"sent": what}


async def post(context: Context) -> Any:
    """Acts outside by another function, which ends, and then by itself."""
    sent = await context.execution("test.send", what="inside")
    SENT.append("by itself")
    cut_at("post")
    return sent


def cut_at(place: str) -> None:
    if CUTS and CUTS[-1] == place:
        CUTS.pop()
        raise PowerCut


OWN = [
    CoreFunction(UUID(int=7200), "test.send", "SEND", "external", send),
    CoreFunction(UUID(int=7201), "test.slow", "SLOW", "external", send),
    CoreFunction(UUID(int=7202), "test.post", "POST", "external", post),
]


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    from luxos.tools.registry import FUNCTIONS

    registry = CoreRegistry([*FUNCTIONS, *OWN])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    for name, source in SOULS.items():
        await summon(name=name, source=source, permissions=["test.send", "test.slow"])
    SENT.clear()
    yield runtime
    CUTS.clear()
    await runtime.close()


@pytest.fixture
def agent(runtime: Runtime, tmp_path: Path) -> Agent:
    async def opened() -> Runtime:
        return runtime

    return Agent(opened, Place(tmp_path, tmp_path), Defaults(), lambda event: None)


async def cut_off(runtime: Runtime, who: str, *args: Any, cuts: int = 1, at: str = "send") -> str:
    """A run whose process ended while it acted outside."""
    CUTS.extend([at] * cuts)
    soul: list[Any] = []

    async def program() -> None:
        async with session_run(runtime, "a session", permissions=ALLOWED) as run:
            await run.execution()
            soul.append(run.soul)
            await Calls(runtime, run)(who, *args)

    await ended(program())
    return str(soul[0])


async def ended(program: Awaitable[Any]) -> None:
    """What a program is whose power was cut."""
    with pytest.raises((PowerCut, BaseExceptionGroup)) as caught:
        await program
    assert "PowerCut" in repr(caught.value)


async def is_whole(runtime: Runtime, run: str) -> bool:
    await seal(runtime.database)
    found = await runtime.runs.find(run)
    said = [one async for one in verify(runtime.database, found.soul, None, lambda count: None)]
    assert [one for one in said if isinstance(one, Finding)] == []
    return chain_is_whole(found, await runtime.runs.steps(found.soul))


async def steps_of(runtime: Runtime, run: str) -> dict[str, Any]:
    return {step.name: told_step(step) for step in await runtime.runs.steps(UUID(run))}


@pytest.mark.parametrize(("who", "step"), [("sends", "sends/2"), ("above", "above/1/2")])
async def test_code_goes_on_with_what_a_person_says(runtime: Runtime, agent: Agent, who: str, step: str) -> None:
    run = await cut_off(runtime, who, "test.send")
    before = await steps_of(runtime, run)
    for _ in range(2):  # asked as often as one likes
        report = await agent.resume(run)
        assert (report["status"], report["error"]["exit_code"]) == ("needs_person", 7)
        assert (report["error"]["code"], report["error"]["details"]["step"]) == ("runtime.step_unknown", step)
        assert {name: told["status"] for name, told in (await steps_of(runtime, run)).items()} == {
            name: told["status"] for name, told in before.items()
        }
    report = await agent.settle(run, None, happened=True, result={"sent": "by hand"})
    given = [True, {"sent": "by hand"}]
    assert (report["status"], report["results"]) == ("done", {who: given if who == "sends" else ["above", given]})
    after = await steps_of(runtime, run)
    assert after[step]["settled"] == {"by": runtime.owner, "happened": True}
    assert after["sends/1" if who == "sends" else "above/1/1"]["attempts"] == 1
    assert SENT == ["a letter"]
    assert await is_whole(runtime, run)


async def test_what_did_not_happen_is_done_again(runtime: Runtime, agent: Agent) -> None:
    run = await cut_off(runtime, "above", "test.send")
    report = await agent.settle(run, "above/1/2", happened=False)
    assert report["results"] == {"above": ["above", [True, {"sent": "a letter"}]]}
    assert SENT == ["a letter"] * 2
    told = (await steps_of(runtime, run))["above/1/2"]
    assert (told["status"], told["attempts"], "settled" in told) == ("done", 2, False)
    assert await is_whole(runtime, run)


async def test_what_had_ended_below_it_is_not_done_again(runtime: Runtime, agent: Agent) -> None:
    run = await cut_off(runtime, "test.post", at="post")
    assert SENT == ["inside", "by itself"]
    report = await agent.settle(run, None, happened=False)
    assert report["results"] == {"test.post": {"sent": "inside"}}
    assert SENT == ["inside", "by itself", "by itself"]
    assert await is_whole(runtime, run)


@pytest.mark.parametrize("happened", [True, False])
async def test_an_outermost_call(runtime: Runtime, agent: Agent, happened: bool) -> None:
    run = await cut_off(runtime, "test.send", "x")
    assert (await agent.resume(run))["status"] == "needs_person"
    report = await agent.settle(run, None, happened=happened, result="y", later=True)
    assert (report["status"], report["step"], report["then"]) == ("settled", "test.send", "resume")
    assert SENT == ["x"]
    given = "y" if happened else {"sent": "x"}
    assert (await agent.resume(run))["results"] == {"test.send": given}
    assert len(SENT) == 1 + (not happened)
    assert await is_whole(runtime, run)


@pytest.mark.parametrize("happened", [True, False])
async def test_a_plan(runtime: Runtime, agent: Agent, tmp_path: Path, happened: bool) -> None:
    CUTS.append("send")
    place = tmp_path / "place"
    place.mkdir()
    await ended(agent._start(runtime, read(PLAN), place, {"permissions": ["workspace", "external"]}))
    (found,) = await runtime.runs.on(place)
    there = {"machine": {"id": "another", "name": "there"}}
    await runtime.runs.update(found.soul, **there)
    with pytest.raises(RunElsewhere):
        await agent.settle(str(found.soul), "one", happened=happened)
    await runtime.runs.update(found.soul, machine=runtime.machine.as_json())
    assert (await agent.resume(str(found.soul)))["status"] == "needs_person"
    assert {path.name for path in place.iterdir()} == {"a"}  # what does not depend on it goes on
    report = await agent.settle(str(found.soul), "one", happened=happened)
    assert report["status"] == "done"
    assert {path.name for path in place.iterdir()} == {"a", "b"}
    assert await is_whole(runtime, str(found.soul))


async def test_of_several_one_is_named(runtime: Runtime, agent: Agent) -> None:
    run = await cut_off(runtime, "both", 1, cuts=2)
    with pytest.raises(StepUnnamed) as several:
        await agent.settle(run, None, happened=True)
    assert several.value.details["steps"] == "both/1, both/2"
    for wrong in ("both", "both/3", "x"):
        with pytest.raises(StepUnnamed):
            await agent.settle(run, wrong, happened=True)
    report = await agent.settle(run, "both/1", happened=True, result=1)
    assert (report["status"], report["error"]["details"]["step"]) == ("needs_person", "both/2")
    assert (await agent.settle(run, None, happened=True, result=2))["results"] == {"both": [1, 2]}
    with pytest.raises(StepCertain):
        await agent.settle(run, None, happened=True)
    assert await is_whole(runtime, run)


async def test_what_cannot_be_kept_changes_nothing(runtime: Runtime, agent: Agent) -> None:
    run = await cut_off(runtime, "sends", "test.send")
    before = await steps_of(runtime, run)
    with pytest.raises(ResultUnfit):
        await agent.settle(run, None, happened=True, result="\0")
    assert await steps_of(runtime, run) == before
    async with runtime.runs.claimed(UUID(run)):
        with pytest.raises(RunBusy):
            await agent.settle(run, None, happened=True)


async def test_a_run_that_was_cancelled_is_told_and_stays_cancelled(runtime: Runtime, agent: Agent) -> None:
    run = await cut_off(runtime, "sends", "test.send")
    await give_up(runtime, run, "cancel", 5)
    report = await agent.settle(run, None, happened=True, result=5)
    assert (report["status"], report["then"]) == ("settled", "retry")
    assert (await runtime.runs.find(run)).status == "cancelled"


async def test_a_task_goes_on_once_it_is_sent_again(runtime: Runtime, agent: Agent) -> None:
    async def opened() -> Runtime:
        return runtime

    task = await Tasks().put("above", "test.send", permissions=["external", "test.send"])
    CUTS.append("send")
    await ended(Carrier(opened)(task))
    with pytest.raises(StepUnknown):
        await Carrier(opened)(task)
    run = str(run_of(task.soul))
    assert (await runtime.runs.find(run)).status == "needs_person"
    report = await agent.settle(run, None, happened=True, result=5)
    assert (report["status"], report["task"]) == ("settled", str(task.soul))
    assert await Carrier(opened)(task) == ["above", [True, 5]]
    assert SENT == ["a letter"]
    assert await is_whole(runtime, run)
