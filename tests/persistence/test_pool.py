"""Connections are lent as they were given back, whatever happened to them meanwhile."""

import asyncio
import re

import pytest

from luxos.persistence.database import Database
from luxos.persistence.queries import queries

OWN_CONNECTION = {"claim", "release"}
"""Queries of `Claims`, which has a connection of its own."""
NEW_CONNECTION = {"admit"}
"""What every connection of the pool is called, from its beginning."""


def test_no_query_of_the_pool_leaves_anything_in_a_session() -> None:
    """For a connection is given back without being reset."""
    leaving = {
        name
        for name, text in queries().items()
        if re.search(r"\bpg_(try_)?advisory_lock\b|\bpg_advisory_unlock\b|^\s*(SET (?!LOCAL)|LISTEN\b)|\bTEMP\b", text)
        or re.search(r"set_config\([^)]*FALSE\)", text, re.I)
    }
    assert leaving == OWN_CONNECTION | NEW_CONNECTION


async def test_a_transaction_that_was_left_open_is_ended(database: Database) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    async with database.pool.acquire() as connection:
        await connection.execute("BEGIN; CREATE TABLE left_open (n INTEGER)")
    async with database.pool.acquire() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT to_regclass('left_open')") is None
    assert len(complaints) == 1


async def test_a_connection_comes_back_after_errors_cancellations_and_its_own_end(database: Database) -> None:
    pool = database.pool

    async def slow() -> None:
        async with pool.acquire() as connection:
            await connection.execute("SELECT pg_sleep(30)")

    for _time in range(15):
        task = asyncio.ensure_future(slow())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with pool.acquire() as connection:
            await connection.close()
        with pytest.raises(ZeroDivisionError):
            async with pool.acquire() as connection:
                raise ZeroDivisionError
        assert await pool.fetchval("SELECT 1") == 1
    async with pool.acquire() as connection:
        await pool.release(connection)
    assert pool.get_size() == pool.get_idle_size()


async def test_a_connection_that_was_given_back_cannot_be_used(database: Database) -> None:
    async with database.pool.acquire() as connection:
        pass
    with pytest.raises(Exception, match="released"):
        await connection.fetchval("SELECT 1")


async def test_twenty_at_once_share_ten(database: Database) -> None:
    async def ask(number: int) -> int:
        return int(await database.pool.fetchval("SELECT $1::INTEGER", number))

    assert await asyncio.gather(*map(ask, range(200))) == list(range(200))
    assert database.pool.get_size() <= 10
