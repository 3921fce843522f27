"""Backups: everything comes back as it was, what is damaged is refused, and a restore is whole or did not happen."""

import gzip
import tarfile
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.config import Settings
from luxos.persistence.address import Address
from luxos.persistence.backup.bundle import MANIFEST, verified
from luxos.persistence.backup.making import make_backup
from luxos.persistence.backup.restoring import restore_backup
from luxos.persistence.database import Database, open_database
from luxos.persistence.errors import BackupDamaged, BackupNewer, DatabaseBusy, DatabaseOccupied
from luxos.persistence.schema import VERSION

TEXTS = ["zażółć\tgęślą\njaźń\\", 'cudzysłów " i {klamra}', "\\N", "''; DROP TABLE base_beings; --", "\u2028\x7f"]


def silent(text: str, fraction: float | None) -> None:
    """Progress that nobody sees."""


async def fill(settings: Settings) -> UUID:
    """Beings of every shape, a relationship, and the folders that belong to the tables."""
    beings = [
        BaseBeing(
            soul=uuid4(),
            tags=[text[:20], "a,b"],
            energy_level=number,
            genesis={"type": "note", "text": text},
            attributes={"number": 2**80, "float": 1.0, "list": [text, None, {"x": text}]},
            embedding=[0.5, -1.25, 3.0] if number else None,
        )
        for number, text in enumerate(TEXTS)
    ]
    for being in beings:
        being.remember("noted", text="ą" * 50)
        await being.save()
    archive = settings.projects / "app.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(b"archive")
    run = BaseBeing(
        soul=uuid4(), tags=["run"], genesis={"type": "run"}, attributes={"artifacts": [str(archive), "/no"]}
    )
    await run.save()
    await RelationshipBeing(source_soul=run.soul, target_soul=beings[0].soul, genesis={"type": "step"}).save()
    for name, content in (("keys/signing", b"secret"), ("runs/x/1/list", b"undo"), ("souls/report.json", b"{}")):
        file = settings.home / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o600)
    return run.soul


async def rows(database: Database) -> list[asyncpg.Record]:
    """Both tables as texts: the very bytes that PostgreSQL shows."""
    return [
        *await database.pool.fetch("SELECT t::text FROM base_beings AS t ORDER BY soul"),
        *await database.pool.fetch("SELECT t::text FROM relationships AS t ORDER BY id"),
    ]


