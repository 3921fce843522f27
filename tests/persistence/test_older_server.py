"""What a person's own PostgreSQL 15 gets: the whole schema, and a backup that PostgreSQL 18 made."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.persistence.test_backup import fill, rows, silent

from luxos.config import Settings
from luxos.persistence.address import Address
from luxos.persistence.backup.making import make_backup
from luxos.persistence.backup.restoring import restore_backup
from luxos.persistence.database import OLDEST, Database, open_database

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
    await restore_backup(database, settings, tmp_path / "old.luxos", silent, replace=True)
    assert await rows(database) == before


async def test_the_schema_is_the_same(database: Database, older: Database) -> None:
    wanted = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    assert await older.pool.fetch(wanted) == await database.pool.fetch(wanted)
