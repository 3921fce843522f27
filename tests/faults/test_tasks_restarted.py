"""PostgreSQL crashes under those who put tasks and carry them out: what was acknowledged is there, each effect once."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import open_database
from luxos.persistence.errors import DatabaseLost, DatabaseUnreachable
from luxos.persistence.server import serving
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker

pytestmark = pytest.mark.slow
CALLERS, EACH = 4, 40


async def effect(task: TaskBeing, connection: Any) -> int:
    await BaseBeing(genesis={"type": "effect", "number": task.args[0]}).save(connection=connection)
    return int(task.args[0])


@pytest.mark.parametrize("away", [0.0, 3.0])
async def test_the_server_crashes_under_a_worker(
    settings: Settings, away: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    halfway, told = asyncio.Event(), list[int]()
    async with open_database(settings) as database:
        monkeypatch.setattr(BaseBeing, "db_pool", database.pool)
        tasks = Tasks()

        async def caller(first: int) -> None:
            """Puts again what it was not told of."""
            for number in range(first, CALLERS * EACH, CALLERS):
                while number not in told:
                    with suppress(DatabaseLost, DatabaseUnreachable):
                        await tasks.put("note", number, key=str(number), retries=50)
                        told.append(number)
                        continue
                    await asyncio.sleep(0.2)
                if len(told) > CALLERS * EACH // 2:
                    halfway.set()

        working = asyncio.create_task(Worker(effect, bound=8, backoff=Backoff(first=0.0), lease=2).run())
        crashing = asyncio.create_task(crash(settings.home, settings, halfway, away))
        async with asyncio.timeout(120):
            await asyncio.gather(*map(caller, range(CALLERS)))
            await crashing
            while await counted(database, "task", "done") < CALLERS * EACH:
                assert not working.done()
                await asyncio.sleep(0.1)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        rows = await database.pool.fetch(
            "SELECT genesis -> 'number' AS number FROM base_beings WHERE genesis ->> 'type' = 'effect'"
        )
        assert Counter(row["number"] for row in rows) == dict.fromkeys(range(CALLERS * EACH), 1)


async def counted(database: Any, tag: str, status: str) -> int:
    query = "SELECT count(*) FROM base_beings WHERE tags @> ARRAY[$1] AND attributes ->> 'status' = $2"
    return int(await database.pool.fetchval(query, tag, status))


async def crash(home: Path, settings: Settings, halfway: asyncio.Event, away: float) -> None:
    """Ends the server at once, as a power cut does, and starts it again."""
    await halfway.wait()
    pid = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
    await asyncio.sleep(away)
    for _attempt in range(40):
        with suppress(LuxError):
            await asyncio.to_thread(_revive, settings)
            return
        await asyncio.sleep(0.2)


def _revive(settings: Settings) -> None:
    """Starts the server where it does not run, and leaves it to those who use it."""
    with serving(settings):
        pass
