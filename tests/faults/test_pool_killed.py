"""Worker processes that are killed, hang, or lose their parent or their node: each task has effect once.

The same tests for processes of this machine, and for those that Ray places on the two nodes of a cluster.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.faults.pool_user import AT_ONCE, CONTROL, MODULE
from tests.plugins.sampling import sampled
from tests.runtime.tasks.test_worker import wait_for

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.config import Settings
from luxos.runtime.tasks.cluster import cluster
from luxos.runtime.tasks.errors import ProcessesFail
from luxos.runtime.tasks.pool import Engine, Pool, Process
from luxos.runtime.tasks.processes import processes
from luxos.runtime.tasks.queue import Tasks

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]
HERE = Path(__file__).parent
CORES = min(2, len(os.sched_getaffinity(0)))
Opened = Callable[[], AbstractAsyncContextManager[Engine]]


@pytest.fixture
def told(settings_with_database: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a process needs of the environment, of this test's process too."""
    dsn, home = str(settings_with_database.dsn), str(settings_with_database.home)
    told = {"LUXOS_DSN": dsn, "LUXOS_HOME": home, "LUXOS_TASK_LEASE": "1", "PYTHONPATH": str(HERE.parents[1])}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture(scope="module")
def nodes() -> Iterator[str]:
    """The address of a cluster."""
    process = subprocess.Popen(
        [sys.executable, HERE / "ray_nodes.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    up = next(line for line in process.stdout if line.startswith("{"))
    yield json.loads(up)["address"]
    process.communicate(timeout=60)


@pytest.fixture
def engine(request: pytest.FixtureRequest, told: dict[str, str]) -> Opened:
    if request.param == "processes":
        return processes(MODULE, "cpu")
    return cluster(request.getfixturevalue("nodes"), MODULE, "cpu", told)


on_both = pytest.mark.parametrize("engine", ["processes", "ray"], indirect=True)
mostly_here = pytest.mark.parametrize("engine", sampled(["processes", "ray"], 0), indirect=True)


def pool(engine: Opened) -> Pool:
    return Pool(engine, "cpu", lease=1.0, backoff=AT_ONCE)


async def put(*whats: str) -> list[TaskBeing]:
    return [await Tasks().put("note", number, what, queue="cpu") for number, what in enumerate(whats)]


async def effects() -> list[Any]:
    rows = await BaseBeing._pool().fetch("SELECT genesis FROM base_beings WHERE genesis ->> 'type' = 'effect'")
    return [row["genesis"] for row in rows]


async def holder(soul: UUID) -> int | None:
    """The process that has a task; nothing where none has."""
    found: int | None = await BaseBeing._pool().fetchval(
        "SELECT worker.attributes -> 'pid' FROM base_beings AS task JOIN base_beings AS worker "
        "ON worker.soul::TEXT = task.attributes ->> 'worker' WHERE task.soul = $1",
        soul,
    )
    return found


async def held(task: TaskBeing, working: "asyncio.Task[None] | None" = None) -> int:
    await wait_for(lambda: holder(task.soul), working)
    found = await holder(task.soul)
    assert found is not None
    return found


def status(pid: int) -> str:
    """The letter of a process's state; nothing for one that is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def gone(pid: int) -> None:
    async def is_gone() -> bool:
        return status(pid) in ("", "Z")

    await wait_for(is_gone)


async def is_stopped(pid: int) -> bool:
    return status(pid) == "T"


def machine_of(pid: int) -> list[int]:
    """Every process of the node of Ray that a process belongs to, which are lost together; else only itself."""
    parents = {int(path.name): parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    node = pid
    while node > 1 and not is_raylet(node):
        node = parents[node]
    lost = [node if node > 1 else pid]
    for each in lost:
        lost += [child for child, above in parents.items() if above == each]
    return lost


def is_raylet(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].endswith(b"/raylet")


def parent(path: Path) -> int:
    """The parent of a process; 0 where it is no more."""
    try:
        return int((path / "stat").read_text().rpartition(") ")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def once(found: list[Any]) -> dict[int, int]:
    """The token under which each effect happened; no number twice."""
    assert len({one["number"] for one in found}) == len(found)
    return {one["number"]: one["token"] for one in found}


@mostly_here
async def test_several_processes_do_each_task_once_and_are_gone_at_the_end(engine: Opened) -> None:
    """The first two wait for each other."""
    await put(*["meets"] * CORES, *["quick"] * 20)
    await pool(engine).drain()
    found = await effects()
    assert set(once(found).values()) == {1}
    pids = {one["pid"] for one in found}
    assert os.getpid() not in pids
    assert len(pids) >= CORES
    for pid in pids:
        await gone(pid)


@on_both
async def test_what_a_killed_process_had_is_done_again_once(engine: Opened) -> None:
    stalling, *_others = await put("stalls", *["quick"] * 4)
    working = asyncio.create_task(pool(engine).drain())
    pid = await held(stalling, working)
    for each in machine_of(pid):
        os.kill(each, signal.SIGKILL)
    await asyncio.wait_for(working, 60)
    assert once(await effects()) == {0: 2, 1: 1, 2: 1, 3: 1, 4: 1}
    await gone(pid)
    again = await TaskBeing.load(stalling.soul)
    assert [one["error"]["code"] for one in again.attempts] == ["runtime.worker_lost"]


@mostly_here
async def test_a_process_that_hangs_loses_its_task_and_is_ended(engine: Opened) -> None:
    (hanging,) = await put("stops")
    working = asyncio.create_task(pool(engine).run())
    pid = await held(hanging, working)
    await wait_for(lambda: is_stopped(pid), working)
    await gone(pid)
    await wait_for(effects, working)
    assert once(await effects()) == {0: 2}
    working.cancel()
    await asyncio.wait({working})


@mostly_here
async def test_who_is_stopped_gives_back_what_it_has(engine: Opened) -> None:
    (stalling,) = await put("stalls")
    working = asyncio.create_task(pool(engine).run())
    pid = await held(stalling, working)
    working.cancel()
    await asyncio.wait({working})
    await gone(pid)
    found = await TaskBeing.load(stalling.soul)
    assert (found.status, found.attempt, found.attempts) == ("todo", 0, [])


class Unreachable:
    """A process that hangs where its engine reaches it no more."""

    def __init__(self, process: Process) -> None:
        self.wait, self.stop = process.wait, process.stop

    async def kill(self) -> None:
        pass


class Beyond:
    def __init__(self, engine: Engine) -> None:
        self._engine, self.room = engine, engine.room

    async def begin(self, worker: UUID) -> Process:
        return Unreachable(await self._engine.begin(worker))


async def beyond_reach() -> dict[int, int]:
    """A process hangs and nobody can end it; another one does its task, then the first goes on. Effects by token."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Engine]:
        async with processes(MODULE, "cpu")() as engine:
            yield Beyond(engine)

    (hanging,) = await put("stops")
    working = asyncio.create_task(pool(opened).run())
    pid = await held(hanging, working)
    try:
        await wait_for(lambda: is_stopped(pid), working)
        await wait_for(effects, working)
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(1)
        return {one["token"]: one["number"] for one in await effects()}
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        working.cancel()
        await asyncio.wait({working})


@pytest.mark.usefixtures("told")
async def test_one_that_nobody_can_end_writes_nothing_more() -> None:
    assert await beyond_reach() == {2: 0}


@pytest.mark.usefixtures("told")
async def test_without_the_fence_it_is_found_to_have_done_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A negative control."""
    monkeypatch.setenv(CONTROL, "1")
    assert await beyond_reach() == {1: 0, 2: 0}


@pytest.mark.usefixtures("told")
async def test_processes_that_never_begin_to_work_are_told() -> None:
    await put("quick")
    with pytest.raises(ProcessesFail):
        await pool(processes("tests.faults.no_such_module", "cpu")).run()


@pytest.mark.parametrize("stopped", [False, True])
async def test_processes_do_not_outlive_their_parent(told: dict[str, str], stopped: bool) -> None:
    """It is killed, and they with it, even one that hangs."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, env={**os.environ, **told}, stdout=asyncio.subprocess.DEVNULL
    )
    (task,) = await put("stops" if stopped else "stalls")
    pid = await held(task)
    if stopped:
        await wait_for(lambda: is_stopped(pid))
    parent.kill()
    await parent.wait()
    began = time.monotonic()
    await gone(pid)
    assert time.monotonic() - began < 10


PARENT = f"""
import asyncio, os
from luxos.boot import system
from luxos.config import Settings
from luxos.runtime.tasks.pool import Pool
from luxos.runtime.tasks.processes import processes

async def main():
    async with system(Settings.from_environment(os.environ)) as opened:
        await opened.runtime()
        await Pool(processes({MODULE!r}, "cpu"), "cpu", lease=30.0).run()

asyncio.run(main())
"""
