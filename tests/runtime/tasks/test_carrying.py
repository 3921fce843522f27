"""A task is carried out as one run, and a later attempt goes on with it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.runtime.tasks.test_worker import is_status, wait_for

from luxos.beings.task import TaskBeing
from luxos.boot import System, system
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.runs import Runs
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.carrying import STEP, Carrier, run_of
from luxos.runtime.tasks.ending import Endings, given_back
from luxos.runtime.tasks.figures import figures, queue_being
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker
from luxos.souls.registry import summon

AT_ONCE = Backoff(first=0.0)
LEAF = "def function(n):\n    return n * 10\n"
TREE = "def function(n):\n    return sum([execution('leaf', part) for part in range(n)])\n"


@pytest.fixture
async def opened(settings: Settings, database: Database) -> AsyncIterator[System]:
    async with system(replace(settings, dsn=database.dsn)) as booted:
        await booted.runtime()
        await summon(name="leaf", source=LEAF)
        await summon(name="tree", source=TREE)
        yield booted


async def drained(opened: System) -> None:
    await Worker(Carrier(opened.runtime), backoff=AT_ONCE).drain()


async def steps(opened: System, task: TaskBeing) -> dict[str, Any]:
    runtime = await opened.runtime()
    return {step.name: step for step in await runtime.runs.steps(run_of(task.soul))}


async def test_a_task_is_a_run_of_its_owner_with_its_steps(opened: System) -> None:
    put = await Tasks().put("tree", n=4)
    await drained(opened)
    assert (await TaskBeing.load(put.soul)).result == 60
    run = await (await opened.runtime()).runs.of(run_of(put.soul))
    assert run is not None
    assert (run.status, run.genesis["owner"], run.attributes["task"]) == ("done", put.owner, str(put.soul))
    assert sorted(await steps(opened, put)) == [STEP, *(f"{STEP}/{number}" for number in range(1, 5))]


async def test_what_was_recorded_is_not_done_again_though_the_task_had_not_ended(opened: System) -> None:
    put = await Tasks().put("tree", 3)
    await drained(opened)
    before = await steps(opened, put)
    await put_back(put)
    await drained(opened)
    again = await TaskBeing.load(put.soul)
    assert (again.status, again.result, again.token) == ("done", 30, 2)
    assert await steps(opened, put) == before


async def test_a_worker_of_another_machine_goes_on(opened: System) -> None:
    put = await Tasks().put("tree", 3)
    await drained(opened)
    runtime = await opened.runtime()
    there = {"machine": {"id": "another", "name": "there"}, "workspace": f"/nowhere/runs/{run_of(put.soul)}/workspace"}
    await runtime.runs.update(run_of(put.soul), **there)
    await put_back(put)
    await drained(opened)
    assert (await TaskBeing.load(put.soul)).result == 30
    run = await runtime.runs.of(run_of(put.soul))
    assert run is not None
    assert run.attributes["machine"] == runtime.machine.as_json()
    assert run.workspace.is_dir()


async def put_back(task: TaskBeing) -> None:
    """As if the worker had been killed after the record of the call, and before the task's end."""
    await TaskBeing._pool().execute(
        'UPDATE base_beings SET attributes = attributes || \'{"status": "doing", "result": null}\' WHERE soul = $1',
        task.soul,
    )
    assert await Endings().put(given_back(await TaskBeing.load(task.soul)))


async def test_a_run_that_a_hanging_worker_holds_is_made_anew(opened: System, database: Database) -> None:
    put = await Tasks().put("leaf", 4)
    hanging = Runs(database)
    async with hanging.claimed(run_of(put.soul)):
        await drained(opened)
    await hanging.close()
    assert (await TaskBeing.load(put.soul)).result == 40
    assert await steps(opened, put) == {}


async def test_a_failed_call_is_made_again_as_another_attempt_of_its_step(opened: System) -> None:
    await summon(name="bad", source="def function():\n    return 1 / 0\n")
    put = await Tasks().put("bad", retries=2)
    await drained(opened)
    assert (await TaskBeing.load(put.soul)).status == "failed"
    found = await steps(opened, put)
    assert len(found[STEP].attributes["attempts"]) == 2
    run = await (await opened.runtime()).runs.of(run_of(put.soul))
    assert run is not None
    assert run.status == "failed"


async def test_what_nobody_knows_is_a_dead_letter_at_once(opened: System) -> None:
    put = await Tasks().put("nobody")
    await drained(opened)
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt, found.result["code"]) == ("failed", 1, "runtime.being_not_callable")


async def test_a_cancelled_task_stops_its_run(opened: System) -> None:
    await summon(name="endless", source="def function():\n    while True:\n        pass\n", limits={"seconds": 60})
    put = await Tasks().put("endless")
    working = asyncio.create_task(Worker(Carrier(opened.runtime)).drain())
    await wait_for(lambda: is_status(put.soul, "doing"), working)
    await asyncio.sleep(0.2)
    await Tasks().cancel(put.soul)
    await asyncio.wait_for(working, 30)
    run = await (await opened.runtime()).runs.of(run_of(put.soul))
    assert run is not None
    assert run.status == "stopped"


async def test_figures_of_queues_and_their_beings(opened: System) -> None:
    tasks = Tasks()
    for _ in range(3):
        await tasks.put("leaf", 1)
    await drained(opened)
    await tasks.put("leaf", 1, queue="cpu")
    await tasks.put("nobody", queue="mail")
    await Worker(Carrier(opened.runtime), queue="mail").drain()
    found = {one.queue: one for one in await figures()}
    assert list(found) == ["cpu", "io", "mail"]
    assert (found["cpu"].ready, found["io"].ready, found["mail"].dead) == (1, 0, 1)
    assert found["io"].per_second == 3 / 60
    assert found["io"].wait is not None
    assert found["cpu"].longest is not None
    assert found["cpu"].longest > 0
    being = await TaskBeing.db_pool.fetchrow(
        "SELECT genesis, self_awareness FROM base_beings WHERE soul = $1", queue_being("cpu")
    )
    assert (being["genesis"]["name"], being["self_awareness"]["ready"]) == ("cpu", 1)
