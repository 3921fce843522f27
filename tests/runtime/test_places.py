"""Runs on two machines of one database: files stay where they are, and a run that needs them goes on there."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.test_heeded import a_process, agent, done, is_whole, session

from luxos.agent.agent import Agent
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.files import MachineUnfit
from luxos.runtime.errors.runs import RunElsewhere
from luxos.runtime.giving_up import give_up
from luxos.runtime.places import Machine
from luxos.souls.registry import summon

SOULS = {
    "short": "import time\n\ndef function(n):\n    time.sleep(0.3)\n    return n\n",
    "waits": "def function(n):\n    return [execution('short', 1), execution('short', n)]\n",
}
PLAN = 'one = WRITE "a.txt", "1"\n'


@pytest.fixture
async def first(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    async with a_process(settings, database) as runtime:
        for name, source in SOULS.items():
            await summon(name=name, source=source, tier="hermetic")
        yield runtime


@pytest.fixture
async def second(settings: Settings, database: Database, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with a_process(replace(settings, home=tmp_path / "second"), database) as runtime:
        yield runtime


async def moved_away(runtime: Runtime, *before: Any, **how: Any) -> str:
    """A run that waits in its middle, after other calls."""

    async def work(calls: Calls) -> Any:
        for who, arguments in before:
            await calls(who, **arguments)
        return await calls("waits", 2)

    async with session(runtime, work, permissions=["workspace"], **how) as program:
        run = await program.when(done("waits/1"))
        await give_up(runtime, run, "move", 10)
    return run


async def row_of(runtime: Runtime, run: str) -> Any:
    return (await runtime.runs.find(run)).attributes


async def test_a_run_without_files_goes_on_anywhere(first: Runtime, second: Runtime, tmp_path: Path) -> None:
    run = await moved_away(first)
    assert (await row_of(first, run))["machine"] == first.machine.as_json()
    assert (await agent(second, tmp_path).resume(run))["results"] == {"waits": [1, 2]}
    told = await row_of(second, run)
    assert told["machine"] == second.machine.as_json() != first.machine.as_json()
    assert Path(told["workspace"]) == second.settings.home / "runs" / run / "workspace"
    assert Path(told["workspace"]).is_dir()
    assert await is_whole(second, run)


async def test_a_run_that_was_given_a_folder_stays(first: Runtime, second: Runtime, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    run = await moved_away(first, ("file.write", {"path": "a", "text": "b"}), workspace=place)
    for refused in (agent(second, tmp_path).resume, agent(second, tmp_path).undo):
        with pytest.raises(RunElsewhere) as caught:
            await refused(run)
        assert (caught.value.details["machine"], caught.value.details["folder"]) == (first.machine.name, place)
    assert (await row_of(second, run))["machine"] == first.machine.as_json()
    assert (place / "a").read_text() == "b"
    assert (await agent(first, tmp_path).resume(run))["results"]["waits"] == [1, 2]
    assert await is_whole(first, run)


async def test_a_plan_stays(first: Runtime, second: Runtime, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    run = (await agent(first, tmp_path).do_program(PLAN, place))["run"]
    await first.runs.update((await first.runs.find(run)).soul, status="failed")
    for elsewhere in (Agent.resume, Agent.retry, Agent.undo):
        with pytest.raises(RunElsewhere):
            await elsewhere(agent(second, tmp_path), run)
    assert (await give_up(second, run, "cancel", 5)).status == "cancelled"  # needs no files
    assert (await agent(first, tmp_path).undo(run))["restored"] == 1
    assert list(place.iterdir()) == []


async def test_what_is_still_to_be_written_is_written_here(first: Runtime, second: Runtime, tmp_path: Path) -> None:
    """What was cut off before it had changed anything does so where the run goes on."""

    async def work(calls: Calls) -> Any:
        return await calls("test.build")

    async with session(first, work, permissions=["workspace"]) as program:
        run = await program.when(done("test.build/1"))
        await give_up(first, run, "move", 10)
    assert (await agent(second, tmp_path).resume(run))["results"] == {"test.build": list(range(20))}
    assert (await row_of(second, run))["machine"] == second.machine.as_json()


async def test_a_machine_keeps_its_identity(tmp_path: Path) -> None:
    first = Machine.of(tmp_path / "one")
    assert Machine.of(tmp_path / "one") == first != Machine.of(tmp_path / "two")
    (tmp_path / "one" / "runs" / "machine.id").write_bytes(b"\xff")
    with pytest.raises(MachineUnfit):
        Machine.of(tmp_path / "one")
