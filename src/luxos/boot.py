"""The one place where the objects are put together."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from luxos.agent.agent import Agent
    from luxos.agent.reasoning import Reasoner
    from luxos.beings.core import CoreRegistry
    from luxos.config import Settings
    from luxos.runtime.events import Listener
    from luxos.runtime.execution import Runtime


class System:
    """LuxOS in this process: what is needed is opened when it is first needed, and closed with the system."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self._stack = stack
        self._runtime: Runtime | None = None

    async def runtime(self) -> Runtime:
        """The runtime over the open database."""
        if self._runtime is None:
            from luxos.beings.being import BaseBeing
            from luxos.beings.core import write_core_beings
            from luxos.persistence.database import open_database
            from luxos.runtime.execution import Runtime

            registry = core_registry()
            database = await self._stack.enter_async_context(open_database(self.settings))
            BaseBeing.db_pool = database.pool
            async with database.pool.acquire() as connection, connection.transaction():
                await write_core_beings(connection, registry)
            self._runtime = Runtime.of(self.settings, database, registry)
            self._stack.push_async_callback(self._runtime.runs.close)
        return self._runtime

    def agent(self, cwd: Path, reasoner: Reasoner, listener: Listener) -> Agent:
        """An agent for a person who stands in `cwd`."""
        from luxos.agent.agent import Agent
        from luxos.agent.planner import Place

        return Agent(self.runtime, Place(cwd, self.settings.projects), reasoner, listener)


def core_registry() -> CoreRegistry:
    """All core functions of this LuxOS, by UUID, alias and verb."""
    from luxos.beings.core import CoreRegistry
    from luxos.programmer.registry import FUNCTIONS as PROGRAMMER
    from luxos.tools.registry import FUNCTIONS as TOOLS

    return CoreRegistry([*TOOLS, *PROGRAMMER])


@asynccontextmanager
async def system(settings: Settings) -> AsyncIterator[System]:
    """Opens LuxOS for the length of the block; nothing is started before it is needed."""
    async with AsyncExitStack() as stack:
        yield System(settings, stack)
