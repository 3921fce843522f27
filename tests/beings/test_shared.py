"""One object in the hands of several tasks: what is changed while it is being written is not lost, and nothing counts
twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.errors import BeingBusy, BeingConflict
from luxos.persistence.database import Database
from luxos.persistence.queries import queries


def being() -> BaseBeing:
    return BaseBeing(genesis={"type": "thing"}, attributes={"old": 1, "gone": 1}, tags=["first"])


async def all_at_once(one: BaseBeing) -> None:
    await save_all([one])


async def by_itself(one: BaseBeing) -> None:
    await one.save()


@asynccontextmanager
async def held(database: Database, one: BaseBeing) -> AsyncIterator[None]:
    """Nobody can write the row in the block, nor make it."""
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        if await connection.fetchrow(queries()["lock_being"], one.soul) is None:
            await BaseBeing(soul=one.soul).save(connection=connection)
        yield
        await transaction.rollback()


async def waiting(database: Database) -> None:
    """Returns when a statement waits for a lock."""
    async with database.pool.acquire() as connection:
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.001)


def change_everything(one: BaseBeing) -> None:
    one.remember("late")
    one.energy_level += 7
    one.attributes["late"] = 1
    one.attributes["new"] = 2
    del one.attributes["gone"]
    one.tags.append("late")
    one.embedding = [1.0, 2.0]


@pytest.mark.parametrize("write", [by_itself, all_at_once])
@pytest.mark.parametrize("how", ["new", "loaded", "met"])
async def test_what_is_changed_while_a_save_is_under_way_is_written_by_the_next(
    database: Database, write: Callable[[BaseBeing], Coroutine[None, None, None]], how: str
) -> None:
    one = being()
    if how != "new":
        await one.save()
    if how == "met":
        other = await BaseBeing.load(one.soul)
        other.attributes["other"], other.energy_level = 1, 100
        other.remember("other")
        await other.save()
    one.remember("early")
    one.energy_level += 5
    one.attributes["new"] = 1
    async with held(database, one):
        saving = asyncio.create_task(write(one))
        await waiting(database)
        change_everything(one)
    await saving
    await write(one)
    found = await BaseBeing.load(one.soul)
    met = how == "met"
    assert [memory["kind"] for memory in found.memories] == [*(["other"] if met else []), "early", "late"]
    assert found.energy_level == 12 + 100 * met
    assert found.attributes == {"old": 1, "new": 2, "late": 1} | ({"other": 1} if met else {})
    assert found.tags == ["first", "late"]
    assert found.embedding == [1.0, 2.0]


@pytest.mark.parametrize("write", [by_itself, all_at_once])
@pytest.mark.parametrize("again", [by_itself, all_at_once])
async def test_two_tasks_that_save_the_same_object_write_its_change_once(
    database: Database,
    write: Callable[[BaseBeing], Coroutine[None, None, None]],
    again: Callable[[BaseBeing], Coroutine[None, None, None]],
) -> None:
    one = being()
    await one.save()
    one.energy_level += 5
    one.remember("once")
    async with held(database, one):
        saving = [asyncio.create_task(write(one)), asyncio.create_task(again(one))]
        await waiting(database)
    await asyncio.gather(*saving)
    found = await BaseBeing.load(one.soul)
    assert (found.energy_level, len(found.memories)) == (5, 1)


async def test_in_a_transaction_an_object_that_another_task_saves_is_refused_not_waited_for(database: Database) -> None:
    one = being()
    await one.save()
    one.energy_level += 5
    async with held(database, one):
        saving = asyncio.create_task(one.save())
        await waiting(database)
        async with database.pool.acquire() as connection, connection.transaction():
            with pytest.raises(BeingBusy):
                await one.save(connection=connection)
    await saving


async def test_what_was_changed_while_an_update_is_under_way_is_written_by_the_next_save(database: Database) -> None:
    one = being()
    await one.save()

    def add(fresh: BaseBeing) -> None:
        fresh.attributes["added"] = 1

    async with held(database, one):
        updating = asyncio.create_task(one.update(add))
        await waiting(database)
        change_everything(one)
    await updating
    await one.save()
    found = await BaseBeing.load(one.soul)
    assert found.attributes == {"old": 1, "new": 2, "late": 1, "added": 1}
    assert (found.energy_level, len(found.memories)) == (7, 1)


async def test_what_adds_up_is_not_added_again_where_nobody_knows_how_the_save_ended(database: Database) -> None:
    one = being()
    await one.save()
    one.energy_level += 5
    saved = await BaseBeing.load(one.soul)
    saved.energy_level += 5
    async with held(database, one):
        saving = asyncio.create_task(one.save())
        await waiting(database)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    await saved.save()  # as the cancelled one may have done
    with pytest.raises(BeingConflict):
        await one.save()
    assert (await BaseBeing.load(one.soul)).energy_level == 5


async def test_a_save_that_was_cancelled_and_wrote_nothing_is_repeated(database: Database) -> None:
    one = being()
    await one.save()
    one.energy_level += 5
    async with held(database, one):
        saving = asyncio.create_task(one.save())
        await waiting(database)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    await one.save()
    assert (await BaseBeing.load(one.soul)).energy_level == 5
