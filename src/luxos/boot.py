"""The one place where the objects are put together."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from luxos.errors import LuxError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from luxos.agent.agent import Agent
    from luxos.agent.reasoning import Reasoner
    from luxos.beings.core import CoreRegistry
    from luxos.config import Settings
    from luxos.persistence.database import Database
    from luxos.runtime.dispatcher import Runtime
    from luxos.runtime.events import Listener


class System:
    """LuxOS in this process: what is needed is opened when it is first needed, and closed with the system."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._runtime: Runtime | None = None
        self._pool_before: Any = None
        self._held = AsyncExitStack()
        self._turn = asyncio.Lock()

    async def runtime(self) -> Runtime:
        """The runtime over the open database; where the one that was open does not answer any more, over a new one."""
        async with self._turn:
            if self._runtime is None or not await _answers(self._runtime.database):
                await self._open()
            assert self._runtime is not None  # noqa: S101 - it was opened above
            return self._runtime

    async def close(self) -> None:
        """Closes what is open."""
        if self._runtime is not None:
            from luxos.beings.being import BaseBeing

            BaseBeing.db_pool, self._runtime = self._pool_before, None
        await self._held.aclose()

    async def _open(self) -> None:
        """Opens the database; only then lets go of the one before, for its other users go on as long as they can."""
        from luxos.beings.being import BaseBeing
        from luxos.beings.core import write_core_beings
        from luxos.persistence.database import open_database
        from luxos.runtime.dispatcher import Runtime

        registry = core_registry()
        async with AsyncExitStack() as opening:
            database = await opening.enter_async_context(open_database(self.settings))
            async with database.pool.acquire() as connection, connection.transaction():
                await write_core_beings(connection, registry)
            runtime = Runtime.of(self.settings, database, registry)
            opening.push_async_callback(runtime.close)
            before, self._held = self._held, opening.pop_all()
        if self._runtime is None:
            self._pool_before = BaseBeing.db_pool
        BaseBeing.db_pool, self._runtime = database.pool, runtime
        await before.aclose()

    def agent(self, cwd: Path, reasoner: Reasoner, listener: Listener) -> Agent:
        """An agent for a person who stands in `cwd`."""
        from luxos.agent.agent import Agent
        from luxos.agent.planner import Place

        return Agent(self.runtime, Place(cwd, self.settings.projects), reasoner, listener)


def core_registry() -> CoreRegistry:
    """All core functions of this LuxOS, by UUID, alias and verb."""
    from luxos.beings.core import CoreRegistry
    from luxos.programmer.registry import FUNCTIONS as PROGRAMMER
    from luxos.runtime.summoning import FUNCTIONS as RUNTIME
    from luxos.tools.registry import FUNCTIONS as TOOLS

    return CoreRegistry([*RUNTIME, *TOOLS, *PROGRAMMER])


@asynccontextmanager
async def system(settings: Settings) -> AsyncIterator[System]:
    """Opens LuxOS for the length of the block; nothing is started before it is needed."""
    opened = System(settings)
    try:
        yield opened
    finally:
        await opened.close()


async def _answers(database: Database) -> bool:
    from luxos.persistence.translation import connection_errors

    try:
        async with database.pool.acquire() as connection:
            await connection.fetchval(database.queries["answer"])
    except LuxError:
        return False
    except connection_errors():
        return False
    return True
