"""Schedules: one task for each moment, whoever fires; what was missed is told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.runtime.tasks.cron import Cron
from luxos.runtime.tasks.errors import ScheduleAmbiguous, ScheduleDiffers, ScheduleUnknown
from luxos.runtime.tasks.queue import Tasks, microseconds
from luxos.runtime.tasks.schedules import Schedule, Scheduler, Schedules
from luxos.runtime.tasks.worker import POLL, Worker

pytestmark = pytest.mark.usefixtures("database")
DAILY, MINUTELY = Cron("0 8 * * *", "Europe/Warsaw"), Cron("* * * * *", "Europe/Warsaw")
OPTIONS = {"queue": "io", "priority": 0, "retries": 3}


async def add(cron: Cron = DAILY, name: str | None = "report", number: int = 100, **options: Any) -> Schedule:
    return await Schedules("ala").add(name, cron, "vat", [number], {"rate": 8}, **{**OPTIONS, **options})


async def due_since(schedule: Schedule, moment: datetime) -> None:
    """As if nobody had worked since then."""
    await BaseBeing._pool().execute(
        "UPDATE base_beings SET attributes = attributes || jsonb_build_object('next', $2::BIGINT) WHERE soul = $1",
        schedule.soul,
        microseconds(moment),
    )


async def tasks() -> list[TaskBeing]:
    rows = await BaseBeing._pool().fetch("SELECT * FROM base_beings WHERE tags @> '{task}' ORDER BY attributes -> 'at'")
    return [TaskBeing._of(row) for row in rows]


def last(cron: Cron) -> datetime:
    found = cron.latest(datetime.now(UTC))
    assert found is not None
    return found


async def test_each_task_of_a_schedule_is_granted_what_the_schedule_says() -> None:
    first = await add(MINUTELY, permissions=["host:b:1", "external", "host:b:1"])
    assert first.task(first.next).permissions == ["external", "host:b:1"]
    await due_since(first, last(MINUTELY))
    await Scheduler(10).fire()
    assert [task.permissions for task in await tasks()] == [["external", "host:b:1"]]
    with pytest.raises(ScheduleDiffers):
        await add(MINUTELY)


async def test_a_schedule_is_added_once_listed_and_removed() -> None:
    first = await add()
    assert first.next == DAILY.after(datetime.now(UTC))
    assert (await add()).soul == first.soul
    with pytest.raises(ScheduleDiffers):
        await add(number=1)
    unnamed = await add(name=None)
    assert unnamed.name.startswith("0 8 * * * Europe/Warsaw")
    assert [one.name for one in await Schedules("ala").all()] == [unnamed.name, "report"]
    assert await Schedules("ola").all() == []
    with pytest.raises(ScheduleUnknown):
        await Schedules("ola").remove("report")
    with pytest.raises(ScheduleAmbiguous):
        await Schedules("ala").remove(first.genesis["who"])
    await Schedules("ala").remove(str(first.soul)[:13])
    assert [one.name for one in await Schedules("ala").all()] == [unnamed.name]
    await Schedules("ala").remove(first.genesis["who"])
    assert (await add(number=1)).next == first.next


async def test_nothing_is_put_before_its_moment() -> None:
    await add()
    assert 0 < await Scheduler(100).fire() <= 86_400
    assert await tasks() == []


async def test_what_is_due_is_put_with_its_moment_and_the_next_one_follows() -> None:
    added, moment = await add(queue="mail", priority=5), last(DAILY)
    await due_since(added, moment)
    await Scheduler(100).fire()
    (task,) = await tasks()
    assert (task.who, task.args, task.kwargs, task.owner, task.queue) == ("vat", [100], {"rate": 8}, "ala", "mail")
    assert (task.genesis["key"].endswith(moment.isoformat()), task.attributes["priority"]) == (True, 5)
    (now,) = await Schedules("ala").all()
    assert (now.next, now.missed) == (DAILY.after(datetime.now(UTC)), 0)


async def test_what_was_missed_is_told_and_the_newest_carried_out() -> None:
    added, moment = await add(), last(DAILY)
    since = moment - timedelta(days=3)
    await due_since(added, since)
    await Scheduler(100).fire()
    (task,) = await tasks()
    assert task.genesis["key"].endswith(moment.isoformat())
    (now,) = await Schedules("ala").all()
    assert now.missed == DAILY.count(since, moment) == 3
    (told,) = (await BaseBeing.load(added.soul)).memories
    assert (told["kind"], told["count"], told["carried_out"]) == ("missed", 3, moment.isoformat())


async def test_many_who_fire_at_once_put_each_moment_once() -> None:
    schedules = [await add(DAILY, f"report {number}") for number in range(10)]
    for one in schedules:
        await due_since(one, last(DAILY))
    await asyncio.gather(*(Scheduler(100).fire() for _ in range(8)))
    assert len(await tasks()) == 10


async def test_a_moment_that_was_put_already_is_not_put_again() -> None:
    """What the lock of the row prevents, the key prevents too: here the schedule is set back by hand."""
    added = await add()
    for _time in range(3):
        await due_since(added, last(DAILY))
        await Scheduler(100).fire()
    assert len(await tasks()) == 1


async def test_without_the_key_it_would_be_put_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    call = TaskBeing.call
    monkeypatch.setattr(TaskBeing, "call", lambda *args, **options: call(*args, **{**options, "key": None}))
    added = await add()
    for _time in range(3):
        await due_since(added, last(DAILY))
        await Scheduler(100).fire()
    assert len(await tasks()) == 3


async def test_what_cannot_be_put_is_told_and_tried_again_and_others_are_put() -> None:
    full, other = await add(name="a", queue="full"), await add(name="b")
    await Tasks(owner="ala").put("vat", queue="full")
    for one in (full, other):
        await due_since(one, last(DAILY))
    assert await Scheduler(1).fire() <= 86_400
    assert sorted(str(task.queue) for task in await tasks()) == ["full", "io"]
    one, _other = await Schedules("ala").all()
    assert one.attributes["trouble"]["code"] == "runtime.queue_full"
    assert one.next == last(DAILY)
    await Scheduler(100).fire()
    assert len(await tasks()) == 3
    one, _other = await Schedules("ala").all()
    assert "trouble" not in one.attributes


async def test_a_scheduler_hears_of_a_new_schedule_and_a_worker_does_what_is_due() -> None:
    done: list[Any] = []

    async def note(task: TaskBeing) -> None:
        done.append(task.args)

    scheduling = asyncio.create_task(Scheduler(100).run())
    working = asyncio.create_task(Worker(note).run())
    try:
        await asyncio.sleep(0.3)
        added = await add(MINUTELY)
        await due_since(added, last(MINUTELY))
        async with asyncio.timeout(2 * POLL + 20):
            while not done:
                assert not scheduling.done()
                await asyncio.sleep(0.05)
    finally:
        for task in (scheduling, working):
            task.cancel()
        await asyncio.gather(scheduling, working, return_exceptions=True)
    assert done[0] == [100]
