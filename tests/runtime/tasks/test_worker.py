"""Working: order, retries, dead letters, deadlines, cancelling, transactions, leases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingUnknown, EnergyExhausted, TaskNotReady
from luxos.beings.task import TaskBeing
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.listening import Listening
from luxos.persistence.queries import queries
from luxos.runtime.errors.calls import BeingNotCallable
from luxos.runtime.tasks import ending, worker
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.ending import Ending
from luxos.runtime.tasks.lease import Lease, take_over
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker

pytestmark = pytest.mark.usefixtures("database")
AT_ONCE = Backoff(first=0.0)
NEVER = 600.0
PATIENCE = 60.0


async def double(task: TaskBeing) -> Any:
    return task.args[0] * 2


async def wait_for(met: Callable[[], Awaitable[Any]], working: "asyncio.Task[None] | None" = None) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await met():
            if working is not None and working.done():
                working.result()
            await asyncio.sleep(0.02)


async def status(soul: UUID) -> str:
    return (await TaskBeing.load(soul)).status


async def test_what_is_put_is_carried_out_and_its_result_kept() -> None:
    put = await Tasks().put("vat", 21)
    await Worker(double).drain()
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.result, found.attempt, found.attempts) == ("done", 42, 1, [])
    assert found.attributes["at"] <= found.attributes["began"] <= found.attributes["ended"]
    assert "worker" not in found.attributes


async def test_many_are_all_carried_out_once_by_several_workers() -> None:
    counted: list[int] = []

    async def count(task: TaskBeing) -> None:
        await asyncio.sleep(0)
        counted.append(task.args[0])

    await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(500)])
    await asyncio.gather(*(Worker(count, bound=bound).drain() for bound in (1, 3, 16, 64)))
    assert sorted(counted) == list(range(500))


async def test_no_more_run_at_once_than_there_are_places() -> None:
    running, most = 0, 0

    async def watch(task: TaskBeing) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1

    await Tasks().put_all([TaskBeing.call("vat", owner=f"owner {number % 5}") for number in range(100)])
    await Worker(watch, bound=7).drain()
    assert most == 7


async def order_of(bound: int) -> list[Any]:
    order: list[Any] = []

    async def note(task: TaskBeing) -> None:
        order.append(task.args[0])

    await Worker(note, bound=bound).drain()
    return order


async def test_of_one_owner_the_higher_priority_and_then_the_earlier_goes_first() -> None:
    for number, priority in enumerate([0, 5, -100, 0, 5, 100]):
        await Tasks().put("vat", number, priority=priority)
    assert await order_of(1) == [5, 1, 4, 0, 3, 2]


@pytest.mark.parametrize("bound", [1, 4, 16])
async def test_a_flood_of_one_owner_does_not_push_the_other_s_back(bound: int) -> None:
    """It counts the order, not the time: each of the other's tasks begins within a place of its fair turn."""
    await Tasks(owner="flood").put_all([TaskBeing.call("vat", ["flood"], owner="flood") for _ in range(300)])
    await Tasks(owner="other").put_all([TaskBeing.call("vat", ["other"], owner="other") for _ in range(20)])
    order = await order_of(bound)
    last = [index for index, owner in enumerate(order) if owner == "other"][-1]
    assert last <= 2 * 20 + bound
    assert len(order) == 320


async def test_more_owners_than_are_looked_at_in_one_go_all_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luxos.runtime.tasks.claiming._LANES", 4)
    calls = [TaskBeing.call("vat", [f"o{number % 11:02}"], owner=f"o{number % 11:02}") for number in range(55)]
    await Tasks().put_all(calls)
    order = await order_of(2)
    assert len(order) == 55
    assert set(order[:33]) == {f"o{number:02}" for number in range(11)}


async def test_the_energy_of_what_is_called_weighs() -> None:
    strong, weak = BaseBeing(genesis={"type": "x"}), BaseBeing(genesis={"type": "x"})
    strong.energy_level, weak.energy_level = 90, 30
    await strong.save()
    await weak.save()
    await Tasks().put_all(
        [TaskBeing.call(who.soul, [name]) for _ in range(40) for name, who in (("strong", strong), ("weak", weak))]
    )
    order = await order_of(1)
    assert order[:40].count("strong") in (29, 30, 31)