@pytest.fixture
async def other(database: Database, database_server: Address, elsewhere: Settings) -> AsyncIterator[Database]:
    """Another, empty database of the same server."""
    name = f"other_{uuid4().hex[:12]}"
    await database.pool.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    async with open_database(replace(elsewhere, dsn=database_server.named(name).url)) as opened:
        yield opened
    await database.pool.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_everything_comes_back_to_the_byte(
    database: Database, settings: Settings, other: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    run = await fill(settings)
    file = tmp_path / "copy.luxos"
    made = await make_backup(database, settings, file, silent)
    assert made.counts == {"base_beings": len(TEXTS) + 2, "relationships": 1}
    assert file.stat().st_mode & 0o777 == 0o600
    await restore_backup(other, elsewhere, file, silent)
    assert await rows(other) == await rows(database)
    for name in ("keys/signing", "runs/x/1/list", "souls/report.json"):
        assert (elsewhere.home / name).read_bytes() == (settings.home / name).read_bytes()
        assert (elsewhere.home / name).stat().st_mode & 0o777 == 0o600
    assert (elsewhere.home / "artifacts" / str(run) / "app.tar.gz").read_bytes() == b"archive"
    assert [path.name for path in tmp_path.glob(".luxos*")] == []


async def test_a_backup_sees_one_moment(database: Database, settings: Settings, tmp_path: Path) -> None:
    """What is written while the tables are read is in neither; without one snapshot it would be in the second."""
    await fill(settings)

    async def meanwhile() -> None:
        one, two = (BaseBeing(soul=uuid4(), genesis={"type": "late"}) for _ in range(2))
        await one.save()
        await two.save()
        await RelationshipBeing(source_soul=one.soul, target_soul=two.soul, genesis={"type": "late"}).save()

    class Interrupting:
        """The pool, but other writers come between the two tables."""

        def __init__(self, pool: asyncpg.Pool) -> None:
            self._pool = pool

        def __getattr__(self, name: str) -> object:
            return getattr(self._pool, name)

    said: list[str] = []

    def progress(text: str, fraction: float | None) -> None:
        said.append(text)

    real = asyncpg.Connection.copy_from_table

    async def copying(self: asyncpg.Connection, table: str, **options: object) -> str:
        if table == "relationships":
            await meanwhile()
        return str(await real(self, table, **options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.Connection, "copy_from_table", copying)
        made = await make_backup(database, settings, tmp_path / "copy.luxos", progress)
    assert made.counts == {"base_beings": len(TEXTS) + 2, "relationships": 1}
    assert await database.pool.fetchval("SELECT count(*) FROM relationships") == 2
    with tarfile.open(tmp_path / "copy.luxos") as archive:
        dumped = archive.extractfile("tables/relationships")
        assert dumped is not None
        assert len(dumped.read().splitlines()) == 1
    assert said[0] == "base_beings"


def decompressed(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


async def test_one_flipped_bit_anywhere_is_refused(
    database: Database, settings: Settings, other: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    await fill(settings)
    file = tmp_path / "copy.luxos"
    await make_backup(database, settings, file, silent)
    whole, before = file.read_bytes(), await rows(other)
    content, refused = decompressed(whole), 0
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        file.write_bytes(bytes(damaged))
        if decompressed(bytes(damaged)) == content:
            continue  # as in the header's time, or where another distance leads to the same zeros
        with pytest.raises(BackupDamaged):
            await restore_backup(other, elsewhere, file, silent)
        refused += 1
    assert refused > 50
    file.write_bytes(whole[:-40])
    with pytest.raises(BackupDamaged):
        await restore_backup(other, elsewhere, file, silent)
    assert await rows(other) == before
    assert not (elsewhere.home / "keys").exists()
    file.write_bytes(whole)
    await restore_backup(other, elsewhere, file, silent)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "home/keys/../../evil"])
async def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "evil.luxos"
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
        archive.addfile(tarfile.TarInfo(MANIFEST))
    with pytest.raises(BackupDamaged):
        verified(file)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08\x00"])
async def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "no.luxos"
    file.write_bytes(content)
    with pytest.raises(BackupDamaged):
        verified(file)


async def test_a_link_in_a_backup_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evil.luxos"
    link = tarfile.TarInfo("home/keys/signing")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(link)
    with pytest.raises(BackupDamaged):
        verified(file)


async def test_beings_that_are_there_are_not_replaced_unasked(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    await fill(settings)
    file = tmp_path / "copy.luxos"
    await make_backup(database, settings, file, silent)
    before = await rows(database)
    new = BaseBeing(soul=uuid4(), genesis={"type": "new"})
    await new.save()
    with pytest.raises(DatabaseOccupied):
        await restore_backup(database, settings, file, silent)
    assert await BaseBeing.find(new.soul) is not None
    (settings.home / "keys" / "signing").write_bytes(b"changed")
    held = await make_backup(database, settings, tmp_path / "held.luxos", silent)
    await restore_backup(database, settings, file, silent, replaced=held)
    assert await rows(database) == before
    assert (settings.home / "keys" / "signing").read_bytes() == b"secret"
    assert [path.read_bytes() for path in settings.home.glob("keys.before-*/signing")] == [b"changed"]


async def test_files_of_what_was_replaced_go_with_it(database: Database, settings: Settings, tmp_path: Path) -> None:
    """Only what the backup of them holds as it is now: one that changed since, and one that came since, stay."""
    await fill(settings)
    file, home = tmp_path / "copy.luxos", settings.home
    (home / "souls" / "index.json").write_bytes(b"old")
    made = await make_backup(database, settings, file, silent)
    (home / "souls" / "index.json").write_bytes(b"of what is replaced")
    for name in ("runs/y/1/list", "souls/later.json", "souls/changed.json", "souls/.lock"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"of what is replaced")
    (home / "souls" / "link.json").symlink_to(tmp_path / "held.luxos")
    held = await make_backup(database, settings, tmp_path / "held.luxos", silent)
    for name in ("souls/changed.json", "souls/new.json"):
        (home / name).write_bytes(b"newer")
    await restore_backup(database, settings, file, silent, replaced=held)
    assert (home / "souls" / "index.json").read_bytes() == b"old"
    assert sorted(path.name for path in (home / "souls").iterdir()) == [
        ".lock", "changed.json", "index.json", "link.json", "new.json", "report.json"
    ]  # fmt: skip
    assert [path.name for path in (home / "runs").iterdir()] == ["x"]
    for name in ("changed.json", "new.json", "link.json"):
        (home / "souls" / name).unlink()
    again = await make_backup(database, settings, tmp_path / "again.luxos", silent)
    assert {name for name in again.files if "artifacts/" not in name} == {
        name for name in made.files if "artifacts/" not in name
    }


async def test_an_older_schema_is_restored_and_brought_up(
    database: Database, settings: Settings, other: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    from luxos.persistence.schema import Schema

    await fill(settings)
    async with database.pool.acquire() as connection, connection.transaction():
        await Schema().migrate(connection, VERSION, 1)
    file = tmp_path / "old.luxos"
    made = await make_backup(database, settings, file, silent)
    assert made.schema == 1
    await restore_backup(other, elsewhere, file, silent)
    assert (
        await other.pool.fetchval("SELECT attributes -> 'version' FROM base_beings WHERE genesis ->> 'type' = 'schema'")
        == VERSION
    )
    names = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'idx_luxos%' ORDER BY 1"
    async with database.pool.acquire() as connection, connection.transaction():
        await Schema().migrate(connection, 1, VERSION)
    assert await other.pool.fetch(names) == await database.pool.fetch(names)


async def test_a_newer_schema_is_refused(
    database: Database, settings: Settings, other: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    await database.pool.execute(
        "UPDATE base_beings SET attributes = '{\"version\": 99}' WHERE genesis ->> 'type' = 'schema'"
    )
    file = tmp_path / "new.luxos"
    await make_backup(database, settings, file, silent)
    before = await rows(other)
    with pytest.raises(BackupNewer):
        await restore_backup(other, elsewhere, file, silent)
    assert await rows(other) == before


async def test_a_restore_that_fails_leaves_everything(
    database: Database, settings: Settings, other: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    """A row breaks a foreign key, which PostgreSQL says at the end; a restore in two transactions would go red."""
    await fill(settings)
    file = tmp_path / "copy.luxos"
    async with database.pool.acquire() as connection:
        await connection.execute("ALTER TABLE relationships DISABLE TRIGGER ALL")
        await connection.execute("UPDATE relationships SET target_soul = gen_random_uuid()")
    await make_backup(database, settings, file, silent)
    before = await rows(other)
    with pytest.raises(BackupDamaged):
        await restore_backup(other, elsewhere, file, silent)
    assert await rows(other) == before
    assert not (elsewhere.home / "keys").exists()


async def test_tables_in_use_are_not_replaced(
    database: Database, settings: Settings, other: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "copy.luxos"
    await make_backup(database, settings, file, silent)
    queries = {**other.queries, "limit_wait_for_locks": "SET LOCAL lock_timeout = '200ms'"}
    quick = replace(other, queries=queries)  # type: ignore[arg-type] # a mapping of the same shape
    async with other.pool.acquire() as connection, connection.transaction():
        await connection.fetch("SELECT count(*) FROM base_beings")
        with pytest.raises(DatabaseBusy):
            await restore_backup(quick, elsewhere, file, silent)
    await restore_backup(quick, elsewhere, file, silent)
