"""Opening the database of this installation: the embedded one, or the one behind `LUXOS_DSN`."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luxos.config import Settings
from luxos.persistence.address import Address
from luxos.persistence.errors import DatabaseCannotStart, DatabaseTooOld
from luxos.persistence.queries import Queries, queries

if TYPE_CHECKING:
    from luxos.persistence.pool import Pool

OLDEST = 15
_CLOSE_SECONDS = 5.0
_RECOVERY_SECONDS = 60.0
"""How long to wait for a server that says that it is starting, recovering or stopping."""
_RECOVERY_POLL = 0.05


@dataclass(frozen=True)
class Database:
    """An open database. `pool` gives connections, `queries` the named SQL."""

    pool: "Pool"
    queries: Queries
    address: Address

    @property
    def dsn(self) -> str:
        """Where it is, as a URL that any PostgreSQL client takes; it may hold a password."""
        return self.address.url


def server_version(connection: Any) -> str:
    """The server's version as PostgreSQL names it, as in `18.4`; the driver keeps the second number as the third."""
    found = connection.get_server_version()
    return f"{found.major}.{found.micro}"


@asynccontextmanager
async def open_database(settings: Settings, name: str | None = None) -> AsyncIterator[Database]:
    """Has the database open, with its schema, for the length of the block.

    `name` is another database of the same server than the usual one.
    """
    async with AsyncExitStack() as held:
        address, pool = await _open(settings, name, held)
        async with pool.acquire() as connection:
            await _check(connection, pool, address)
        yield Database(pool, queries(), address)


async def _open(settings: Settings, name: str | None, held: AsyncExitStack) -> "tuple[Address, Pool]":
    """A connected pool, that `held` closes; a server that was on its way out when we came is started again."""
    from luxos.persistence.translation import connection_errors, is_lost, refused

    again = settings.dsn is None
    while True:
        async with AsyncExitStack() as attempt:
            served = await attempt.enter_async_context(_served(settings))
            address = served.named(name) if name else served
            try:
                pool = await _connected(settings, address, attempt)
            except connection_errors() as error:
                if again and is_lost(error):
                    again = False
                    continue
                if settings.dsn is None:
                    raise _not_answering(error, settings) from error
                raise refused(error, address) from error
            await held.enter_async_context(attempt.pop_all())
            return address, pool


async def _connected(settings: Settings, address: Address, held: AsyncExitStack) -> "Pool":
    """A connected pool; a server that takes nobody yet, for it recovers from a crash, is waited for."""
    from luxos.persistence.pool import Pool
    from luxos.persistence.translation import is_not_ready

    until = time.monotonic() + _RECOVERY_SECONDS
    while True:
        pool = Pool(address, None if settings.dsn else settings.home)
        try:
            await pool
        except BaseException as error:
            await _close(pool)
            if not is_not_ready(error) or time.monotonic() > until:
                raise
            await asyncio.sleep(_RECOVERY_POLL)
        else:
            held.push_async_callback(_close, pool)
            return pool


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[Address]:
    """The server's address, for as long as the block lasts; waiting for it does not hold up the event loop."""
    if settings.dsn is not None:
        yield Address.of_dsn(settings.dsn)
        return
    from luxos.persistence.server import serving

    server = serving(settings)
    entering = asyncio.create_task(asyncio.to_thread(server.__enter__))
    try:
        address = await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait([entering])
        if entering.exception() is None:
            server.__exit__(None, None, None)
        raise
    try:
        yield address
    finally:
        server.__exit__(None, None, None)


async def _check(connection: Any, pool: "Pool", address: Address) -> None:
    import asyncpg

    from luxos.persistence.pool import prepare_vectors
    from luxos.persistence.schema import Schema
    from luxos.persistence.translation import refused

    found, schema = connection.get_server_version(), Schema()
    if found.major < OLDEST:
        raise DatabaseTooOld(address=address.shown, found=found.major, needed=OLDEST)
    try:
        await schema.ensure(connection)
        pool.admit = schema.admit
        await schema.admit(connection)
        await prepare_vectors(connection)  # there may have been none when this first connection was made
    except asyncpg.InsufficientPrivilegeError as error:
        raise refused(error, address) from error


async def _close(pool: "Pool") -> None:
    try:
        await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)
    except (TimeoutError, OSError):
        pool.terminate()


def _not_answering(error: BaseException, settings: Settings) -> DatabaseCannotStart:
    return DatabaseCannotStart(reason=f"it does not answer ({error})", log=str(Path(settings.home) / "postgres.log"))
