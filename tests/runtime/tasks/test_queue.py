"""Putting: what is put is there once, under a key whoever puts it, and no more than may wait."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import AttributeUnfit, BeingDeleted, BeingInvalid, BeingUnknown, TaskInvalid, TaskNotReady
from luxos.beings.removal import delete
from luxos.beings.task import TaskBeing
from luxos.errors import LuxError
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.runtime.tasks import bound
from luxos.runtime.tasks.errors import QueueFull, TaskDiffers
from luxos.runtime.tasks.queue import Tasks, microseconds

pytestmark = pytest.mark.usefixtures("database")


async def count() -> int:
    found: int = await BaseBeing.db_pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{task}'")
    return found


async def test_a_task_is_put_as_it_was_said() -> None:
    due = datetime(2030, 1, 2, tzinfo=UTC)
    put = await Tasks(owner="ala").put("vat", 100, queue="mail", priority=7, retries=2, deadline=due, rate=8)
    found = await BaseBeing.load(put.soul)
    assert isinstance(found, TaskBeing)
    assert (found.who, found.args, found.kwargs) == ("vat", [100], {"rate": 8})
    assert (found.queue, found.owner, found.priority, found.retries) == ("mail", "ala", 7, 2)
    assert (found.status, found.due, found.attempt, found.token) == ("todo", due, 0, 0)


async def test_a_moment_that_is_over_is_no_time_of_waiting() -> None:
    first, gone = await Tasks().put("vat", 1), await Tasks().put("vat", 2, at=datetime(2020, 1, 1, tzinfo=UTC))
    assert gone.attributes["at"] >= first.attributes["at"]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert (await Tasks().put("vat", 3, at=later)).attributes["at"] == microseconds(later)


async def test_what_has_ended_is_told_in_a_sentence() -> None:
    put = await Tasks().put("vat", 1)
    await Tasks().cancel(put.soul)
    for work in (Tasks().cancel, Tasks().send_again):
        with pytest.raises(TaskNotReady) as refused:
            await work(put.soul)
        for language, words in (("en", "has ended"), ("pl", "już się zakończyło")):
            with speaking(language):
                assert words in str(refused.value)


async def test_moments_and_tuples_among_the_arguments_are_kept_as_json() -> None:
    put = await Tasks().put("vat", datetime(2026, 1, 2, tzinfo=UTC), (1, 2), who_for=uuid4())
    assert put.args == ["2026-01-02T00:00:00+00:00", [1, 2]]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"queue": "No Name"}, TaskInvalid),
        ({"queue": ""}, TaskInvalid),
        ({"queue": 7}, TaskInvalid),
        ({"priority": 101}, TaskInvalid),
        ({"priority": 1.5}, TaskInvalid),
        ({"retries": -1}, TaskInvalid),
        ({"retries": True}, TaskInvalid),
        ({"key": ""}, TaskInvalid),
        ({"key": "x" * 1001}, TaskInvalid),
        ({"key": "a\0b"}, BeingInvalid),
        ({"permissions": [""]}, TaskInvalid),
        ({"permissions": [7]}, TaskInvalid),
        ({"permissions": ["a\0b"]}, BeingInvalid),
        ({"deadline": "tomorrow"}, TaskInvalid),
        ({"at": 12}, TaskInvalid),
        ({"net": float("nan")}, BeingInvalid),
        ({"net": object()}, BeingInvalid),
        ({"net": {1: 2}}, BeingInvalid),
        ({"net": "x" * (17 << 20)}, BeingInvalid),
    ],
)
async def test_what_is_no_task_is_refused_in_a_sentence(given: dict[str, Any], error: type[LuxError]) -> None:
    with pytest.raises(error) as caught:
        await Tasks().put("vat", **given)
    for language in ("en", "pl"):
        with speaking(language):
            assert str(caught.value).count("{") == 0
    assert await count() == 0


@pytest.mark.parametrize("who", ["", "x" * 501, "a\ud800"])
async def test_whom_a_task_calls_has_a_name(who: str) -> None:
    with pytest.raises((TaskInvalid, BeingInvalid)):
        await Tasks().put(who)


async def test_under_a_key_it_is_one_task_and_another_is_told() -> None:
    one = await Tasks().put("vat", 100, key="invoice 7")
    again = await Tasks().put("vat", 100, key="invoice 7", priority=9)
    assert (again.soul, again.priority) == (one.soul, 0)
    for other in (("vat", 101), ("tax", 100)):
        with pytest.raises(TaskDiffers) as caught:
            await Tasks().put(*other, key="invoice 7")
    assert "'invoice 7'" in str(caught.value)
    with pytest.raises(TaskDiffers):  # 1 and 1.0 differ
        await Tasks().put("vat", 100.0, key="invoice 7")
    assert (await Tasks().put("vat", 100, key="invoice 7", queue="other")).soul != one.soul
    assert (await Tasks(owner="somebody").put("vat", 100, key="invoice 7")).soul != one.soul
    assert await count() == 3


async def test_putting_at_the_same_time_under_one_key_is_one_task() -> None:
    puts = [Tasks().put("vat", 100, key="one") for _ in range(20)]
    batches = [Tasks().put_all([TaskBeing.call("vat", [100], key="one")]) for _ in range(5)]
    found = await asyncio.gather(*puts, *batches)
    assert {task.soul if isinstance(task, TaskBeing) else task[0] for task in found} == {found[0].soul}
    assert await count() == 1


async def test_of_two_that_differ_under_one_key_at_the_same_time_one_is_told() -> None:
    said = await asyncio.gather(*(Tasks().put("vat", number, key="one") for number in range(8)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in said) == ["TaskBeing"] + ["TaskDiffers"] * 7


async def test_two_who_put_the_same_keys_in_other_orders_do_not_wait_in_a_ring() -> None:
    calls = [TaskBeing.call("vat", [number], key=str(number)) for number in range(200)]
    await asyncio.gather(*(Tasks().put_all(calls[:: 1 if turn % 2 else -1]) for turn in range(6)))
    assert await count() == 200


async def test_many_are_put_at_once_all_or_nothing() -> None:
    calls = [TaskBeing.call("vat", [number], key=str(number % 300)) for number in range(300)]
    souls = await Tasks().put_all([*calls, *calls[:5]])
    assert souls == [call.soul for call in [*calls, *calls[:5]]]
    assert await count() == 300
    with pytest.raises(TaskDiffers):
        await Tasks().put_all([TaskBeing.call("vat", ["new"]), TaskBeing.call("vat", ["else"], key="7")])
    assert await count() == 300


async def test_a_put_belongs_to_the_caller_s_transaction() -> None:
    async with BaseBeing.db_pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        put = await Tasks().put("vat", 1, connection=connection)
        with pytest.raises(TaskDiffers):
            await Tasks().put("vat", 2, key="x", connection=connection) and await Tasks().put(
                "vat", 3, key="x", connection=connection
            )
        assert (await TaskBeing.load(put.soul, connection=connection)).status == "todo"  # it goes on after a refusal
        await transaction.rollback()
    assert await count() == 0


async def test_beyond_the_bound_putting_is_refused_per_owner_and_queue() -> None:
    tasks = Tasks(owner="flood", most=20)
    await tasks.put_all([TaskBeing.call("vat", owner="flood") for _ in range(15)])
    for _ in range(5):
        await tasks.put("vat")
    with pytest.raises(QueueFull) as caught:
        await tasks.put("vat")
    with speaking("en"):
        assert str(caught.value).startswith("In the queue io as many tasks of flood wait as may (20)")
    with pytest.raises(QueueFull):
        await tasks.put_all([TaskBeing.call("vat", owner="flood")])
    await tasks.put("vat", queue="other")
    await Tasks(owner="somebody", most=20).put("vat")
    await tasks.cancel((await TaskBeing.load_many(await waiting("flood")))[0].soul)
    await tasks.put("vat")
    with pytest.raises(QueueFull):
        await tasks.put("vat")
    assert len(await waiting("flood")) == 21


async def waiting(owner: str) -> list[Any]:
    rows = await BaseBeing.db_pool.fetch(
        "SELECT soul FROM base_beings WHERE tags @> '{task}' AND genesis ->> 'owner' = $1 "
        "AND attributes ->> 'status' = 'todo'",
        owner,
    )
    return [row["soul"] for row in rows]


async def test_many_at_once_do_not_pass_the_bound() -> None:
    tasks = Tasks(most=25)
    said = await asyncio.gather(*(tasks.put("vat") for _ in range(60)), return_exceptions=True)
    assert sum(isinstance(each, TaskBeing) for each in said) == await count() <= 25
    assert await count() >= 20


async def test_each_process_passes_the_bound_by_its_credit_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound, "CREDIT", 3)
    processes = [Tasks(most=20) for _ in range(4)]
    for _ in range(30):
        await asyncio.gather(*(tasks.put("vat") for tasks in processes), return_exceptions=True)
    assert 20 <= await count() <= 20 + 4 * 3


async def test_cancelling_and_sending_again_keep_to_the_rules() -> None:
    tasks = Tasks()
    one = await tasks.put("vat")
    assert (await tasks.cancel(one.soul)).status == "cancelled"
    for change in (tasks.cancel, tasks.send_again):
        with pytest.raises(TaskNotReady):
            await change(one.soul)
    with pytest.raises(BeingUnknown):
        await tasks.cancel(uuid4())
    by_hand = TaskBeing.of("write it")
    await by_hand.save()
    with pytest.raises(LuxError):  # it is in no queue
        await tasks.cancel(by_hand.soul)


async def test_a_task_of_a_queue_is_typed() -> None:
    put = await Tasks().put("vat")
    for name, value in {"token": "1", "at": None, "worker": "me", "status": "sleeping", "more": 1}.items():
        mine = await TaskBeing.load(put.soul)
        mine.attributes[name] = value
        if name == "at":
            await mine.save()
            continue
        with pytest.raises((AttributeUnfit, TaskNotReady)):
            await mine.save()


async def test_an_order_of_a_batch_and_a_moment_to_come_are_kept() -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    souls = await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(50)], at=at)
    moments = [task.attributes["at"] for task in await TaskBeing.load_many(souls)]
    assert moments == list(range(moments[0], moments[0] + 50))
    assert moments[0] == round(at.timestamp() * 1e6)


async def test_what_is_put_is_told_to_whoever_listens(database: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.add_listener("luxos_messages", lambda *told: heard.put_nowait(str(told[-1])))
        await Tasks().put("vat", queue="mail")
        assert await asyncio.wait_for(heard.get(), 30) == "tasks:mail"
    finally:
        await connection.close()


async def test_the_same_key_twice_in_transactions_gives_the_first_task() -> None:
    found = []
    for _time in range(2):
        async with BaseBeing.transaction() as connection:
            found.append(await Tasks().put("vat", 1, key="x", connection=connection))
    assert found[0].soul == found[1].soul
    assert found[1].status == "todo"


async def test_one_that_cannot_be_put_does_not_keep_those_that_come_with_it() -> None:
    tasks = Tasks()
    gone = await tasks.put("vat", key="gone")
    await delete(gone.soul)
    wanted = [tasks.put("vat", number, key="gone" if number == 3 else None) for number in range(6)]
    found = await asyncio.gather(*wanted, return_exceptions=True)
    assert [type(one) for one in found] == [BeingDeleted if number == 3 else TaskBeing for number in range(6)]
    twice = await asyncio.gather(*(tasks.put("vat", number, key="k") for number in (1, 1, 2)), return_exceptions=True)
    assert [type(one) for one in twice] == [TaskBeing, TaskBeing, TaskDiffers]
