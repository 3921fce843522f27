"""Records in batches: in their order, once, whole chains, whatever the connection does meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.plugins.steps import begun, ended

from luxos.beings.function import FunctionBeing
from luxos.beings.removal import purge, purge_preview
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.errors import DatabaseLost
from luxos.runtime.call import Call, Outcome
from luxos.runtime.errors.runs import RunTaken
from luxos.runtime.recorder import Record, Recorder
from luxos.runtime.runs import Runs, chain_is_whole
from luxos.runtime.steps import Step, StepRecord

FAILURE = {"code": "x", "message": "y", "details": {}}


class World:
    """A database with a callee, and runs that this process holds."""

    def __init__(self, database: Database, callee: FunctionBeing) -> None:
        self.database, self.callee, self.runs = database, callee, Runs(database)

    def call(self, run: UUID, step: str, parent: str | None = None) -> Call:
        return Call(run, step, self.callee, {"x": step}, parent)

    async def begin(self, run: UUID) -> None:
        await self.runs.create(run, "a goal", "", Path("/tmp"), "tester", {})

    async def steps(self, run: UUID) -> dict[str, Step]:
        return {step.name: step for step in await self.runs.steps(run)}

    async def is_whole(self, run: UUID) -> bool:
        return chain_is_whole(await self.runs.find(str(run)), await self.runs.steps(run))


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    callee = FunctionBeing.of("f", "def function(x):\n    return x\n")
    await callee.save()
    made = World(database, callee)
    yield made
    await made.runs.close()


async def test_what_ends_while_a_batch_is_written_is_the_next_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    send = Recorder._send_all

    async def counted(self: Recorder, batch: list[Record]) -> set[UUID]:
        sizes.append(len(batch))
        return await send(self, batch)

    monkeypatch.setattr(Recorder, "_send_all", counted)
    runs = [uuid4() for _ in range(3)]
    async with world.runs.claimed(runs[0]), world.runs.claimed(runs[1]), world.runs.claimed(runs[2]):
        for run in runs:
            await world.begin(run)
        calls = [world.call(run, f"s{number}") for number in range(30) for run in runs]
        records = [StepRecord(world.runs.recorder, call, "tester") for call in calls]
        await asyncio.gather(*(record.end(Outcome(1)) for record in records))
    assert sum(sizes) == 90
    assert len(sizes) < 5
    for run in runs:
        assert len(await world.steps(run)) == 30
        assert await world.is_whole(run)


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_of_records_in_batches_of_any_size(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that begin, tell something, end, fail and are tried again: the last word stands, and all attempts."""
    chance = random.Random(seed)  # noqa: S311 - it only has to be mixed
    monkeypatch.setattr("luxos.runtime.recorder.MOST", chance.randrange(1, 6))
    run, model = uuid4(), dict[str, list[str]]()
    async with world.runs.claimed(run):
        await world.begin(run)
        open_: dict[str, StepRecord] = {}
        last: Any = None
        for _turn in range(60):
            name = f"s{chance.randrange(5)}"
            if name not in open_:
                open_[name] = StepRecord(world.runs.recorder, world.call(run, name), "tester")
                model.setdefault(name, [])
            record = open_[name]
            match chance.randrange(4):
                case 0:
                    last = record.begin({"frozen": {"at": chance.random()}})
                case 1:
                    last = record.begin()
                case 2:
                    last = record.end(FAILURE)
                    model[name].append("failed")
                    del open_[name]
                case 3:
                    last = record.end(Outcome({"number": chance.random()}))
                    model[name].append("done")
                    del open_[name]
            if chance.random() < 0.3:
                await asyncio.sleep(0)
        await last
        left = {name for name, record in open_.items() if record.begun}
    steps = await world.steps(run)
    assert await world.is_whole(run)
    for name, attempts in model.items():
        if not attempts and name not in left:
            assert name not in steps
            continue
        found = [one["status"] for one in (*steps[name].attributes.get("attempts", ()), steps[name].attributes)]
        assert found == [*attempts, *(["started"] if name in left else [])]
        assert "frozen" not in steps[name].attributes or name in left


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_lost_before_or_after_the_commit_writes_once(
    world: World, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, cuts = Recorder._send_all, iter([True, True, False])

    async def cut(self: Recorder, batch: list[Record]) -> set[UUID]:
        if not next(cuts, False):
            return await send(self, batch)
        if when == "after":
            await send(self, batch)
        raise DatabaseLost(reason="cut")

    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        await ended(world.runs, world.call(run, "a"), FAILURE)
        monkeypatch.setattr(Recorder, "_send_all", cut)
        await ended(world.runs, world.call(run, "a"), Outcome(2))
        await ended(world.runs, world.call(run, "b"), Outcome(3))
    steps = await world.steps(run)
    assert [step.status for step in steps.values()] == ["done", "done"]
    assert [one["status"] for one in steps["a"].attributes["attempts"]] == ["failed"]
    assert await world.is_whole(run)


async def test_lost_for_good_is_told_and_the_run_goes_on_from_what_was_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(self: Recorder, batch: list[Record]) -> set[UUID]:
        raise DatabaseLost(reason="gone")

    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        await ended(world.runs, world.call(run, "a"), Outcome(1))
        with monkeypatch.context() as patch:
            patch.setattr(Recorder, "_send_all", lost)
            patch.setattr("luxos.runtime.recorder._FIRST_WAIT", 0.001)
            unheard = StepRecord(world.runs.recorder, world.call(run, "b"), "tester").end(Outcome(2))
            with pytest.raises(DatabaseLost):
                await ended(world.runs, world.call(run, "c"), Outcome(3))
            assert isinstance(unheard.exception(), DatabaseLost)
        with pytest.raises(DatabaseLost):
            await ended(world.runs, world.call(run, "d"), Outcome(4))
    assert set(await world.steps(run)) == {"a"}
    async with world.runs.claimed(run):
        await ended(world.runs, world.call(run, "d"), Outcome(4))
    assert set(await world.steps(run)) == {"a", "d"}
    assert await world.is_whole(run)


async def test_one_run_that_was_taken_over_is_no_matter_of_the_others(world: World) -> None:
    one, other = uuid4(), uuid4()
    async with world.runs.claimed(one), world.runs.claimed(other):
        await world.begin(one)
        await world.begin(other)
        taken = "UPDATE base_beings SET attributes = jsonb_set(attributes, '{holder}', '\"another\"') WHERE soul = $1"
        await world.database.pool.execute(taken, one)
        calls = [world.call(run, f"s{number}") for number in range(9) for run in (one, other)]
        done = [StepRecord(world.runs.recorder, call, "tester").end(Outcome(1)) for call in calls]
        told = await asyncio.gather(*done, return_exceptions=True)
    assert {type(error) for error in told[::2]} == {RunTaken}
    assert set(told[1::2]) == {None}
    assert await world.steps(one) == {}
    assert len(await world.steps(other)) == 9


async def test_a_callee_that_was_purged_while_it_ran_leaves_its_step(world: World) -> None:
    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        record = StepRecord(world.runs.recorder, world.call(run, "a"), "tester")
        await purge(world.callee.soul, confirm=await purge_preview(world.callee.soul))
        await record.end(Outcome(1))
    (step,) = (await world.steps(run)).values()
    assert (step.callee, step.genesis["callee"]) == (run, str(world.callee.soul))
    assert await world.is_whole(run)
    moved = "UPDATE relationships SET target_soul = $2 WHERE id = $1"
    other = FunctionBeing.of("g", "def function():\n    return 1\n")
    await other.save()
    await world.database.pool.execute(moved, step.id, other.soul)
    assert not await world.is_whole(run)


async def test_what_no_row_can_hold_is_refused_before_the_chain_goes_on(world: World) -> None:
    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        for wrong in (float("nan"), "\0", {1, 2}, "\ud800"):
            with pytest.raises(LuxError):
                StepRecord(world.runs.recorder, world.call(run, "a"), "tester").end(Outcome(wrong))
        await ended(world.runs, world.call(run, "b"), Outcome(1))
    assert await world.is_whole(run)


async def test_the_head_of_a_run_whose_process_died_is_found_among_its_steps(world: World) -> None:
    """The row of the run knows of fewer links than there are; the next one who takes it up goes on behind the last."""
    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        for number in range(3):
            await ended(world.runs, world.call(run, f"s{number}"), Outcome(number))
    first = (await world.steps(run))["s0"].attributes["chain"]
    await world.runs.update(run, chain=first)
    assert await world.is_whole(run)  # it says that it is running
    async with world.runs.claimed(run):
        await begun(world.runs, world.call(run, "s3"))
        await ended(world.runs, world.call(run, "s4"), Outcome(4))
        await world.runs.update(run, status="done")
    found = await world.runs.find(str(run))
    assert found.attributes["chain"]["seq"] == 4
    assert await world.is_whole(run)


async def test_the_row_of_a_run_never_names_a_link_that_a_crash_can_take(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head is written between two batches, while what the next one will write is recorded already."""
    monkeypatch.setattr("luxos.runtime.recorder._HEADS_EVERY", 0.0)
    send, written, hold = Recorder._send_all, asyncio.Event(), asyncio.Event()

    async def send_once(self: Recorder, batch: list[Record]) -> set[UUID]:
        if written.is_set():
            await hold.wait()  # as long as the process is alive
        return await send(self, batch)

    heads = Recorder._write_heads

    async def write_heads(self: Recorder, runs: list[UUID]) -> None:
        await heads(self, runs)
        written.set()

    monkeypatch.setattr(Recorder, "_send_all", send_once)
    monkeypatch.setattr(Recorder, "_write_heads", write_heads)
    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        first = StepRecord(world.runs.recorder, world.call(run, "a"), "tester").end(Outcome(1))
        await asyncio.sleep(0)  # the first is on its way
        second = StepRecord(world.runs.recorder, world.call(run, "b"), "tester").end(Outcome(2))
        await first
        await written.wait()
        on_disk, in_row = set(await world.steps(run)), (await world.runs.find(str(run))).attributes["chain"]["seq"]
        was_whole = await world.is_whole(run)
        hold.set()
        await second
    assert (on_disk, in_row, was_whole) == ({"a"}, 1, True)
    assert (await world.runs.find(str(run))).attributes["chain"]["seq"] == 2
    assert await world.is_whole(run)


@pytest.mark.parametrize("times", [1, 2])
async def test_the_newest_link_is_found_in_an_attempt_before(world: World, times: int) -> None:
    """The step that failed last was begun again, once or more, and its process died."""
    run = uuid4()
    async with world.runs.claimed(run):
        await world.begin(run)
        before = (await world.runs.find(str(run))).attributes["chain"]
        await ended(world.runs, world.call(run, "a"), FAILURE)
        for _time in range(times):
            await begun(world.runs, world.call(run, "a"))
    await world.runs.update(run, chain=before)
    async with world.runs.claimed(run):
        await ended(world.runs, world.call(run, "b"), Outcome(4))
    assert (await world.runs.find(str(run))).attributes["chain"]["seq"] == 2
    assert await world.is_whole(run)
