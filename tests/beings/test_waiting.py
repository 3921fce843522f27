"""Writers that wait for one another: what they find when it is their turn, and what is done again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict
from luxos.persistence.database import Database
from luxos.persistence.errors import DatabaseLost
from luxos.persistence.pool import Pool
from luxos.persistence.retrying import ATTEMPTS

WAITING = """
SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND pid <> $1
"""


async def one_being() -> BaseBeing:
    being = BaseBeing(attributes={"n": 0, "m": 0}, energy_level=10)
    await being.save()
    return being


async def waiting(database: Database, besides: int = 0) -> int:
    """The backend that waits for a lock, as soon as there is one, `besides` one that does so already."""
    for _time in range(3000):
        found = await database.pool.fetchval(WAITING, besides)
        if found is not None:
            return int(found)
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


@asynccontextmanager
async def held(database: Database, being: BaseBeing, text: str) -> AsyncIterator[None]:
    """Another writer that has changed the row, and commits only when somebody waits for it and the block is through."""
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute(f"UPDATE base_beings SET {text} WHERE soul = $1", being.soul)  # noqa: S608 - ours
        yield
    await other.close()


async def after(database: Database, being: BaseBeing, text: str, work: Callable[[], Awaitable[None]]) -> None:
    """Does `work` while the row is held, so that it has to wait."""
    async with held(database, being, text):
        task = asyncio.ensure_future(work())
        await waiting(database)
    await task


@pytest.mark.parametrize("versioned", [True, False], ids=["by its version", "by its fields"])
async def test_a_field_that_changed_while_it_waited_is_a_conflict(database: Database, versioned: bool) -> None:
    being = await one_being()
    mine = await BaseBeing.load(being.soul)
    if not versioned:
        mine._version = None
    mine.attributes["n"] = 1
    with pytest.raises(BeingConflict) as caught:
        await after(database, being, """attributes = attributes || '{"n": 7}'""", mine.save)
    assert caught.value.details["field"] == "attributes.n"
    assert (await BaseBeing.load(being.soul)).attributes == {"n": 7, "m": 0}


@pytest.mark.parametrize("versioned", [True, False], ids=["by its version", "by its fields"])
async def test_another_field_that_changed_while_it_waited_is_kept(database: Database, versioned: bool) -> None:
    being = await one_being()
    mine = await BaseBeing.load(being.soul)
    if not versioned:
        mine._version = None
    mine.attributes["n"] = 1
    mine.energy_level -= 3
    text = """attributes = attributes || '{"m": 7}', energy_level = energy_level + 1, tags = '{new}'"""
    await after(database, being, text, mine.save)
    assert (mine.attributes, mine.energy_level, mine.tags) == ({"n": 1, "m": 7}, 8, ["new"])
    found = await BaseBeing.load(being.soul)
    assert (found.attributes, found.energy_level, found.tags) == (mine.attributes, 8, ["new"])


@pytest.mark.parametrize("versioned", [True, False], ids=["by its version", "by its fields"])
async def test_tags_and_embeddings_that_changed_while_it_waited_conflict(database: Database, versioned: bool) -> None:
    for text, change, field in (
        ("tags = '{theirs}'", lambda one: one.tags.append("mine"), "tags"),
        ("embedding = '[1]'", lambda one: setattr(one, "embedding", [2.0]), "embedding"),
        ("""genesis = genesis || '{"x": 1}'""", lambda one: one.genesis.update(x=2), "genesis.x"),
        ("""self_awareness = '{"x": 1}'""", lambda one: one.self_awareness.update(x=1), "self_awareness.x"),
    ):
        being = await one_being()
        mine = await BaseBeing.load(being.soul)
        mine._version = mine._version if versioned else None
        change(mine)
        with pytest.raises(BeingConflict) as caught:
            await after(database, being, text, mine.save)
        assert caught.value.details["field"] == field


async def test_two_objects_in_one_transaction_see_each_other(database: Database) -> None:
    """All that one transaction writes bears the same version; so there it proves nothing."""
    being = await one_being()
    async with database.pool.acquire() as connection, connection.transaction():
        one = await BaseBeing.load(being.soul, connection=connection)
        one.attributes["n"] = 1
        await one.save(connection=connection)
        two = await BaseBeing.load(being.soul, connection=connection)
        three = await BaseBeing.load(being.soul, connection=connection)
        two.attributes["n"] = 2
        await two.save(connection=connection)
        for stale in (one, three):
            stale.attributes["n"] = 3
            with pytest.raises(BeingConflict):
                await stale.save(connection=connection)
    assert (await BaseBeing.load(being.soul)).attributes["n"] == 2


@asynccontextmanager
async def strict(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Transactions of beings see one moment only, so that they fail where another writer was in between."""
    name = await database.pool.fetchval("SELECT current_database()")
    await database.pool.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    async with Pool(database.address, None) as pool:
        monkeypatch.setattr(BaseBeing, "db_pool", pool)
        yield


def counting(calls: list[int]) -> Callable[[BaseBeing], None]:
    def count(row: BaseBeing) -> None:
        calls.append(row.attributes["n"])
        row.attributes["n"] += 1

    return count


async def test_an_update_is_repeated_on_a_fresh_row(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    being, calls = await one_being(), []  # type: ignore[var-annotated]
    async with strict(database, monkeypatch):
        await after(database, being, """attributes = attributes || '{"n": 7}'""", lambda: being.update(counting(calls)))
    assert calls == [7]
    assert being.attributes["n"] == 8


async def test_an_update_that_is_cut_off_before_its_end_is_repeated(database: Database) -> None:
    being, calls = await one_being(), []  # type: ignore[var-annotated]
    async with held(database, being, """attributes = attributes || '{"n": 7}'"""):
        task = asyncio.ensure_future(being.update(counting(calls)))
        pid = await waiting(database)
        await database.pool.execute("SELECT pg_terminate_backend($1)", pid)
        await waiting(database, besides=pid)
    await task
    assert calls == [7]
    assert (await BaseBeing.load(being.soul)).attributes["n"] == being.attributes["n"] == 8


async def test_an_update_whose_end_nobody_saw_is_not_repeated(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    being, calls = await one_being(), []  # type: ignore[var-annotated]
    commit = asyncpg.transaction.Transaction.commit

    async def lost(self: Any) -> None:
        await commit(self)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    monkeypatch.setattr(asyncpg.transaction.Transaction, "commit", lost)
    with pytest.raises(DatabaseLost):
        await being.update(counting(calls))
    assert calls == [0]
    assert (await BaseBeing.load(being.soul)).attributes["n"] == 1


async def test_repeating_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    being, calls = await one_being(), []  # type: ignore[var-annotated]

    async def deadlock(self: Any) -> None:
        await self.rollback()
        raise asyncpg.DeadlockDetectedError("deadlock detected")

    monkeypatch.setattr(asyncpg.transaction.Transaction, "commit", deadlock)
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await being.update(counting(calls))
    assert calls == [0] * ATTEMPTS
    assert being.attributes["n"] == 0
