"""What all rooms' tests share: settings of their own, and a real database of their own, cloned from a template.

One embedded server serves the whole session, all its workers included; its guardian stops it after the last one.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
from tests.plugins.memory import folder_in_memory

from luxos.config import Settings
from luxos.persistence.address import Address
from luxos.persistence.database import Database, open_database
from luxos.persistence.locks import locked
from luxos.persistence.server import serving

pytest.register_assert_rewrite(
    *(f"tests.plugins.{name}" for name in ("applications", "django_person", "fastapi_person"))
)
hypothesis.settings.register_profile("whole", hypothesis.settings(), deadline=None)
hypothesis.settings.register_profile("quick", hypothesis.settings(), deadline=None, max_examples=20)
hypothesis.settings.load_profile("whole")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


def settings_in(folder: Path) -> Settings:
    return Settings(
        home=folder / "home",
        cache=folder / "cache",
        projects=folder / "projects",
        dsn=None,
        database_linger=0.0,
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose folders are this test's own; a database opened with them is an own server, from nothing."""
    return settings_in(tmp_path)


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The session's server, with the template made."""
    base = tmp_path_factory.getbasetemp()
    shared = base if WORKER == "main" else base.parent
    settings = settings_in(folder_in_memory() or shared / "database")
    with serving(settings) as address:
        with locked(shared / "template.lock", exclusive=True, seconds=60):
            if not (shared / "template.made").exists():
                asyncio.run(_make_template(settings))
                (shared / "template.made").touch()
        yield address


async def _make_template(settings: Settings) -> None:
    """Opens the database once, which makes its schema. What these tests write need not survive a power cut."""
    async with open_database(settings) as database:
        await database.pool.execute("ALTER SYSTEM SET fsync = off")
        await database.pool.execute("SELECT pg_reload_conf()")


@pytest.fixture
async def database(
    database_server: Address, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """This test's own database, with the schema; beings are loaded from it and saved to it."""
    from luxos.beings.being import BaseBeing

    name = f"test_{WORKER}_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(**database_server.named("template1").arguments())
    try:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE luxos STRATEGY wal_log")
        async with open_database(replace(settings, dsn=database_server.named(name).url)) as opened:
            monkeypatch.setattr(BaseBeing, "db_pool", opened.pool)
            yield opened
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@pytest.fixture
def settings_with_database(settings: Settings, database: Database) -> Settings:
    """Settings by which any process opens this test's database, as `LUXOS_DSN`."""
    return replace(settings, dsn=database.dsn)
