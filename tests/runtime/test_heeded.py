"""A run that others want to stop: it does at a safe point, loses nothing, and goes on elsewhere where it stood."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.agent.agent import Agent
from luxos.agent.errors import NothingToResume, NothingToRetry, RunWasCancelled
from luxos.agent.planner import Place
from luxos.agent.reasoning import Defaults
from luxos.beings.classes import ClassBeing
from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.beings.instance import InstanceBeing, InstanceMethod
from luxos.config import Settings
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls, SessionRun, session_run
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.runs import (
    RunBusy,
    RunCancelled,
    RunGivenUp,
    RunMoved,
    RunNotGoing,
    RunNotHeeding,
    RunOfTask,
    RunOver,
    RunPaused,
    RunUnknown,
)
from luxos.runtime.following import follow
from luxos.runtime.giving_up import give_up
from luxos.runtime.heeded import Wish
from luxos.runtime.hermetic import sealed
from luxos.runtime.runs import Run, chain_is_whole
from luxos.runtime.sealing import seal
from luxos.runtime.steps import Step
from luxos.runtime.summoning import FUNCTIONS as SUMMONING
from luxos.runtime.verifying import Count, verify
from luxos.security.findings import Finding
from luxos.souls.registry import summon
from luxos.tools.registry import FUNCTIONS as TOOLS
from luxos.ui.methods.records import told_step

SOULS = {
    "short": "import time\n\ndef function(n):\n    time.sleep(0.3)\n    return n\n",
    "long": "import time\n\ndef function(n):\n    time.sleep(25)\n    return n\n",
    "loop": "def function(n):\n    return [execution('short', number) for number in range(n)]\n",
    "waits": (
        "import random\n\ndef function(who):\n    drawn = random.random()\n    return execution(who, drawn) == drawn\n"
    ),
    "by_name": "def function(name):\n    return execution(name, 'short')\n",
    "twice": (
        "import random\n\ndef function(who):\n    drawn = random.random()\n"
        "    return [execution(who, drawn), execution(who, drawn)] == [drawn] * 2\n"
    ),
    "deep": "def function(n):\n    return execution('long', n) if n == 0 else execution('deep', n - 1)\n",
    "stubborn": (
        "def function(n):\n    for number in range(n):\n        try:\n            execution('short', number)\n"
        "        except RuntimeError:\n            return 'it saw that'\n    return n\n"
    ),
    "fan": (
        "import asyncio\n\nasync def function(n):\n"
        "    return sum(await asyncio.gather(*[execution('short', number) for number in range(n)]))\n"
    ),
}
LOTS = (
    "import random\n\nclass Lots:\n    def draw(self, who):\n        self.drawn = random.random()\n"
    "        return [execution(who, self.drawn), execution(who, self.drawn)] == [self.drawn] * 2\n"
)
OUTSIDE: list[str] = []
Work = Callable[[Calls], Awaitable[Any]]


async def reach_out(context: Context) -> str:
    await asyncio.sleep(0.4)
    OUTSIDE.append("sent")
    return "sent"


async def unsure(context: Context) -> str:
    OUTSIDE.append("tried")
    if len(OUTSIDE) < 2:
        raise RuntimeError("on purpose")
    return "done"


async def build(context: Context) -> list[Any]:
    return [await context.execution("short", n=number) for number in range(20)]


OWN = [
    CoreFunction(UUID(int=7002), "test.build", "BUILD", "workspace", build),
    CoreFunction(UUID(int=7000), "test.send", "SEND", "external", reach_out),
    CoreFunction(UUID(int=7001), "test.unsure", "UNSURE", "none", unsure),
]


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    async with a_process(settings, database) as runtime:
        for name, source in SOULS.items():
            await summon(name=name, source=source, tier="hermetic")
        yield runtime


@asynccontextmanager
async def a_process(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    """What another process would have of its own: claims, a recorder, workers."""
    OUTSIDE.clear()
    registry = CoreRegistry([*SUMMONING, *TOOLS, *OWN])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    try:
        yield runtime
    finally:
        await runtime.close()


@pytest.fixture
async def other(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    async with a_process(settings, database) as runtime:
        yield runtime


async def lots_of(tier: str) -> InstanceBeing:
    """An instance that keeps what it drew by lot before it waited."""
    fields = {"drawn": {"py_type": "float", "default": 0}}
    made = await summon(name="lots", type="class", source=LOTS, attributes=fields, tier=tier)
    assert isinstance(made, ClassBeing)
    return await made.make(name="lots")


def agent(runtime: Runtime, tmp_path: Path) -> Agent:
    async def opened() -> Runtime:
        return runtime

    return Agent(opened, Place(tmp_path, tmp_path), Defaults(), lambda event: None)


async def until(look: Callable[[], Awaitable[Any]], fits: Callable[[Any], bool]) -> Any:
    """Looks until what is seen fits."""
    async with asyncio.timeout(20):
        while True:
            if fits(seen := await look()):
                return seen
            await asyncio.sleep(0.02)


class Session:
    """A program that makes calls, in a task of its own, until something ends it."""

    def __init__(self, runtime: Runtime, run: SessionRun, work: Work) -> None:
        self.runtime, self.run = runtime, run
        self.task = asyncio.create_task(self._do(work))

    async def _do(self, work: Work) -> Any:
        return await work(Calls(self.runtime, self.run))

    async def soul(self) -> str:
        async def known() -> UUID | None:
            return self.run.soul

        return str(await until(known, lambda soul: soul is not None))

    async def when(self, fits: Callable[[dict[str, Step]], bool]) -> str:
        """Waits until the steps fit."""
        soul = await self.soul()
        await until(lambda: steps_of(self.runtime, soul), fits)
        return soul


@asynccontextmanager
async def session(runtime: Runtime, work: Work, **how: Any) -> AsyncIterator[Session]:
    with suppress(RunGivenUp):
        async with session_run(runtime, "a session", **how) as run:
            begun = Session(runtime, run, work)
            try:
                yield begun
            finally:
                begun.task.cancel()
                await asyncio.wait({begun.task})


async def steps_of(runtime: Runtime, run: str) -> dict[str, Step]:
    return {step.name: step for step in await runtime.runs.steps(UUID(run))}


async def is_whole(runtime: Runtime, run: str) -> bool:
    found = await runtime.runs.find(run)
    await seal(runtime.database)
    said = [one async for one in verify(runtime.database, found.soul, None, lambda count: None)]
    assert [one for one in said if isinstance(one, Finding)] == []
    assert isinstance(said[-1], Count)
    return chain_is_whole(found, await runtime.runs.steps(found.soul))


def done(*names: str) -> Callable[[dict[str, Step]], bool]:
    return lambda steps: all(name in steps and steps[name].status == "done" for name in names)


def begun(name: str) -> Callable[[dict[str, Step]], bool]:
    return lambda steps: name in steps and "frozen" in steps[name].attributes


async def test_a_run_pauses_between_its_steps_and_goes_on_where_it_was(
    runtime: Runtime, other: Runtime, tmp_path: Path
) -> None:
    async with session(runtime, lambda calls: calls("loop", 5)) as program:
        run = await program.when(done("loop/1"))
        assert (await give_up(other, run[:8], "pause", 10)).status == "paused"
        with pytest.raises(RunPaused):
            await program.task
        before = await steps_of(other, run)
        assert before["loop"].status == "started"
        ended = {name for name, step in before.items() if step.status == "done"}
        assert {"loop/1"} <= ended < {f"loop/{number}" for number in range(1, 6)}
        assert ended == before.keys() - {"loop"}  # nothing was cut off: the step that ran has ended
        assert await is_whole(other, run)
        report = await agent(other, tmp_path).resume(run)  # while the program still lives
        assert report["results"] == {"loop": [0, 1, 2, 3, 4]}
    after = await steps_of(other, run)
    assert {name: after[name].attributes for name in ended} == {name: before[name].attributes for name in ended}
    assert (await other.runs.find(run)).status == "done"
    assert await is_whole(other, run)


async def test_a_pause_waits_for_what_runs_and_a_move_does_not(
    runtime: Runtime, other: Runtime, tmp_path: Path
) -> None:
    async with session(runtime, lambda calls: calls("waits", "long")) as program:
        run = await program.when(begun("waits"))
        with pytest.raises(RunNotHeeding):
            await give_up(other, run, "pause", 0.5)
        assert not program.task.done()
        assert (await give_up(other, run, "move", 10)).status == "paused"
        with pytest.raises(RunMoved):
            await program.task
    assert (await steps_of(other, run)).keys() == {"waits"}


async def test_a_function_moves_in_its_middle(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    """Had it begun again, it would have drawn another number than the one that what had ended had been given."""
    async with session(runtime, lambda calls: calls("twice", "short")) as program:
        run = await program.when(done("twice/1"))
        await give_up(other, run, "move", 10)
    before = await steps_of(other, run)
    report = await agent(other, tmp_path).resume(run)
    assert report["results"] == {"twice": True}
    after = await steps_of(other, run)
    assert after["twice/1"].attributes == before["twice/1"].attributes
    assert "replayed" not in after["twice"].attributes
    assert await is_whole(other, run)


@pytest.mark.parametrize("tier", ["hermetic", "isolated"])
async def test_a_method_moves_in_its_middle(runtime: Runtime, other: Runtime, tmp_path: Path, tier: str) -> None:
    """In the isolated tier it begins again."""
    lots = await lots_of(tier)
    async with session(runtime, lambda calls: calls(InstanceMethod(lots, "draw"), "short")) as program:
        run = await program.when(done("lots.draw/1"))
        await give_up(other, run, "move", 10)
    before = (await steps_of(other, run))["lots.draw/1"].attributes["arguments"]["n"]
    assert (await InstanceBeing.load(lots.soul)).attributes == {"drawn": 0}
    assert (await agent(other, tmp_path).resume(run))["results"] == {"lots.draw": True}
    after = (await steps_of(other, run))["lots.draw/1"].attributes["arguments"]["n"]
    assert (await InstanceBeing.load(lots.soul)).attributes == {"drawn": after}
    assert (after == before) is (tier == "hermetic")
    assert await is_whole(other, run)


async def test_a_method_whose_instance_was_changed_begins_again_and_says_so(
    runtime: Runtime, other: Runtime, tmp_path: Path
) -> None:
    lots = await lots_of("hermetic")
    async with session(runtime, lambda calls: calls(InstanceMethod(lots, "draw"), "short")) as program:
        run = await program.when(done("lots.draw/1"))
        await give_up(other, run, "move", 10)
    before = (await steps_of(other, run))["lots.draw/1"].attributes["arguments"]
    lots.attributes["drawn"] = 7
    await lots.save()
    assert (await agent(other, tmp_path).resume(run))["results"] == {"lots.draw": True}
    after = await steps_of(other, run)
    assert after["lots.draw/1"].attributes["arguments"] != before
    told = told_step(after["lots.draw"])["replayed"]
    assert (told["code"], told["details"]["who"]) == ("runtime.snapshot_refused", "lots")
    assert await is_whole(other, run)


@pytest.mark.parametrize(("what", "reason"), [("monty", "Monty"), ("soul", "soul")])
async def test_a_snapshot_that_does_not_fit_any_more_is_told_in_the_step(
    runtime: Runtime, other: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, reason: str
) -> None:
    """The interpreter was exchanged; or a name that only the run knows means another version by now."""
    async with session(runtime, lambda calls: calls("by_name", "twice")) as program:
        run = await program.when(done("by_name/1/1"))
        await give_up(other, run, "move", 10)
    if what == "monty":
        monkeypatch.setattr(sealed, "VERSION", "99.0")
    else:
        await summon(name="twice", source=SOULS["twice"] + "# changed\n", tier="hermetic")
    with speaking("en"):
        assert (await agent(other, tmp_path).resume(run))["results"] == {"by_name": True}
    steps = await steps_of(other, run)
    begun_again = {name for name, step in steps.items() if "replayed" in told_step(step)}
    assert begun_again == ({"by_name", "by_name/1"} if what == "monty" else {"by_name/1"})
    assert reason in told_step(steps["by_name/1"])["replayed"]["message"]
    assert await is_whole(other, run)


async def test_an_outermost_call_that_called_nobody_moves_too(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    async with session(runtime, lambda calls: calls("short", 7)) as program:
        run = await program.soul()
        assert (await give_up(other, run, "move", 10)).status == "paused"
    assert (await steps_of(other, run))["short"].status == "started"
    assert (await agent(other, tmp_path).resume(run))["results"] == {"short": 7}


@pytest.mark.parametrize("wish", ["pause", "move"])
async def test_code_does_not_see_that_its_run_is_given_up(
    runtime: Runtime, other: Runtime, tmp_path: Path, wish: Any
) -> None:
    async with session(runtime, lambda calls: calls("stubborn", 4)) as program:
        run = await program.when(done("stubborn/1"))
        await give_up(other, run, wish, 10)
    assert (await agent(other, tmp_path).resume(run))["results"] == {"stubborn": 4}


async def test_code_that_waits_for_many_at_once_pauses(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    async with session(runtime, lambda calls: calls("fan", 6)) as program:
        run = await program.when(begun("fan"))
        assert (await give_up(other, run, "pause", 10)).status == "paused"
    steps = await steps_of(other, run)
    assert {step.status for name, step in steps.items() if name != "fan"} <= {"done"}
    assert (await agent(other, tmp_path).resume(run))["results"] == {"fan": 15}
    assert await is_whole(other, run)


async def test_several_outermost_calls_are_given_up_together(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    async def work(calls: Calls) -> Any:
        return await asyncio.gather(*(calls("loop", 4) for _ in range(3)), return_exceptions=True)

    async with session(runtime, work) as program:
        run = await program.when(begun("loop~3"))
        await give_up(other, run, "pause", 10)
        assert [type(each) for each in await program.task] == [RunPaused] * 3
    results = (await agent(other, tmp_path).resume(run))["results"]
    assert results == {name: [0, 1, 2, 3] for name in ("loop", "loop~2", "loop~3")}


async def test_a_cancellation_reaches_every_child(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    async with session(runtime, lambda calls: calls("deep", 3)) as program:
        run = await program.when(begun("deep/1/1/1"))
        assert (await give_up(other, run, "cancel", 10)).status == "cancelled"
        with pytest.raises(RunCancelled):
            await program.task
    steps = await steps_of(other, run)
    assert steps.keys() == {"deep", "deep/1", "deep/1/1", "deep/1/1/1", "deep/1/1/1/1"}
    assert {(step.status, step.attributes["error"]["code"]) for step in steps.values()} == {("failed", "cancelled")}
    assert await is_whole(other, run)
    with pytest.raises(RunWasCancelled):
        await agent(other, tmp_path).resume(run)


async def test_after_it_was_given_up_no_call_is_made(runtime: Runtime, other: Runtime) -> None:
    async with session(runtime, lambda calls: calls("short", 1)) as program:
        await program.task
        run = await program.soul()
        assert (await give_up(other, run, "cancel", 10)).status == "cancelled"  # nothing was on its way
        with pytest.raises(RunCancelled):
            await Calls(runtime, program.run)("short", 2)
    assert (await other.runs.find(run)).status == "cancelled"
    assert (await steps_of(other, run)).keys() == {"short"}


@pytest.mark.parametrize("wish", ["pause", "move"])
async def test_what_acts_outside_is_not_cut_off(runtime: Runtime, other: Runtime, wish: Any) -> None:
    async with session(runtime, lambda calls: calls("test.send"), permissions=["external"]) as program:
        run = await program.when(lambda steps: "test.send" in steps)
        assert OUTSIDE == []
        await give_up(other, run, wish, 10)
        assert await program.task == "sent"
    assert (await steps_of(other, run))["test.send"].status == "done"
    assert OUTSIDE == ["sent"]


async def test_a_plan_pauses_and_goes_on(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    plan = 'one = SHELL ["sh", "-c", "sleep 0.5; echo 1 > a"]\ntwo = SHELL ["sh", "-c", "echo 2 > b"] AFTER one\n'
    task = asyncio.create_task(agent(runtime, tmp_path).do_program(plan, place))
    found = await until(lambda: other.runs.on(place), bool)
    run = str(found[0].soul)
    await until(lambda: other.runs.steps(found[0].soul), bool)
    assert (await give_up(other, run, "pause", 20)).status == "paused"
    report = await task
    assert (report["status"], report["error"]["code"], report["error"]["exit_code"]) == (
        "paused",
        "runtime.run_paused",
        130,
    )
    assert {path.name for path in place.iterdir()} == {"a"}  # the step that ran has ended
    assert (await agent(other, tmp_path).resume(run))["status"] == "done"
    assert {path.name for path in place.iterdir()} == {"a", "b"}
    assert await is_whole(other, run)


async def test_what_failed_is_tried_again_and_what_had_ended_is_not(
    runtime: Runtime, other: Runtime, tmp_path: Path
) -> None:
    await summon(
        name="both",
        source="def function():\n    return [execution('short', 1), execution('test.unsure')]\n",
        tier="hermetic",
        permissions=["test.unsure"],
    )
    async with session(runtime, lambda calls: calls("both"), permissions=["test.unsure"]) as program:
        run = await program.soul()
        with pytest.raises(Exception, match="purpose"):
            await program.task
        await program.run.end("failed")
    before = await steps_of(other, run)
    assert (before["both"].status, before["both/1"].status) == ("failed", "done")
    assert (await agent(other, tmp_path).retry(run))["results"] == {"both": [1, "done"]}
    after = await steps_of(other, run)
    assert after["both/1"].attributes == before["both/1"].attributes
    assert [len(after[name].attributes.get("attempts", ())) for name in ("both", "both/1", "both/2")] == [1, 0, 1]
    assert await is_whole(other, run)
    with pytest.raises(NothingToRetry):
        await agent(other, tmp_path).retry(run)


async def test_a_cancelled_run_is_tried_again(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    async with session(runtime, lambda calls: calls("loop", 3)) as program:
        run = await program.when(done("loop/1"))
        await give_up(other, run, "cancel", 10)
    before = await steps_of(other, run)
    assert (await agent(other, tmp_path).retry(run))["results"] == {"loop": [0, 1, 2]}
    assert (await steps_of(other, run))["loop/1"].attributes == before["loop/1"].attributes
    assert await is_whole(other, run)


async def a_run(runtime: Runtime, tmp_path: Path, status: str) -> Run:
    made = await runtime.runs.create(uuid4(), "a run", "", tmp_path, "tester", {"calls": True, "permissions": []})
    await runtime.runs.update(made.soul, status=status)
    return made


@pytest.mark.parametrize("wish", ["pause", "move", "cancel"])
async def test_a_run_whose_process_died_is_given_up_by_whoever_asks(other: Runtime, tmp_path: Path, wish: Any) -> None:
    run = await a_run(other, tmp_path, "running")
    assert (await other.runs.find(run.name)).status == "interrupted"
    given = await give_up(other, run.name, wish, 0)
    assert given.status == ("cancelled" if wish == "cancel" else "paused")
    assert await give_up(other, run.name, wish, 0) == given  # it is so already


@pytest.mark.parametrize(
    ("status", "pause", "cancel", "resume", "retry"),
    [
        ("done", RunNotGoing, RunOver, NothingToResume, NothingToRetry),
        ("failed", RunNotGoing, None, None, NothingToRetry),  # no step of this one has failed
        ("stopped", RunNotGoing, None, None, NothingToRetry),
        ("paused", None, None, None, NothingToRetry),
        ("cancelled", RunNotGoing, None, RunWasCancelled, NothingToRetry),
        ("undone", RunNotGoing, RunOver, NothingToResume, NothingToRetry),
        ("undoing", RunNotGoing, RunOver, Exception, NothingToRetry),
    ],
)
async def test_what_does_not_fit_the_state_is_refused_and_changes_nothing(
    other: Runtime, tmp_path: Path, status: str, pause: Any, cancel: Any, resume: Any, retry: Any
) -> None:
    acting = agent(other, tmp_path)
    attempts: list[tuple[Any, Callable[[str], Awaitable[Any]]]] = [
        (pause, lambda run: give_up(other, run, "pause", 0)),
        (pause, lambda run: give_up(other, run, "move", 0)),
        (cancel, lambda run: give_up(other, run, "cancel", 0)),
        (resume, acting.resume),
        (retry, acting.retry),
    ]
    for refused, attempt in attempts:
        run = await a_run(other, tmp_path, status)
        if refused is None:
            await attempt(str(run.soul))
            continue
        with pytest.raises(refused):
            await attempt(str(run.soul))
        row = await other.database.pool.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", run.soul)
        assert row["status"] == status


async def test_a_name_that_is_none_and_a_run_that_is_held(runtime: Runtime, other: Runtime, tmp_path: Path) -> None:
    with pytest.raises(RunUnknown):
        await give_up(other, "ffff", "pause", 0)
    async with session(runtime, lambda calls: calls("short", 1)) as program:
        run = await program.soul()
        for attempt in (agent(other, tmp_path).resume, agent(other, tmp_path).retry):
            with pytest.raises(RunBusy):
                await attempt(run)
        await program.task


async def test_a_run_of_a_task_is_left_to_the_task(other: Runtime, tmp_path: Path) -> None:
    made = await other.runs.create(uuid4(), "a run", "", tmp_path, "tester", {"task": str(uuid4())})
    wishes: tuple[Wish, ...] = ("pause", "move", "cancel")
    for wish in wishes:
        with pytest.raises(RunOfTask):
            await give_up(other, made.name, wish, 0)
    assert (await other.runs.find(made.name)).status == "interrupted"


async def test_what_was_wanted_of_an_earlier_holder_is_forgotten(
    runtime: Runtime, other: Runtime, tmp_path: Path
) -> None:
    """The negative control: with the wish still in the row, whoever resumes would stop at once."""
    async with session(runtime, lambda calls: calls("loop", 3)) as program:
        run = await program.when(done("loop/1"))
        await give_up(other, run, "pause", 10)
    row = await other.database.pool.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", UUID(run))
    assert row["wanted"] == {"stop": "pause"}
    assert (await agent(other, tmp_path).resume(run))["status"] == "done"


async def test_a_run_is_followed_to_its_end(runtime: Runtime, other: Runtime) -> None:
    async with session(runtime, lambda calls: calls("loop", 4)) as program:
        run = await other.runs.find(await program.when(begun("loop")))
        seen, waits = [], []

        async def ended() -> None:
            await program.task
            await program.run.end("done")

        ending = asyncio.create_task(ended())
        async for step in follow(other, run):
            seen.append((step.name, step.status))
            if step.status == "done" and "/" in step.name:
                finished_at = step.attributes["finished_at"]
                waits.append((asyncio.get_running_loop().time(), finished_at))
        await ending
    assert seen[0] in {("loop", "started"), ("loop/1", "done")}
    assert [name for name, status in seen if status == "done"] == ["loop/1", "loop/2", "loop/3", "loop/4", "loop"]
    assert seen.count(("loop", "started")) == 1
    assert len({at for at, _finished in waits}) >= 3  # they came one by one, and not all at the end
    again = [(step.name, step.status) async for step in follow(other, await other.runs.find(str(run.soul)))]
    assert again == [(f"loop/{number}", "done") for number in range(1, 5)] + [("loop", "done")]


async def test_a_call_that_waits_for_its_turn_keeps_nobody_from_pausing(runtime: Runtime, other: Runtime) -> None:
    """The first holds the workspace, at a safe point; the second waits for the workspace."""

    async def work(calls: Calls) -> Any:
        return await asyncio.gather(calls("test.build"), calls("test.build"), return_exceptions=True)

    async with session(runtime, work, permissions=["workspace"]) as program:
        run = await program.when(done("test.build/1"))
        assert (await give_up(other, run, "pause", 10)).status == "paused"
        assert [type(each) for each in await program.task] == [RunPaused] * 2
    steps = await steps_of(other, run)
    assert {steps[name].status for name in steps if name.startswith("test.build/")} == {"done"}
    assert (steps["test.build"].status, steps["test.build~2"].status) == ("started", "started")
    assert await is_whole(other, run)
