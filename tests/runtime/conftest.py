"""A runtime that has the core beings and no functions of LuxOS."""

from collections.abc import AsyncIterator

import pytest

from luxos.beings.core import CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.dispatcher import Runtime


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    registry = CoreRegistry([])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    yield runtime
    await runtime.close()
