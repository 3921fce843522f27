"""The dispatcher: every call is recorded, chained, permitted, whole or absent."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.changes.errors import DiskFull, FilesNotOurs
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.calls import ArgumentsUnfit, BeingNotCallable, PermissionRefused
from luxos.runtime.errors.code import CodeFailed, CodeLost, ResultUnfit
from luxos.runtime.errors.files import PathOutside, WorkspaceReadOnly
from luxos.runtime.errors.runs import RunAmbiguous, RunBusy, RunTaken, RunUnknown, StepUnknown
from luxos.runtime.execution import Execution
from luxos.runtime.runs import Run, chain_is_whole
from luxos.runtime.staging import remove_tree
from luxos.runtime.steps import Step
from luxos.runtime.threads import to_the_end
from luxos.souls.registry import Soul
from luxos.souls.resolving import resolve
from luxos.tools.registry import FUNCTIONS

CALLS: list[str] = []


async def note(context: Context, word: str) -> str:
    CALLS.append(word)
    return word


async def fail(context: Context) -> None:
    raise LuxError(reason="on purpose")


async def reach_out(context: Context) -> str:
    CALLS.append("outside")
    return "sent"


async def twice(context: Context, word: str) -> list[Any]:
    return [await context.execution("test.note", word=f"{word}{number}") for number in (1, 2)]


async def steal(context: Context, path: str) -> None:
    context.write(path, b"mine")


async def fill(context: Context) -> None:
    await to_the_end(Path("/dev/full").write_text, "more than there is room for")


OWN = [
    CoreFunction(UUID(int=number), alias, verb, effects, function)
    for number, (alias, verb, effects, function) in enumerate(
        [
            ("test.note", "NOTE", "none", note),
            ("test.fail", "FAIL", "none", fail),
            ("test.send", "SEND", "external", reach_out),
            ("test.twice", "TWICE", "none", twice),
            ("test.steal", "STEAL", "none", steal),
            ("test.fill", "FILL", "none", fill),
        ],
        start=1000,
    )
]


@pytest.fixture(autouse=True)
def _empty() -> None:
    CALLS.clear()


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    registry = CoreRegistry([*FUNCTIONS, *OWN])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    yield runtime
    await runtime.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


class Steps(Execution):
    """A dispatcher whose steps are named by the one who calls."""

    async def __call__(self, who: Any, *args: Any, step: str | None = None, **kwargs: Any) -> Any:
        return await self.call(who, args, kwargs, step)


class PowerCut(Exception):
    """Ends a process here."""


@asynccontextmanager
async def executing(
    runtime: Runtime, workspace: Path, run: Run | None = None, permissions: tuple[str, ...] = ("workspace", "external")
) -> AsyncIterator[Steps]:
    """An execution of a new run, or of one that is taken up again."""
    soul = run.soul if run else uuid4()
    async with runtime.runs.claimed(soul):
        attributes = {"permissions": list(permissions)}
        held = run or await runtime.runs.create(soul, "a goal", "", workspace, "tester", attributes)
        before = {step.name: step for step in await runtime.runs.steps(soul)}
        yield Steps(runtime, held, before, lambda event: None)


async def steps_of(runtime: Runtime, run: Run) -> dict[str, Step]:
    return {step.name: step for step in await runtime.runs.steps(run.soul)}


async def test_a_call_gives_its_result_and_leaves_a_step_that_is_an_audit_entry(
    runtime: Runtime, workspace: Path
) -> None:
    async with executing(runtime, workspace) as execution:
        assert await execution("test.note", "hello") == "hello"
        assert await execution(UUID(int=1000), word="again", step="other") == "again"
    steps = await steps_of(runtime, execution.run)
    assert {name: step.status for name, step in steps.items()} == {"test.note": "done", "other": "done"}
    rows = await runtime.database.pool.fetch(
        "SELECT action, parameters, result, status FROM audit_log ORDER BY timestamp"
    )
    assert [(row["action"], row["status"]) for row in rows] == [("test.note", "success")] * 2
    assert chain_is_whole(await runtime.runs.find(str(execution.run.soul)), steps.values())


@pytest.mark.parametrize(
    ("who", "arguments", "error"),
    [
        ("nobody", {}, BeingNotCallable),
        (str(UUID(int=77)), {}, BeingNotCallable),
        ("sha256:" + "0" * 64, {}, BeingNotCallable),
        ("test.note", {}, ArgumentsUnfit),
        ("test.note", {"word": "a", "wrong": 1}, ArgumentsUnfit),
        ("test.steal", {"path": "x"}, WorkspaceReadOnly),
        ("file.write", {"path": "../x", "text": "y"}, PathOutside),
        ("file.write", {"path": "/etc/x", "text": "y"}, PathOutside),
        ("file.read", {"path": "link/passwd"}, PathOutside),
    ],
)
async def test_what_cannot_be_called_is_refused_in_a_sentence(
    runtime: Runtime, workspace: Path, who: str, arguments: dict[str, Any], error: type[LuxError]
) -> None:
    (workspace / "link").symlink_to("/etc")
    async with executing(runtime, workspace) as execution:
        with pytest.raises(error) as caught:
            await execution(who, **arguments)
    assert str(caught.value)
    assert [path.name for path in workspace.iterdir()] == ["link"]


async def test_a_failed_step_is_recorded_tried_again_and_keeps_its_first_attempt(
    runtime: Runtime, workspace: Path
) -> None:
    run = None
    for _attempt in range(2):
        async with executing(runtime, workspace, run) as execution:
            with pytest.raises(LuxError):
                await execution("test.fail")
        run = execution.run
    step = (await steps_of(runtime, execution.run))["test.fail"]
    assert step.status == "failed"
    assert len(step.attributes["attempts"]) == 1
    assert chain_is_whole(await runtime.runs.find(str(execution.run.soul)), [step])


async def test_an_altered_step_breaks_the_chain(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        await execution("test.note", "one", step="first")
        await execution("test.note", "two", step="second")
    run = execution.run
    change = "UPDATE relationships SET attributes = jsonb_set(attributes, '{result}', $2) WHERE id = $1"
    steps = await steps_of(runtime, run)
    await runtime.database.pool.execute(change, steps["first"].id, "other")
    found = await runtime.runs.find(str(run.soul))
    assert not chain_is_whole(found, (await steps_of(runtime, run)).values())
    assert not chain_is_whole(found, [steps["second"]])
    assert not chain_is_whole(replace(found, genesis={**found.genesis, "owner": "somebody"}), steps.values())
    forged = replace(steps["first"], genesis={**steps["first"].genesis, "soul_hash": "sha256:other"})
    assert not chain_is_whole(found, [forged, steps["second"]])
    assert not chain_is_whole(replace(found, attributes={}), steps.values())
    assert chain_is_whole(found, steps.values())


async def test_a_step_calls_others_which_hang_below_it(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        assert await execution("test.twice", "n", step="top") == ["n1", "n2"]
    steps = await steps_of(runtime, execution.run)
    assert {name: step.parent for name, step in steps.items()} == {"top": None, "top/1": "top", "top/2": "top"}


async def test_what_a_run_may_not_do_is_refused_before_anything_is_written(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace, permissions=()) as execution:
        with pytest.raises(PermissionRefused):
            await execution("file.write", path="a", text="b")
        with pytest.raises(PermissionRefused):
            await execution("test.send")
    assert CALLS == []
    assert await runtime.runs.steps(execution.run.soul) == []
    assert list(workspace.iterdir()) == []


async def test_files_change_when_the_step_is_done_and_not_when_it_fails(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        await execution("file.write", path="sub/a.txt", text="jeden", step="one")
        await execution("file.append", path="sub/a.txt", text=" dwa", step="two")
        await execution("file.move", path="sub/a.txt", to="b.txt", step="three")
        done = await execution("shell.run", argv=["sh", "-c", "echo trzy >> b.txt; rm -r sub"], step="four")
        assert done["exit_code"] == 0
    assert (workspace / "b.txt").read_text() == "jeden dwatrzy\n"
    assert not (workspace / "sub").exists()


async def test_a_crash_between_the_record_and_the_files_is_finished_by_recovery(
    runtime: Runtime, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luxos.runtime.changes import ChangeSet

    def power_cut(changes: ChangeSet) -> None:
        raise PowerCut

    async with executing(runtime, workspace) as execution:
        with monkeypatch.context() as patch:
            patch.setattr(ChangeSet, "apply", power_cut)
            with pytest.raises(PowerCut):
                await execution("file.write", path="a", text="b", step="write")
    assert list(workspace.iterdir()) == []
    async with executing(runtime, workspace, execution.run) as again:
        assert await again.recover() == {"write": {"path": "a", "bytes": 1}}
        assert (workspace / "a").read_text() == "b"
        await again.recover()


async def test_an_effect_outside_that_was_cut_off_asks_a_person(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        await execution("test.send", step="send")
    cut = 'UPDATE relationships SET attributes = attributes || \'{"status": "started"}\' WHERE source_soul = $1'
    await runtime.database.pool.execute(cut, execution.run.soul)
    async with executing(runtime, workspace, execution.run) as again:
        with pytest.raises(StepUnknown):
            await again("test.send", step="send")
    assert CALLS == ["outside"]


async def test_a_run_is_carried_out_by_one_process_at_a_time(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        with pytest.raises(RunBusy):
            async with runtime.runs.claimed(execution.run.soul):
                pass
        assert (await runtime.runs.find(execution.run.name)).status == "running"
    assert (await runtime.runs.find(execution.run.name)).status == "interrupted"
    for unknown in ("%", "", "-", "xyz", "f" * 33):
        with pytest.raises(RunUnknown):
            await runtime.runs.find(unknown)


async def test_a_run_is_found_by_the_first_digits_of_its_uuid(runtime: Runtime, tmp_path: Path) -> None:
    souls = [UUID("a0000000-0000-4000-8000-000000000000"), UUID("a000000f-ffff-4fff-bfff-ffffffffffff")]
    for soul in souls:
        await runtime.runs.create(soul, "a goal", "", tmp_path, "tester", {})
    for name in (str(souls[1]), "A000000F", "a000000fffff", " a000000f-ffff-4fff-bfff "):
        assert (await runtime.runs.find(name)).soul == souls[1]
    assert (await runtime.runs.find("a00000000")).soul == souls[0]
    with pytest.raises(RunAmbiguous):
        await runtime.runs.find("a000000")


SOURCE = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"


async def summon(source: str, alias: str) -> Soul:
    return await Soul.register({"type": "function", "tier": "isolated", "source": source}, alias=alias)


async def test_stored_code_is_called_by_alias_by_hash_and_by_uuid(runtime: Runtime, workspace: Path) -> None:
    soul = await summon(SOURCE, "vat")
    async with executing(runtime, workspace) as execution:
        assert await execution("vat", 100, step="a") == 123.0
        assert await execution(soul.hash, net=100, rate=8, step="b") == 108.0
        assert await execution(soul.being, 100, rate=0, step="c") == 100.0
    steps = await steps_of(runtime, execution.run)
    assert {(step.call, step.status) for step in steps.values()} == {("vat", "done")}


async def test_a_version_is_read_once_and_an_alias_each_time(
    runtime: Runtime, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    async def counted(who: str) -> Any:
        read.append(who)
        return await resolve(who)

    monkeypatch.setattr("luxos.runtime.dispatcher.resolve", counted)
    soul = await summon(SOURCE, "vat")
    async with executing(runtime, workspace) as execution:
        first = [await execution(who, 100) for who in (soul.hash, soul.hash, soul.hash[7:20], "vat")]
        await summon(SOURCE.replace("23", "0"), "vat")
        then = [await execution(who, 100) for who in (soul.hash, "vat", soul.hash[7:20])]
    assert (first, then) == ([123.0] * 4, [123.0, 100.0, 123.0])
    assert read == [soul.hash, soul.hash[7:20], "vat", "vat", soul.hash[7:20]]


@pytest.mark.parametrize(
    "source",
    [
        "def function():\n    open('/tmp/../etc/shadow').read()\n",
        "import socket\ndef function():\n    socket.create_connection(('127.0.0.1', 5432), 1)\n",
        "def function():\n    raise SystemExit\n",
        "def function():\n    return object()\n",
        "import os\nos._exit(0)\ndef function():\n    return 1\n",
        "import os\ndef function():\n    os.kill(os.getppid(), 9)\n    return open('/etc/hostname', 'w')\n",
    ],
)
async def test_stored_code_that_misbehaves_fails_with_a_reason(runtime: Runtime, workspace: Path, source: str) -> None:
    await summon(source, "bad")
    async with executing(runtime, workspace) as execution:
        with pytest.raises((CodeFailed, CodeLost, ResultUnfit)) as caught:
            await execution("bad")
    assert caught.value.details["reason"]


async def test_a_process_that_lost_its_claim_can_write_no_more(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        await execution("test.note", "one", step="first")
        taken = 'UPDATE base_beings SET attributes = attributes || \'{"holder": "other"}\' WHERE soul = $1'
        await runtime.database.pool.execute(taken, execution.run.soul)
        with pytest.raises(RunTaken):
            await execution("test.send", step="second")
        assert CALLS == ["one"]
        with pytest.raises(RunTaken):
            await execution("test.note", "two", step="third")
    assert set(await steps_of(runtime, execution.run)) == {"first"}


@pytest.mark.slow
async def test_looking_at_runs_never_keeps_anybody_from_claiming_one(runtime: Runtime, workspace: Path) -> None:
    async def look() -> None:
        while True:
            await runtime.runs.newest(100)

    looking = [asyncio.create_task(look()) for _reader in range(4)]
    for number in range(40):
        async with executing(runtime, workspace) as execution:
            await execution("test.note", str(number))
    for task in looking:
        task.cancel()
    assert len(CALLS) == 40


async def test_many_runs_at_once_need_no_connection_each(runtime: Runtime, workspace: Path) -> None:
    together = asyncio.Barrier(30)

    async def one() -> None:
        async with executing(runtime, workspace) as execution, runtime.runs.building_in(Path(f"/{uuid4()}")):
            await asyncio.wait_for(together.wait(), 60)
            await execution("test.note", "x")

    await asyncio.gather(*(one() for _run in range(30)))
    assert len(CALLS) == 30


async def test_work_in_a_thread_ends_before_its_cancellation_is_passed_on() -> None:
    go, ended = threading.Event(), threading.Event()

    def work() -> None:
        go.wait(10)
        ended.set()

    task = asyncio.create_task(to_the_end(work))
    for _time in range(2):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


def test_a_tree_of_any_modes_is_removed(tmp_path: Path) -> None:
    (tmp_path / "tree" / "closed" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "closed" / "link").symlink_to(tmp_path)
    (tmp_path / "tree" / "closed").chmod(0)
    remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_told_whatever_filled_it(runtime: Runtime, workspace: Path) -> None:
    async with executing(runtime, workspace) as execution:
        with pytest.raises(DiskFull):
            await execution("test.fill")
    assert (await steps_of(runtime, execution.run))["test.fill"].status == "failed"


async def test_a_data_folder_that_takes_nothing_is_told(runtime: Runtime, workspace: Path) -> None:
    elsewhere = replace(runtime, settings=replace(runtime.settings, home=Path("/sys/luxos")))
    async with executing(elsewhere, workspace) as execution:
        with pytest.raises(FilesNotOurs):
            await execution("file.write", path="a.txt", text="one")
    assert list(workspace.iterdir()) == []


async def test_interrupted_runs_of_a_folder_are_found_among_the_others(runtime: Runtime, tmp_path: Path) -> None:
    for status, place in (("running", "here"), ("done", "here"), ("failed", "here"), ("running", "there")):
        run = await runtime.runs.create(uuid4(), status, "", tmp_path / place, "tester", {})
        await runtime.runs.update(run.soul, status=status)
    held = uuid4()
    async with runtime.runs.claimed(held):
        await runtime.runs.create(held, "held", "", tmp_path / "here", "tester", {})
        found = await runtime.runs.interrupted_on(tmp_path / "here")
        assert [(run.goal, run.status) for run in found] == [("running", "interrupted")]
        assert len(await runtime.runs.on(tmp_path / "here")) == 4


async def test_a_call_that_is_cut_off_while_the_disk_is_waited_for_ended_once(
    runtime: Runtime, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, slow = runtime.runs.recorder, asyncio.Event()
    send = recorder._send

    async def later(batch: Any) -> Any:
        await slow.wait()
        return await send(batch)

    async with executing(runtime, workspace) as execution:
        monkeypatch.setattr(recorder, "_send", later)
        call = asyncio.create_task(execution("test.note", "hello"))
        while recorder._writing is None:  # noqa: ASYNC110 - what is waited for is inside
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait({call})
        slow.set()
    steps = await steps_of(runtime, execution.run)
    assert (steps["test.note"].status, steps["test.note"].attributes["chain"]["seq"]) == ("done", 1)
    assert chain_is_whole(await runtime.runs.find(str(execution.run.soul)), steps.values())
