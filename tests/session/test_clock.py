"""The clock of the machine is wrong for a while, ahead or behind: nothing is lost, stands still or comes twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from luxos.beings import memories
from luxos.beings.being import BaseBeing
from luxos.beings.energy import gain, level, set_policy, spend
from luxos.beings.task import TaskBeing
from luxos.config import Settings
from luxos.runtime.retention import Cleaning, clean, preview
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.claiming import Claiming
from luxos.runtime.tasks.cron import Cron
from luxos.runtime.tasks.errors import WorkFailed
from luxos.runtime.tasks.lease import SECONDS, Lease, take_over
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.schedules import Scheduler, Schedules
from luxos.runtime.tasks.worker import Worker
from luxos.souls.aliases import history
from luxos.souls.archive import Archive
from luxos.souls.registry import Soul, summon
from luxos.souls.report import ulid
from luxos.souls.reports import catch_up
from luxos.souls.validation import validate

if TYPE_CHECKING:
    from tests.plugins.clock import Clock

pytest_plugins = ("tests.plugins.clock",)
YEARS = 365 * 4


async def test_the_clock_moves(clock: Clock) -> None:
    """The control: without it, nothing here would show anything."""
    shown = await clock.database.pool.fetchval("SELECT clock_timestamp()")
    await clock.move(days=YEARS)
    moved = await clock.database.pool.fetchval("SELECT clock_timestamp()")
    assert timedelta(days=YEARS) <= moved - shown < timedelta(days=YEARS, minutes=5)
    being = BaseBeing(genesis={"type": "note"})
    being.remember("looked")
    assert datetime.fromisoformat(being.memories[0]["at"]) > datetime.now(UTC) + timedelta(days=YEARS - 1)


async def test_memories_stay_in_the_order_of_their_numbers(clock: Clock) -> None:
    being = BaseBeing(genesis={"type": "note"})
    await being.save()
    for number in range(120):
        await clock.move(hours=(3, -2, 0, -5)[number % 4])
        being.remember("counted", number=number)
        await being.save()
    told = [memory async for memory in memories.history(being.soul)]
    assert [memory["number"] for memory in told] == list(range(120))
    back = [memory["number"] async for memory in memories.history(being.soul, backwards=True)]
    assert back == list(range(119, -1, -1))
    for one in told[::7]:
        moment = datetime.fromisoformat(one["at"])
        first = next(memory["number"] for memory in told if memory["at"] >= one["at"])
        since = [memory["number"] async for memory in memories.history(being.soul, since=moment)]
        assert since == list(range(first, 120))
        last = max(memory["number"] for memory in told if memory["at"] <= one["at"])
        until = [memory["number"] async for memory in memories.history(being.soul, since=moment, backwards=True)]
        assert until == list(range(last, -1, -1))


async def test_the_newest_memories_are_found_without_reading_the_others(clock: Clock) -> None:
    being = BaseBeing(genesis={"type": "note"})
    await being.save()
    for number in range(60):
        being.remember("counted", number=number)
        await being.save()
    newest = datetime.fromisoformat(being.memories[-1]["at"])
    row = await clock.database.pool.fetchval(
        clock.database.queries["memories_since"], being.soul, newest.isoformat(timespec="microseconds")
    )
    assert row >= 32
    assert [memory["number"] async for memory in memories.history(being.soul, since=newest)] == [59]


async def test_energy_returns_after_the_clock_was_ahead(clock: Clock) -> None:
    being = BaseBeing(genesis={"type": "worker"}, energy_level=10)
    await being.save()
    await set_policy(being.soul, capacity=10, per_hour=2)
    await spend(being.soul, 10)
    await clock.move(days=YEARS)
    assert (await spend(being.soul, 10)).level == 0  # four years went by, as far as anybody can know
    await clock.set_right()
    assert (await level(being.soul)).level == 0
    assert (await gain(being.soul, 1)).level == 1
    await clock.move(hours=2)
    assert (await level(being.soul)).level == 5
    assert (await spend(being.soul, 5)).level == 0


async def test_a_small_step_back_brings_nothing_twice(clock: Clock) -> None:
    being = BaseBeing(genesis={"type": "worker"})
    await being.save()
    await set_policy(being.soul, capacity=100, per_hour=60)
    for _ in range(10):
        await clock.move(minutes=30)
        await gain(being.soul, 1)
        await clock.move(minutes=-29)
    assert (await level(being.soul)).level in (10 + 30 + 9, 10 + 30 + 9 + 1)


async def test_a_version_of_a_clock_that_was_ahead_hides_none_after_it(clock: Clock, settings: Settings) -> None:
    archive = Archive(settings.home)
    await summon(name="f", source="def function():\n    return 1\n")
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=YEARS)
    await clock.database.pool.execute("UPDATE base_beings SET created_at = $1 WHERE tags @> '{soul}'", ahead)
    await catch_up(archive)
    await summon(name="f", source="def function():\n    return 2\n")
    assert await catch_up(archive) == [(await Soul.of("f")).hash]
    assert [finding async for finding in validate(archive)] == []


async def test_versions_of_an_alias_keep_their_order(clock: Clock) -> None:
    for number in range(4):
        await summon(name="f", source=f"def function():\n    return {number}\n")
        await clock.move(hours=-30)
    told = await history("f")
    assert [one["version"] for one in told] == [1, 2, 3, 4]
    assert told[0]["at"] > told[3]["at"]
    assert (await Soul.of("f")).hash == told[3]["hash"]
    assert len({ulid(clock.now(), one["hash"]) for one in told}) == 4  # of one moment, and none is another's


async def test_a_save_knows_other_writers_whatever_the_clock_says(clock: Clock) -> None:
    being = BaseBeing(genesis={"type": "note"}, attributes={"a": 0})
    await being.save()
    other = await BaseBeing.load(being.soul)
    await clock.move(days=-YEARS)
    being.attributes["a"] = 1
    await being.save()
    other.attributes["b"] = 2
    await other.save()
    assert (await BaseBeing.load(being.soul)).attributes == {"a": 1, "b": 2}


async def test_a_schedule_goes_on_after_the_clock_was_ahead(clock: Clock) -> None:
    await Schedules("ala").add("report", Cron("0 8 * * *", "Europe/Warsaw"), "vat", [1], {})
    scheduler = Scheduler(100)
    await clock.move(days=YEARS)
    await scheduler.fire()
    (task,) = await tasks()
    await clock.set_right()
    await scheduler.fire()
    (schedule,) = await Schedules("ala").all()
    assert timedelta() < schedule.next - clock.now() <= timedelta(days=1, hours=1)
    assert len(await tasks()) == 1
    await clock.move(days=2)
    await scheduler.fire()
    assert len(await tasks()) == 2
    assert task.soul in {one.soul for one in await tasks()}


class Longest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


async def double(task: TaskBeing) -> int:
    return int(task.args[0]) * 2


async def state_of(soul: UUID) -> tuple[str, list[str]]:
    found = await TaskBeing.load(soul)
    return found.status, [memory["kind"] for memory in found.memories]


async def test_a_task_that_was_put_while_the_clock_was_ahead_is_carried_out(clock: Clock) -> None:
    await clock.move(days=YEARS)
    alone = await Tasks().put("vat", 1)
    many = await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(600)])
    async with BaseBeing.transaction() as lent:
        inside = await Tasks().put("vat", 2, connection=lent)
    await clock.set_right()
    right = await Tasks().put("vat", 3)
    await Worker(double).drain()
    for soul in (alone.soul, *many, inside.soul):
        assert await state_of(soul) == ("done", ["clock"])
    assert await state_of(right.soul) == ("done", [])
    began = [(await TaskBeing.load(soul)).attributes["began"] for soul in many[::50]]
    assert began == sorted(began)  # they keep their order


async def test_what_somebody_wrote_into_a_task_keeps_nobody_from_the_others(clock: Clock) -> None:
    await clock.move(days=YEARS)
    put = await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(8)])
    set_at = "UPDATE base_beings SET attributes = attributes || $2 WHERE soul = $1"
    hostile = [{"at": True}, {"at": []}, {"at": {}}, {"seen": "x"}, {"seen": []}, {"seen": None}, {"at": 1e300}]
    for soul, told in zip(put, hostile, strict=False):
        await clock.database.pool.execute(set_at, soul, told)
    await clock.database.pool.execute("UPDATE base_beings SET created_at = 'infinity' WHERE soul = $1", put[-2])
    await clock.set_right()
    await take_over(Backoff())
    await Worker(double).drain()
    assert await state_of(put[-1]) == ("done", ["clock"])


async def test_a_moment_that_a_person_named_stays(clock: Clock) -> None:
    later = clock.now() + timedelta(days=YEARS + 1)
    await clock.move(days=YEARS)
    put = await Tasks().put("vat", 1, at=later)
    await clock.set_right()
    tomorrow = await Tasks().put("vat", 2, at=clock.now() + timedelta(days=1))
    await Worker(double).drain()
    assert [await state_of(soul) for soul in (put.soul, tomorrow.soul)] == [("todo", [])] * 2
    await clock.move(days=YEARS + 2)
    await Worker(double).drain()
    assert [await state_of(soul) for soul in (put.soul, tomorrow.soul)] == [("done", [])] * 2


async def test_another_attempt_comes_after_its_pause_and_not_after_years(clock: Clock) -> None:
    fails = True

    async def sometimes(task: TaskBeing) -> int:
        if fails:
            raise WorkFailed(kind="ValueError", said="not yet")
        return await double(task)

    await clock.move(days=YEARS)
    failed, again = await Tasks().put("vat", 1), await Tasks().put("vat", 2, retries=0)
    await Worker(sometimes, backoff=Backoff(first=30.0, chance=Longest())).drain()
    await Tasks().send_again(again.soul)
    await clock.set_right()
    fails = False
    await Worker(sometimes).drain()
    assert (await state_of(again.soul))[0] == "done"
    assert await state_of(failed.soul) == ("todo", ["attempt", "clock"])
    waits = (await TaskBeing.load(failed.soul)).attributes["at"] / 1e6 - clock.now().timestamp()
    assert waits < 31
    await clock.move(minutes=1)
    await Worker(sometimes).drain()
    assert (await state_of(failed.soul))[0] == "done"


async def test_what_a_worker_had_that_died_while_the_clock_was_ahead_goes_on(clock: Clock) -> None:
    put = await Tasks().put("vat", 1)
    await clock.move(days=YEARS)
    lease = Lease("io")
    await lease.begin()
    ((claimed, _now),) = await Claiming("io").claim(lease.worker, 1, {}, 9)
    assert claimed.soul == put.soul
    await clock.set_right()
    await take_over(Backoff(first=0.0))
    assert (await state_of(put.soul))[0] == "doing"  # it may still live, and then renews its lease within a third of it
    await clock.move(seconds=SECONDS + 1)
    await take_over(Backoff(first=0.0))
    await Worker(double).drain()
    assert await state_of(put.soul) == ("done", ["attempt"])


async def test_a_worker_that_lives_keeps_what_it_has_when_the_clock_is_set_right(clock: Clock) -> None:
    await Tasks().put("vat", 1)
    await clock.move(days=YEARS)
    lease = Lease("io")
    await lease.begin()
    await Claiming("io").claim(lease.worker, 1, {}, 9)
    await clock.set_right()
    await take_over(Backoff(first=0.0))
    assert await lease.renew()
    await clock.move(seconds=SECONDS - 1)
    await take_over(Backoff(first=0.0))
    assert len(await lease.held()) == 1


async def test_a_long_lease_is_none_of_a_clock_that_was_ahead(clock: Clock) -> None:
    await Tasks().put("vat", 1)
    lease = Lease("io", 3 * 3600.0)
    await lease.begin()
    await Claiming("io").claim(lease.worker, 1, {}, 9)
    await take_over(Backoff(first=0.0))
    await clock.move(hours=1)
    await take_over(Backoff(first=0.0))
    assert len(await lease.held()) == 1


async def test_nothing_young_goes_while_the_clock_is_behind(clock: Clock, settings: Settings) -> None:
    await clock.move(days=-YEARS)
    being = BaseBeing(tags=["conversation"], genesis={"type": "conversation", "created_at": memories.now()})
    await being.save()
    await clean(clock.database, settings, Cleaning())
    assert await BaseBeing.find(being.soul) is not None
    await clock.set_right()
    assert [part.kind for part in await preview(clock.database, settings)] == ["conversations"]


async def tasks() -> list[TaskBeing]:
    rows = await BaseBeing._pool().fetch("SELECT * FROM base_beings WHERE tags @> '{task}'")
    return [TaskBeing._of(row) for row in rows]
