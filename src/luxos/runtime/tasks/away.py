"""A database that is away for a while: how that is told, and waiting for it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from luxos.persistence.errors import DatabaseLost, DatabaseUnreachable, DiskFull

GONE: tuple[type[Exception], ...] = (DatabaseLost, DatabaseUnreachable, DiskFull, asyncpg.InterfaceError, OSError)
_PATIENCE = 60.0
PAUSE = 0.2


async def outlast(error: Exception, ask: Callable[[], Awaitable[object]]) -> None:
    """Waits until `ask` is answered, for a minute at most; then raises what the database had said."""
    for _try in range(int(_PATIENCE / PAUSE)):
        await asyncio.sleep(PAUSE)
        with suppress(*GONE):
            await ask()
            return
    raise error
