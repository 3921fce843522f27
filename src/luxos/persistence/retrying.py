"""Transactions that are done again where the database could not finish them, and certainly did not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import asyncpg

from luxos.persistence.errors import DatabaseLost

T = TypeVar("T")
ATTEMPTS = 6
_FIRST_WAIT = 0.02
"""Seconds before the second attempt; twice as long before each one after it."""


async def in_transaction(pool: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    """Runs `work(connection)` in a transaction of its own, at most `ATTEMPTS` times, and gives its result.

    It is run again after a deadlock, after a serialization failure, and where the connection was lost before COMMIT was
    sent. Lost after that, nobody knows how it ended: `DatabaseLost`.
    """
    return await _again(partial(_once, pool, work))


async def as_statement(pool: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    """The same for work that is one statement: no BEGIN and no COMMIT travel with it.

    It is run again after a deadlock and after a serialization failure. `DatabaseLost` where the connection was lost:
    nobody knows how it ended.
    """
    return await _again(partial(_alone, pool, work))


async def _again(attempt: Callable[[], Awaitable[T]]) -> T:
    wait = _FIRST_WAIT
    for _attempt in range(1, ATTEMPTS):
        with suppress(_NotCommitted):
            return await attempt()
        await asyncio.sleep(wait)
        wait *= 2
    try:
        return await attempt()
    except _NotCommitted as last:
        raise last.error from None


class _NotCommitted(Exception):
    """Nothing of the attempt remained."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def _alone(pool: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    try:
        async with pool.acquire() as connection:
            return await work(connection)
    except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
        raise _NotCommitted(error) from error


async def _once(pool: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    committing = False
    try:
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                result = await work(connection)
            except BaseException:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await transaction.rollback()
                raise
            committing = True
            await transaction.commit()
            return result
    except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
        raise _NotCommitted(error) from error
    except DatabaseLost as error:
        if committing:
            raise
        raise _NotCommitted(error) from error