async def test_what_is_for_later_waits_for_its_moment() -> None:
    later = await Tasks().put("vat", 1, at=datetime.now(UTC) + timedelta(hours=1))
    soon = await Tasks().put("vat", 2, at=datetime.now(UTC) + timedelta(seconds=0.5))
    await Worker(double).drain()
    assert [await status(later.soul), await status(soon.soul)] == ["todo", "todo"]
    working = asyncio.create_task(Worker(double).run())
    await wait_for(lambda: is_status(soon.soul, "done"), working)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert await status(later.soul) == "todo"


async def is_status(soul: UUID, wanted: str) -> bool:
    return await status(soul) == wanted


async def failing(task: TaskBeing) -> Any:
    raise ValueError("no paper")


async def test_after_the_last_attempt_it_is_a_dead_letter_with_all_errors() -> None:
    put = await Tasks().put("print", retries=2)
    await Worker(failing, backoff=AT_ONCE).drain()
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt) == ("failed", 3)
    assert [attempt["number"] for attempt in found.attempts] == [1, 2, 3]
    assert {attempt["error"]["code"] for attempt in found.attempts} == {"runtime.work_failed"}
    assert found.result["details"] == {"kind": "ValueError", "said": "no paper"}
    await Tasks().send_again(put.soul)
    assert (await TaskBeing.load(put.soul)).attempt == 0
    await Worker(failing, backoff=AT_ONCE).drain()
    again = await TaskBeing.load(put.soul)
    assert (again.status, again.attempt, len(again.attempts), again.token) == ("failed", 3, 6, 6)
    await Tasks().cancel(put.soul)
    assert await status(put.soul) == "cancelled"


async def test_what_failed_once_succeeds_later() -> None:
    async def second(task: TaskBeing) -> str:
        if task.attempt < 2:
            raise RuntimeError
        return "done"

    put = await Tasks().put("vat")
    await Worker(second, backoff=AT_ONCE).drain()
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.result, found.attempt, len(found.attempts)) == ("done", "done", 2, 1)


async def test_a_pause_lies_before_the_next_attempt() -> None:
    class Never:
        def uniform(self, _least: float, most: float) -> float:
            return most

    put = await Tasks().put("vat", retries=50)
    await Worker(failing, backoff=Backoff(3600, 7200, Never())).drain()  # type: ignore[arg-type]
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt) == ("todo", 1)
    assert 3590e6 < found.attributes["at"] - found.attributes["began"] < 3700e6


async def test_what_would_fail_again_the_same_way_is_not_tried_again() -> None:
    async def unknown(task: TaskBeing) -> None:
        raise BeingNotCallable(who=task.who)

    put = await Tasks().put("nobody", retries=9)
    await Worker(unknown, backoff=AT_ONCE).drain()
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt, found.result["code"]) == ("failed", 1, "runtime.being_not_callable")


async def test_what_sleeps_is_waited_for_and_that_is_no_attempt() -> None:
    async def asleep(task: TaskBeing) -> None:
        until = datetime.now(UTC) + timedelta(hours=1)
        raise EnergyExhausted(soul=uuid4(), has=0, wanted=1, until=until)

    put = await Tasks().put("vat", retries=0)
    await Worker(asleep).drain()
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt) == ("todo", 0)
    assert found.attributes["at"] - found.attributes["began"] > 3590e6


@pytest.mark.parametrize("result", [object(), float("inf"), {1: 2}, "\0", "x" * (17 << 20)])
async def test_a_result_that_cannot_be_kept_is_a_failure(result: Any) -> None:
    async def give(task: TaskBeing) -> Any:
        return result

    put = await Tasks().put("vat", retries=0)
    await Worker(give).drain()
    assert (await TaskBeing.load(put.soul)).result["code"] == "being_invalid"


async def test_many_failures_of_one_are_remembered_and_the_row_stays_short() -> None:
    put = await Tasks().put("vat", retries=39)
    await Worker(failing, backoff=AT_ONCE).drain()
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt) == ("failed", 40)
    assert len(found.memories) <= 17
    from luxos.beings.memories import history

    numbers = [memory["number"] async for memory in history(put.soul) if memory["kind"] == "attempt"]
    assert numbers == list(range(1, 41))


async def test_after_its_deadline_it_neither_begins_nor_goes_on() -> None:
    ran = []

    async def slow(task: TaskBeing) -> None:
        ran.append(task.args)
        await asyncio.sleep(NEVER)

    over = await Tasks().put("vat", 1, deadline=datetime.now(UTC) - timedelta(seconds=1))
    short = await Tasks().put("vat", 2, deadline=datetime.now(UTC) + timedelta(seconds=0.3))
    await Worker(slow, backoff=AT_ONCE).drain()
    for put in (over, short):
        found = await TaskBeing.load(put.soul)
        assert (found.status, found.result["code"]) == ("failed", "runtime.task_overdue")
    assert ran in ([[2]], [])


