"""What this process holds so that no other one touches it: runs, and folders in which something is built.

A claim is an advisory lock of PostgreSQL, so a process that dies gives it up. All claims of a process live on one
connection of their own: they neither use up the pool nor end with one of its connections.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.translation import connection_errors


class Claims:
    """Takes and gives back claims by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: set[str] = set()
        self._connection: Any = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def held(self, name: str, busy: LuxError) -> AsyncIterator[None]:
        """Holds a claim for the length of the block; raises `busy` where somebody, or this process, has it."""
        if name in self._held:
            raise busy
        self._held.add(name)
        try:
            if not await self._claimed(name):
                raise busy
            try:
                yield
            finally:
                await self._release(name)
        finally:
            self._held.discard(name)

    async def close(self) -> None:
        """Gives everything up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _claimed(self, name: str) -> bool:
        """Whether the claim is ours now; whoever is cancelled meanwhile may have got it, and gives it back."""
        try:
            return bool(await self._ask("claim", name))
        except asyncio.CancelledError:
            await self._release(name)
            raise

    async def _release(self, name: str) -> None:
        with suppress(*connection_errors(), asyncpg.InterfaceError, LuxError):
            await asyncio.shield(self._ask("release", name))

    async def _ask(self, query: str, name: str) -> Any:
        async with self._turn:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(**self._database.address.arguments())
                return await self._connection.fetchval(self._database.queries[query], name)
            except Exception as error:
                self._database.pool.translate(error, connecting=True)
                raise
