"""What is one transaction of several rows is done again after a deadlock, and done once."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.plugins.sampling import WHOLE

from luxos.beings import removal
from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.souls import environment
from luxos.souls.aliases import row_of
from luxos.souls.archive import Archive
from luxos.souls.exporting import export
from luxos.souls.going_back import rollback_alias
from luxos.souls.importing import import_reports
from luxos.souls.registry import Soul, renewed, summon

ONCE = """
CREATE SEQUENCE writes;
CREATE TABLE fails (number BIGINT);
INSERT INTO fails VALUES (0);
CREATE FUNCTION fail_once() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('writes') = (SELECT number FROM fails) THEN
        RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail_once AFTER INSERT OR UPDATE OR DELETE ON base_beings FOR EACH ROW EXECUTE FUNCTION fail_once();
CREATE TRIGGER fail_once AFTER INSERT OR UPDATE OR DELETE ON relationships FOR EACH ROW EXECUTE FUNCTION fail_once();
"""
WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
"""
BEFORE = """
TRUNCATE base_beings, relationships;
INSERT INTO base_beings TABLE b;
INSERT INTO relationships TABLE r;
SELECT setval('writes', 1, FALSE);
"""
DOUBLE = "def function(n: int) -> int:\n    return n * 2\n"
EVEN = {"type": "function", "source": "async def function(n):\n    return await execution('odd', n - 1)\n"}
ODD = {"type": "function", "source": "async def function(n):\n    return await execution('even', n - 1)\n"}
Operation = Callable[[Archive, Path], Awaitable[Any]]


async def start(archive: Archive) -> None:
    """An alias with three versions, of which an environment has named two."""
    await summon(name="double", source=DOUBLE)
    for number in (1, 2):
        soul = await Soul.evolve("double", {"source": f"{DOUBLE}# {number}\n"})
        entry = {"hash": soul.hash, "version": number, "at": "2026-01-01T00:00:00+00:00"}
        await environment.change(archive, "production", partial(_naming, entry))


def _naming(entry: dict[str, Any], _before: environment.Environment) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"double": entry}, {"kind": "promote"}


async def _draft(_archive: Archive, _reports: Path) -> Any:
    return (await Soul.draft("double", {"source": f"{DOUBLE}# draft\n"})).hash


async def _group(_archive: Archive, _reports: Path) -> Any:
    return sorted(soul.hash for soul in (await Soul.register_group({"even": EVEN, "odd": ODD})).values())


async def _renew(_archive: Archive, _reports: Path) -> Any:
    return (await renewed("double", f"{DOUBLE}# renewed\n", {"purpose": "doubling"}))[0].genesis["soul_hash"]


async def _import(_archive: Archive, reports: Path) -> Any:
    told = await import_reports(reports)
    return len(told.imported), told.refused


async def _rollback(archive: Archive, _reports: Path) -> Any:
    return (await environment.rollback(archive)).souls["double"]["hash"]


async def _back(_archive: Archive, _reports: Path) -> Any:
    return (await rollback_alias("double", to="1"))[0].hash


async def _purge(_archive: Archive, _reports: Path) -> Any:
    being = await summon(name="double", source=f"{DOUBLE}# 2\n")
    await removal.purge(being.soul, confirm=await removal.purge_preview(being.soul))


OPERATIONS = [_draft, _group, _renew, _import, _rollback, _back, _purge]


@pytest.fixture
async def archive(database: Database, settings: Settings) -> Archive:
    settings.home.mkdir(parents=True, exist_ok=True)
    made = Archive(settings.home)
    await start(made)
    return made


@pytest.fixture
async def reports(archive: Archive, tmp_path: Path) -> Path:
    """What another LuxOS exported: a circle, and a line of two versions."""
    folder = tmp_path / "reports"
    await Soul.register_group({"even": EVEN, "odd": ODD})
    await summon(name="line", source=DOUBLE.replace("2", "7"))
    await Soul.evolve("line", {"source": DOUBLE.replace("2", "8")})
    for name in ("even", "odd", "line"):
        await export(name, folder)
    await BaseBeing._pool().execute("TRUNCATE base_beings, relationships")
    await start(archive)
    return folder


class Again:
    """The database as it is now, to which it can be set back; and its writes, of which one fails with a deadlock."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def begin(self) -> None:
        await self._pool.execute(f"{ONCE} CREATE TABLE b AS TABLE base_beings; CREATE TABLE r AS TABLE relationships;")

    async def fail_at(self, number: int) -> None:
        await self._pool.execute(BEFORE)
        await self._pool.execute("UPDATE fails SET number = $1", number)

    async def written(self) -> int:
        return int(await self._pool.fetchval("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM writes"))

    async def kept(self) -> list[Any]:
        """How many rows there are of which tags: the UUIDs of new beings are always others."""
        query = "SELECT tags::TEXT, count(*) FROM {} GROUP BY 1 ORDER BY 1"
        return [await self._pool.fetch(query.format(table)) for table in ("base_beings", "relationships")]


async def test_a_deadlock_at_any_write_changes_nothing_of_the_end(
    database: Database, archive: Archive, reports: Path
) -> None:
    again = Again(database.pool)
    await again.begin()
    for operation in OPERATIONS:
        await again.fail_at(0)
        wanted, kept, count = await operation(archive, reports), await again.kept(), await again.written()
        assert count > 0
        for number in range(1, count + 1, 1 if WHOLE else 4):
            await again.fail_at(number)
            assert await operation(archive, reports) == wanted, (operation.__name__, number)
            assert await again.kept() == kept, (operation.__name__, number)


async def test_two_who_wait_for_each_other_both_come_to_their_end(database: Database) -> None:
    """A real deadlock: PostgreSQL ends ours, for the other one would wait for a minute before it looks for one."""
    for name in ("even", "odd"):
        await summon(name=name, source=DOUBLE)
    other = await asyncpg.connect(**database.address.arguments())
    lock = "SELECT FROM base_beings WHERE soul = $1 FOR UPDATE"
    async with other.transaction():
        await other.execute("SET LOCAL deadlock_timeout = '1min'")
        await other.execute(lock, row_of("odd"))
        registering = asyncio.create_task(Soul.register_group({"even": EVEN, "odd": ODD}))
        while not await database.pool.fetchval(WAITS):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        await other.execute(lock, row_of("even"))
    await other.close()
    assert set(await asyncio.wait_for(registering, 30)) == {"even", "odd"}
