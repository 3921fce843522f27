"""`kill -9` and SIGSTOP of those who put tasks and carry them out: nothing acknowledged is lost, nothing done twice.

The checker knows only what the killed processes had printed, and what stands in the tables afterwards.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.faults.working_user import TASKS
from tests.plugins.command import Command
from tests.plugins.sampling import WHOLE

from luxos.config import Settings
from luxos.persistence.database import Database

pytestmark = pytest.mark.slow

USER = str(Path(__file__).with_name("working_user.py"))
POINTS = (
    "tasks.putting",
    "tasks.committed",
    "tasks.put",
    "tasks.claimed",
    "tasks.carried",
    "tasks.ending",
    "tasks.ended",
)
REACHED = range(1, 13) if WHOLE else (1, 6)
"""The times at which a point is reached and the process killed there."""
PARTS, MOMENTS = (20, 50) if WHOLE else (1, 12)
SEED = 20261127


class Program:
    """The program, on a database of its own."""

    def __init__(self, process: "subprocess.Popen[str]", database: Database) -> None:
        self._process, self._database = process, database
        self._cases = count()

    def order(self, what: str, case: str, **order: Any) -> dict[str, Any]:
        return self._told({"what": what, "case": case, **order})

    def go_on(self, stopped: dict[str, Any]) -> dict[str, Any]:
        return self._told({"go_on": stopped["pid"]})

    def case(self) -> str:
        return f"case {next(self._cases)}"

    def _told(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    async def rows(self, kind: str, case: str) -> list[Any]:
        """What the tables say of a case: its tasks, or its effects."""
        connection = await asyncpg.connect(self._database.dsn)
        try:
            where = {
                "task": "tags @> '{task}' AND genesis #>> '{arguments,args,0}' = $1",
                "effect": "genesis ->> 'type' = 'effect' AND genesis ->> 'case' = $1",
            }[kind]
            rows = await connection.fetch(f"SELECT genesis, attributes FROM base_beings WHERE {where}", case)  # noqa: S608
            return [(json.loads(row["genesis"]), json.loads(row["attributes"])) for row in rows]
        finally:
            await connection.close()


@pytest.fixture
def program(database: Database, settings: Settings) -> Iterator[Program]:
    environment = {**os.environ, "LUXOS_DSN": database.dsn, "LUXOS_HOME": str(settings.home)}
    process = subprocess.Popen(
        [sys.executable, USER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield Program(process, database)
    process.communicate(timeout=30)


def acknowledged(out: list[str]) -> set[int]:
    return {int(line.split()[1]) for line in out if line.startswith("put ")}


async def problems(program: Program, case: str, out: list[str], **control: Any) -> list[str]:
    """Everything that is not as it should be after a kill, then after others have finished the work."""
    there = {genesis["arguments"]["args"][1] for genesis, _state in await program.rows("task", case)}
    found = [f"{case}: {number} was acknowledged and is not there" for number in acknowledged(out) - there]
    finished = program.order("finish", case, **control)
    assert finished["ended"] == 0, finished
    return found + await unfinished(program, case, list(range(TASKS)))


async def unfinished(program: Program, case: str, numbers: list[int]) -> list[str]:
    tasks, effects = await program.rows("task", case), await program.rows("effect", case)
    found = [f"{case}: {state['status']}" for _genesis, state in tasks if state["status"] != "done"]
    wrong = [genesis for genesis, state in tasks if state["result"] != genesis["arguments"]["args"][1] * 10]
    found += [f"{case}: {genesis['key']} has a wrong result" for genesis in wrong]
    for what, counted in (
        ("tasks", Counter(genesis["arguments"]["args"][1] for genesis, _state in tasks)),
        ("effects", Counter(genesis["number"] for genesis, _state in effects)),
    ):
        found += [f"{case}: {counted[one]} {what} of {one}" for one in numbers if counted[one] != 1]
    return found


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_each_point(program: Program, point: str) -> None:
    for times in REACHED:
        case = program.case()
        killed = program.order("live", case, point=f"{point}:{times}")
        assert killed["ended"] == "killed" or (times > 1 and killed["ended"] == 0), (point, times)  # ends go in batches
        assert await problems(program, case, killed["out"]) == [], (point, times)


@pytest.mark.parametrize("part", range(PARTS))
async def test_killed_at_any_moment(program: Program, part: int) -> None:
    chance = random.Random(SEED + part)  # noqa: S311 - it only has to be mixed
    how = Counter[str]()
    for _moment in range(MOMENTS):
        case = program.case()
        killed = program.order("live", case, after=chance.uniform(0.0, 0.5))
        how[str(killed["ended"])] += 1
        assert await problems(program, case, killed["out"]) == []
    assert how["killed"] >= MOMENTS / 3


async def test_a_program_that_acknowledges_first_is_found(program: Program) -> None:
    """A negative control."""
    case = program.case()
    killed = program.order("live", case, point="tasks.putting", control="acknowledges first")
    assert any("is not there" in problem for problem in await problems(program, case, killed["out"]))


async def test_without_keys_what_is_put_again_is_found_twice(program: Program) -> None:
    """A negative control."""
    case = program.case()
    killed = program.order("live", case, point="tasks.ended:2", control="no dedupe")
    found = await problems(program, case, killed["out"], control="no dedupe")
    assert any("2 tasks of" in problem for problem in found)
    assert any("2 effects of" in problem for problem in found)


async def hung(program: Program, control: str) -> tuple[str, list[str]]:
    """One worker hangs, another one does its task, the first one goes on."""
    case = program.case()
    stopped = program.order("hang", case, control=control)
    assert stopped["ended"] == "stopped"
    assert program.order("drained", case)["ended"] == 0
    assert await unfinished(program, case, [1]) == []
    assert program.go_on(stopped)["ended"] == 0
    return case, await unfinished(program, case, [1])


async def test_a_worker_that_hangs_loses_its_task_and_writes_nothing_more(program: Program) -> None:
    case, found = await hung(program, "")
    assert found == []
    ((genesis, state),) = await program.rows("task", case)
    ((effect, _none),) = await program.rows("effect", case)
    assert (genesis["key"], state["token"], effect["token"]) == (f"{case} 1", 2, 2)


async def test_without_the_fence_a_worker_that_hung_does_it_a_second_time(program: Program) -> None:
    """A negative control."""
    case, found = await hung(program, "no fence")
    assert found == [f"{case}: 2 effects of 1"]


@pytest.mark.parametrize("point", ["step.ready", "record.sent", "tasks.ending"] if WHOLE else ["record.sent"])
def test_a_killed_worker_of_luxos_is_followed_by_another(quick_luxos: Command, point: str) -> None:
    """The whole way: what the run had recorded is there, and is not done again."""
    luxos = quick_luxos
    summon = "import asyncio, luxos\nasync def main():\n    async with luxos.open() as lux:\n        "
    summon += "await lux.summon(name='ten', source='def function(n):\\n    return n * 10\\n')\nasyncio.run(main())"
    subprocess.run([sys.executable, "-c", summon], env=luxos.environment, check=True, timeout=60)
    task = luxos("task", "add", "ten", "4", "--json").json["task"]
    assert luxos("task", "work", LUXOS_FAULTPOINT=point, LUXOS_TASK_LEASE="1").code == -signal.SIGKILL
    before = luxos("task", "show", task, "--json").json
    recorded = [step for step in luxos("show", before["run"], "--json").json["steps"] if step["status"] == "done"]
    assert (before["status"], len(recorded)) == ("doing", 0 if point == "step.ready" else 1)
    assert until_done(luxos, task)["result"] == 40
    run = luxos("show", before["run"], "--json").json
    assert (run["status"], run["chain_whole"], len(run["steps"])) == ("done", True, 1)
    assert recorded in ([], run["steps"])


def until_done(luxos: Command, task: str) -> Any:
    """Others work until the task has ended; its lease has to run out before."""
    until = time.monotonic() + 60
    while (found := luxos("task", "show", task, "--json").json)["status"] != "done":
        assert time.monotonic() < until, found
        luxos("task", "work", "--until-empty", LUXOS_TASK_LEASE="1")
    return found