async def test_a_timeout_of_the_work_s_own_is_an_attempt_like_any_other() -> None:
    async def impatient(task: TaskBeing) -> None:
        raise TimeoutError

    put = await Tasks().put("vat", retries=1, deadline=datetime.now(UTC) + timedelta(hours=1))
    await Worker(impatient, backoff=AT_ONCE).drain()
    assert (await TaskBeing.load(put.soul)).attempt == 2


async def test_work_that_says_it_is_cancelled_has_failed() -> None:
    async def cancels_itself(task: TaskBeing) -> None:
        raise asyncio.CancelledError

    put = await Tasks().put("vat", retries=1)
    await Worker(cancels_itself, backoff=AT_ONCE).drain()
    assert await status(put.soul) == "failed"


async def test_cancelling_reaches_the_worker() -> None:
    began, stopped = asyncio.Event(), asyncio.Event()

    async def slow(task: TaskBeing) -> None:
        began.set()
        try:
            await asyncio.sleep(NEVER)
        except asyncio.CancelledError:
            stopped.set()
            raise

    put = await Tasks().put("vat")
    working = asyncio.create_task(Worker(slow).drain())
    await asyncio.wait_for(began.wait(), PATIENCE)
    await Tasks().cancel(put.soul)
    await asyncio.wait_for(stopped.wait(), PATIENCE)
    await asyncio.wait_for(working, PATIENCE)
    assert await status(put.soul) == "cancelled"


async def test_a_cancelled_task_whose_work_goes_on_all_the_same_stays_cancelled() -> None:
    began = asyncio.Event()

    async def stubborn(task: TaskBeing) -> str:
        began.set()
        for _ in range(5):
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                continue
        return "done all the same"

    put = await Tasks().put("vat")
    working = asyncio.create_task(Worker(stubborn).drain())
    await asyncio.wait_for(began.wait(), PATIENCE)
    await Tasks().cancel(put.soul)
    await asyncio.wait_for(working, PATIENCE)
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.result) == ("cancelled", None)


async def test_a_worker_that_is_stopped_gives_back_what_it_has_not_finished() -> None:
    began = asyncio.Event()

    async def slow(task: TaskBeing) -> None:
        began.set()
        await asyncio.sleep(NEVER)

    put = await Tasks().put("vat", 1)
    working = asyncio.create_task(Worker(slow).run())
    await asyncio.wait_for(began.wait(), PATIENCE)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.attempt, found.token) == ("todo", 0, 1)
    assert await BaseBeing.db_pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{worker}'") == 0
    await Worker(double).drain()
    assert await status(put.soul) == "done"


@pytest.mark.parametrize("moment", range(6))
async def test_a_worker_stopped_at_any_moment_leaves_nothing_behind(moment: int) -> None:
    souls = await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(60)])

    async def slow(task: TaskBeing) -> None:
        await asyncio.sleep(0.001 * moment)

    working = asyncio.create_task(Worker(slow, bound=8).run())
    await asyncio.sleep(0.01 * moment)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert {task.status for task in await TaskBeing.load_many(souls)} <= {"todo", "done"}


# Transactions.


async def effect(task: TaskBeing, connection: Any) -> None:
    await BaseBeing(genesis={"type": "effect", "of": str(task.soul)}).save(connection=connection)
    if task.args == ["fails"]:
        raise ValueError("after its effect")


async def effects() -> int:
    found: int = await BaseBeing.db_pool.fetchval(
        'SELECT count(*) FROM base_beings WHERE genesis @> \'{"type": "effect"}\''
    )
    return found


async def test_effects_and_the_end_are_one_transaction() -> None:
    await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(30)])
    failed = await Tasks().put("vat", "fails", retries=2)
    await Worker(effect, backoff=AT_ONCE).drain()
    assert await effects() == 30
    assert await status(failed.soul) == "failed"


async def test_effects_of_a_task_that_was_cancelled_meanwhile_are_taken_back() -> None:
    async def cancels(task: TaskBeing, connection: Any) -> None:
        await effect(task, connection)
        await Tasks().cancel(task.soul)

    put = await Tasks().put("vat", 1)
    await Worker(cancels).drain()
    assert (await status(put.soul), await effects()) == ("cancelled", 0)


