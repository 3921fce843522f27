"""What a person's own PostgreSQL 15 gets: the whole schema, and a backup that PostgreSQL 18 made."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.integrity.test_hostile import CHECKS, READERS, ask
from tests.persistence.test_backup import fill, rows, silent
from tests.plugins.inhabited import inhabit

import luxos
from luxos.agent.reasoning import Defaults
from luxos.boot import system
from luxos.config import Settings
from luxos.persistence.address import Address
from luxos.persistence.backup.bundle import files_below
from luxos.persistence.backup.making import make_backup
from luxos.persistence.backup.restoring import restore_backup
from luxos.persistence.database import OLDEST, Database, open_database
from luxos.runtime.hermetic.key import Key
from luxos.runtime.promoting.promotion import promotions
from luxos.runtime.tasks.schedules import Schedules
from luxos.souls.importing import find_old

pytest_plugins = ("tests.plugins.older_server",)
pytestmark = pytest.mark.slow


@pytest.fixture
async def older(older_server: Address, elsewhere: Settings) -> AsyncIterator[Database]:
    name = f"old_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(**older_server.arguments())
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    async with open_database(replace(elsewhere, dsn=older_server.named(name).url)) as opened:
        yield opened


async def test_a_backup_moves_between_majors_and_back(
    database: Database, settings: Settings, older: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    await fill(settings)
    before = await rows(database)
    major = await older.pool.fetchval("SELECT current_setting('server_version_num')::int / 10000")
    assert OLDEST <= major < 18
    await make_backup(database, settings, tmp_path / "new.luxos", silent)
    await restore_backup(older, elsewhere, tmp_path / "new.luxos", silent)
    assert await rows(older) == before
    made = await make_backup(older, elsewhere, tmp_path / "old.luxos", silent)
    assert made.postgresql.startswith(f"{major}.")
    held = await make_backup(database, settings, tmp_path / "held.luxos", silent)
    await restore_backup(database, settings, tmp_path / "old.luxos", silent, replaced=held)
    assert await rows(database) == before


async def test_everything_that_luxos_keeps_moves_between_majors(
    database: Database, settings_with_database: Settings, older: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    """Every row of both tables, and every file of the data folder; then all of it works there."""
    settings = settings_with_database
    names = await inhabit(settings)
    before, there = await rows(database), files_of(settings)
    assert {name.partition("/")[0] for name in there} == {"keys", "runs", "souls"}
    await make_backup(database, settings, tmp_path / "all.luxos", silent)
    await restore_backup(older, elsewhere, tmp_path / "all.luxos", silent)
    assert await rows(older) == before
    assert {name: each for name, each in files_of(elsewhere).items() if not name.startswith("artifacts/")} == there
    assert [path.read_bytes() for path in (elsewhere.home / "artifacts").rglob("*.gz")] == [b"archive"]
    dsn = older.dsn
    kept = await older.pool.fetch("SELECT genesis ->> 'type', count(*) FROM base_beings GROUP BY 1")
    assert {"promotion", "imported_soul", "schedule", "task", "audit", "memory", "message"} <= dict(kept).keys()
    async with system(replace(elsewhere, dsn=dsn)) as opened:
        for name, given in (*CHECKS, *READERS):
            assert (await ask(opened, name, given)).get("status", "whole") in ("whole", "done", "preview"), name
    async with luxos.open(home=elsewhere.home, dsn=dsn) as lux:
        assert await lux.execution("double", 21) == 42
        assert (await find_old("a1b2c3d4"))[0] == "a1b2c3d4e5f67890"
        assert {one.status for one in await promotions()} == {"watched", "different", "shadowing"}
        (schedule,) = await Schedules(lux._runtime.owner).all()
        assert (schedule.name, schedule.genesis["zone"]) == ("nightly", "Europe/Warsaw")
    async with system(replace(elsewhere, dsn=dsn)) as opened:
        report = await opened.agent(tmp_path, Defaults(), lambda event: None).resume(names["waiting"])
        steps = await (await opened.runtime()).runs.steps(UUID(names["waiting"]))
    assert report["results"] == {"waits": True}
    assert [step.name for step in steps if "replayed" in step.attributes] == []  # it went on in its middle
    assert Key.of(elsewhere.home) == Key.of(settings.home)


NOT_KEPT = {"defects.log", "postgres", "backups", ".lock"}
"""What a backup does not hold of a data folder: the database is in it as rows."""


def files_of(settings: Settings) -> dict[str, tuple[bytes, int]]:
    """What each file of a data folder holds, and its mode; that of a lock holds nothing."""
    found = {name: path for name, path in files_below(settings.home) if NOT_KEPT.isdisjoint(name.split("/"))}
    return {name: (path.read_bytes(), path.stat().st_mode & 0o777) for name, path in found.items()}


async def test_the_schema_is_the_same(database: Database, older: Database) -> None:
    wanted = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    assert await older.pool.fetch(wanted) == await database.pool.fetch(wanted)
