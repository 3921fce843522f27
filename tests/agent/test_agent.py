"""The agent over a real database: what it refuses before anything is carried out."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from luxos.agent.agent import Agent
from luxos.agent.planner import Place
from luxos.agent.reasoning import Defaults
from luxos.beings.being import BaseBeing
from luxos.beings.core import write_core_beings
from luxos.boot import core_registry
from luxos.config import Settings
from luxos.lux.errors import ProgramInvalid
from luxos.persistence.database import Database
from luxos.runtime.dispatcher import Runtime


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    registry = core_registry()
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    BaseBeing.db_pool = database.pool
    runtime = Runtime.of(settings, database, registry)
    yield runtime
    await runtime.runs.close()


@pytest.mark.parametrize("program", ["a = GONE", 'a = DESIGN stack: "flask"', "a = READ", ""])
async def test_a_program_of_an_earlier_luxos_that_no_longer_fits_is_refused(
    runtime: Runtime, tmp_path: Path, program: str
) -> None:
    events: list[object] = []

    async def opened() -> Runtime:
        return runtime

    run = await runtime.runs.create(uuid4(), "an old run", program, tmp_path, "tester", {"permissions": []})
    await runtime.runs.update(run.soul, status="failed")
    agent = Agent(opened, Place(tmp_path, tmp_path), Defaults(), events.append)
    with pytest.raises(ProgramInvalid):
        await agent.resume(run.name)
    assert events == []
    assert (await runtime.runs.find(run.name)).status == "failed"