# Leases and fences.


async def test_an_end_under_an_older_token_is_not_written() -> None:
    put = await Tasks().put("vat", 1)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def late(task: TaskBeing) -> str:
        began.set()
        await go_on.wait()
        return "late"

    working = asyncio.create_task(Worker(late, bound=1).drain())  # it has no place to claim it again
    await asyncio.wait_for(began.wait(), PATIENCE)
    held = await TaskBeing.load(put.soul)
    await BaseBeing.db_pool.execute("DELETE FROM base_beings WHERE tags @> '{worker}'")  # taken for dead
    await take_over(AT_ONCE)
    await Worker(double).drain()
    go_on.set()
    await asyncio.wait_for(working, PATIENCE)
    found = await TaskBeing.load(put.soul)
    assert (found.status, found.result, found.token) == ("done", 2, 2)
    async with BaseBeing.db_pool.acquire() as connection:
        assert await ending.write([ending.done(held, "late")], connection) == set()


async def test_without_the_token_a_late_end_would_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: what is refused there is refused by the token alone."""
    put = await Tasks().put("vat", 1)
    async with BaseBeing.db_pool.acquire() as connection:
        ((first, _now),) = await claimed(1)
        await ending.write([ending.given_back(first)], connection)
        ((second, _now),) = await claimed(1)
        assert (first.token, second.token) == (1, 2)
        blind = Ending(put.soul, second.token, second.attributes["worker"], ending.done(first, "late").change)
        assert await ending.write([blind], connection) == {put.soul}
    assert (await TaskBeing.load(put.soul)).result == "late"


async def test_a_claim_that_a_power_cut_took_back_is_not_ended_under_the_token_that_was_given_again() -> None:
    """A claim is not waited for the disk, so the database may forget it, while the worker that made it goes on."""
    put = await Tasks().put("vat", 1)
    ((forgotten, _now),) = await claimed(1)
    await BaseBeing.db_pool.execute(
        "UPDATE base_beings SET attributes = attributes - 'worker' || $2 WHERE soul = $1",
        put.soul,
        {"status": "todo", "token": 0, "attempt": 0},
    )
    ((again, _now),) = await claimed(1)
    assert again.token == forgotten.token
    async with BaseBeing.db_pool.acquire() as connection:
        assert await ending.write([ending.done(forgotten, "late")], connection) == set()
        assert await ending.write([ending.done(again, "right")], connection) == {put.soul}


async def claimed(count: int) -> list[tuple[TaskBeing, int]]:
    from luxos.runtime.tasks.claiming import Claiming

    return await Claiming("io").claim(uuid4(), count, {}, 100)


async def test_tasks_of_a_worker_that_is_gone_are_taken_over_and_that_was_an_attempt() -> None:
    put = await Tasks().put("vat", 5, retries=1)
    for number in (1, 2):
        assert [task.soul for task, _now in await claimed(1)] == [put.soul]
        assert await take_over(AT_ONCE) == 1
        found = await TaskBeing.load(put.soul)
        assert (found.status, found.attempt) == ("todo" if number == 1 else "failed", number)
    assert [attempt["error"]["code"] for attempt in found.attempts] == ["runtime.worker_lost"] * 2


async def test_a_lease_that_is_renewed_is_not_taken_over_and_one_that_is_over_is() -> None:
    lease = Lease("io", 0.5)
    await lease.begin()
    for _ in range(4):
        await asyncio.sleep(0.2)
        assert await lease.renew()
        await take_over(AT_ONCE)
    await asyncio.sleep(0.7)
    assert lease.is_over
    await take_over(AT_ONCE)
    assert not await lease.renew()


async def test_many_who_take_over_at_once_count_each_attempt_once() -> None:
    await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(40)])
    await claimed(40)
    taken = await asyncio.gather(*(take_over(AT_ONCE) for _ in range(6)))
    assert sum(taken) == 40


async def test_a_worker_whose_lease_was_taken_goes_on_under_a_new_one() -> None:
    lost: list[int] = []

    async def slow(task: TaskBeing) -> int:
        try:
            await asyncio.sleep(NEVER if task.token == 1 else 0)
        except asyncio.CancelledError:
            lost.append(task.token)
            raise
        return task.token

    put = await Tasks().put("vat", 1)
    working = asyncio.create_task(Worker(slow, lease=0.6, backoff=AT_ONCE).run())
    await wait_for(lambda: is_status(put.soul, "doing"), working)
    await BaseBeing.db_pool.execute("DELETE FROM base_beings WHERE tags @> '{worker}'")
    await wait_for(lambda: is_status(put.soul, "done"), working)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert ((await TaskBeing.load(put.soul)).result, lost) == (2, [1])


async def test_a_claim_whose_answer_was_lost_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from luxos.persistence.errors import DatabaseLost
    from luxos.runtime.tasks.claiming import Claiming

    real, lost = Claiming.claim, []

    async def once(self: Claiming, *arguments: Any) -> Any:
        found = await real(self, *arguments)
        if found and not lost:
            lost.append(found)
            raise DatabaseLost(reason="a test")
        return found

    monkeypatch.setattr(Claiming, "claim", once)
    souls = await Tasks().put_all([TaskBeing.call("vat", [number]) for number in range(10)])
    await asyncio.wait_for(Worker(double).drain(), PATIENCE)
    assert {task.status for task in await TaskBeing.load_many(souls)} == {"done"}
    assert len(lost) == 1


# Waking.


async def test_an_idle_worker_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL", NEVER)
    working = asyncio.create_task(Worker(double).run())
    await asyncio.sleep(0.5)
    put = await Tasks().put("vat", 1)
    await wait_for(lambda: is_status(put.soul, "done"), working)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@pytest.mark.parametrize("poll", [0.05, NEVER])
async def test_without_notices_the_table_is_looked_at(monkeypatch: pytest.MonkeyPatch, poll: float) -> None:
    """With neither, nothing happens: each of the two ways is what worked above."""
    monkeypatch.setattr(Listening, "_hear", lambda *_arguments: None)
    monkeypatch.setattr(worker, "POLL", poll)
    working = asyncio.create_task(Worker(double).run())
    await asyncio.sleep(0.5)
    put = await Tasks().put("vat", 1)
    if poll == NEVER:
        await asyncio.sleep(1)
        assert await status(put.soul) == "todo"
    else:
        await wait_for(lambda: is_status(put.soul, "done"), working)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_database_that_is_cut_off_in_the_middle_loses_nothing(database: Database) -> None:
    async def slow(task: TaskBeing) -> None:
        await asyncio.sleep(0.01)

    souls = await Tasks().put_all([TaskBeing.call("vat", [number], retries=50) for number in range(200)])
    working = asyncio.create_task(Worker(slow, bound=8, backoff=AT_ONCE).drain())
    for _ in range(5):
        await asyncio.sleep(0.15)
        await database.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await asyncio.wait_for(working, PATIENCE)
    assert {task.status for task in await TaskBeing.load_many(souls)} == {"done"}


async def test_a_task_that_a_person_takes_by_hand_comes_back_when_nobody_has_it() -> None:
    put = await Tasks().put("vat", 1)
    await (await TaskBeing.load(put.soul)).start()
    await take_over(AT_ONCE)
    await Worker(double).drain()
    assert await status(put.soul) == "done"
    with pytest.raises(TaskNotReady):
        await (await TaskBeing.load(put.soul)).start()


async def test_what_was_deleted_is_not_carried_out() -> None:
    put = await Tasks().put("vat", 1)
    from luxos.beings.removal import delete

    await delete(put.soul)
    await Worker(double).drain()
    with pytest.raises(LuxError):
        await TaskBeing.load(put.soul)
    assert (await TaskBeing.load(put.soul, deleted=True)).status == "todo"
    with pytest.raises(BeingUnknown):
        await TaskBeing.load(uuid4())


async def test_no_task_waits_until_4_megabytes_of_index_changes_are_merged() -> None:
    """That takes a third of a second; each statement that writes tasks allows less, for itself only."""
    show = "SHOW gin_pending_list_limit"
    async with BaseBeing.transaction() as connection:
        before = await connection.fetchval(show)
        task = await Tasks().put("vat", 21, connection=connection)
        assert await connection.fetchval(show) == "256kB"
    async with BaseBeing.transaction() as connection:
        assert await connection.fetchval(show) == before == "4MB"
        await connection.fetch(queries()["claim_tasks"], [task.soul], 1, uuid4())
        assert await connection.fetchval(show) == "256kB"
    async with BaseBeing.transaction() as connection:
        await ending.write([ending.done(await TaskBeing.load(task.soul, connection=connection), 42)], connection)
        assert await connection.fetchval(show) == "256kB"
