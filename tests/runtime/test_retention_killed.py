"""A cleaning that is killed at any moment: a run is there whole, or gone and told; the next cleaning ends the rest."""

import asyncio
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.plugins.steps import ended as step_ended

from luxos.beings import memories
from luxos.beings.awareness import recompute
from luxos.beings.being import BaseBeing
from luxos.beings.find import find
from luxos.beings.function import FunctionBeing
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.call import Call, Outcome
from luxos.runtime.retention import Cleaning, clean
from luxos.runtime.runs import Runs

RUNS, KILLS = 60, 6
OLD = "2020-01-01T00:00:00.000000+00:00"
CLEANER = """
import asyncio, sys
from pathlib import Path
from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import open_database
from luxos.runtime.retention import Cleaning, clean

async def work(home, dsn):
    settings = Settings(home=Path(home), cache=Path(home), projects=Path(home), dsn=dsn, database_linger=0.0)
    async with open_database(settings) as database:
        BaseBeing.db_pool = database.pool
        print("ready", flush=True)
        await clean(database, settings, Cleaning())

asyncio.run(work(*sys.argv[1:]))
"""


APART = """
tell = Cleaning.tell

async def apart(self, part, connection, **what):
    async with BaseBeing.transaction() as other:
        await tell(self, part, other, **what)
    print("told", flush=True)
    await asyncio.sleep(60)

Cleaning.tell = apart
"""
BUSY = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
)
"""


def killed(settings: Settings, after: float, said: str = "ready", otherwise: str = "") -> bool:
    """Starts a cleaning and kills it some time after it said something; says whether it still ran then."""
    script = CLEANER.replace("asyncio.run(", f"{otherwise}\nasyncio.run(")
    arguments = [sys.executable, "-c", script, str(settings.home), str(settings.dsn)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert any(line.decode().strip() == said for line in process.stdout)
        time.sleep(after)
        process.kill()
    return process.returncode != 0


async def ended(database: Database) -> None:
    """Waits until the server has heard that the killed one is gone."""
    while await database.pool.fetchval(BUSY):  # noqa: ASYNC110 - it is another process
        await asyncio.sleep(0.01)


async def made(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    callee = FunctionBeing(genesis={"type": "function", "name": "f", "source": "def function(x):\n    return x\n"})
    await callee.save()
    runs, known = Runs(database), [uuid4() for _ in range(RUNS)]
    with monkeypatch.context() as patched:
        for module in ("runs", "steps"):
            patched.setattr(f"luxos.runtime.{module}.now", lambda: OLD)
        for run in known:
            async with runs.claimed(run):
                await runs.create(run, "a goal", "", Path("/tmp"), "tester", {})
                call = Call(run, "a", callee, {})
                await step_ended(runs, call, Outcome(1))
                await runs.update(run, status="done")
            (settings.home / "runs" / str(run) / "undo").mkdir(parents=True)
    await runs.close()
    return known


async def removed(settings: Settings, known: list[UUID]) -> set[str]:
    """The runs that are gone; each is told once, and each that is not is whole."""
    cleanings = [being async for being in find(tags=["audit"], kind="cleaning")]
    told = [memory["run"] for being in cleanings async for memory in memories.history(being.soul)]
    pending = {run for being in cleanings for run in being.attributes["pending"]}
    there = {str(run) for run in known if await BaseBeing.find(run) is not None}
    folders = {path.name for path in (settings.home / "runs").iterdir()}
    assert len(told) == len(set(told))
    assert set(told) == {str(run) for run in known} - there
    assert there <= folders <= there | pending
    assert [found async for found in recompute() if not found.equal] == []
    return set(told)


@pytest.mark.slow
async def test_a_killed_cleaning_leaves_each_run_whole_or_gone_and_told(
    settings_with_database: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, chance = settings_with_database, random.Random(7)  # noqa: S311 - it only has to be mixed
    known = await made(database, settings, monkeypatch)
    cut = 0
    for _ in range(KILLS):
        cut += await asyncio.to_thread(killed, settings, chance.uniform(0.03, 0.2))
        await ended(database)
        await removed(settings, known)
    assert cut > 0
    await clean(database, replace(settings, dsn=None), Cleaning())
    assert await removed(settings, known) == {str(run) for run in known}
    assert list((settings.home / "runs").iterdir()) == []


@pytest.mark.slow
async def test_one_that_told_apart_from_removing_would_be_found(
    settings_with_database: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await made(database, settings_with_database, monkeypatch)
    assert await asyncio.to_thread(killed, settings_with_database, 0, "told", APART)
    await ended(database)
    with pytest.raises(AssertionError):
        await removed(settings_with_database, known)
