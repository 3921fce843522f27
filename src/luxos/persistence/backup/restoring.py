"""Restoring a backup: the tables in one transaction, whole or not at all.

Order: read the file to its end → unpack beside the data folder → journals, reports and archives into place (their names
are unique, so they harm nothing where the next step fails) → the tables, one transaction → the keys. Killed before the
transaction ends, the database is as it was; killed after, the same command ends it.
"""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from luxos.config import Settings
from luxos.persistence.backup.bundle import Manifest, files_below, unpack, verified
from luxos.persistence.backup.making import FOLDERS, TABLES, Progress
from luxos.persistence.database import Database
from luxos.persistence.errors import BackupDamaged, BackupNewer, DatabaseBusy, DatabaseOccupied
from luxos.persistence.schema import VERSION, Schema

KEYS = "keys"


async def restore_backup(
    database: Database, settings: Settings, path: Path, progress: Progress, *, replace: bool = False
) -> Manifest:
    """Puts back what a backup holds; `DatabaseOccupied` where there are beings already, unless they may be replaced."""
    progress("verify", None)
    manifest = await asyncio.to_thread(verified, path)
    if manifest.schema > VERSION:
        raise BackupNewer(path=path, luxos=manifest.luxos)
    if not replace and (count := await database.pool.fetchval(database.queries["count_own_beings"])):
        raise DatabaseOccupied(count=count)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".luxos-restore-", dir=settings.home) as folder:
        unpacked = Path(folder)
        progress("unpack", None)
        await asyncio.to_thread(unpack, path, unpacked)
        await asyncio.to_thread(_place_files, unpacked, settings.home)
        await _fill(database, path, unpacked / "tables", manifest, progress)
        await asyncio.to_thread(_place_keys, unpacked / "home" / KEYS, settings.home / KEYS)
    return manifest


async def _fill(database: Database, path: Path, tables: Path, manifest: Manifest, progress: Progress) -> None:
    schema = Schema()
    try:
        async with database.pool.acquire() as connection, connection.transaction():
            await connection.execute(database.queries["limit_wait_for_locks"])
            await connection.execute(database.queries["lock_tables"])
            if manifest.schema < VERSION:
                await schema.migrate(connection, VERSION, manifest.schema)
            await connection.execute(database.queries["empty_tables"])
            for index, table in enumerate(TABLES):
                progress(table, index / len(TABLES))
                await _copy(connection, path, tables / table, manifest.counts[table])
            if manifest.schema < VERSION:
                await schema.migrate(connection, manifest.schema, VERSION)
    except asyncpg.LockNotAvailableError as error:
        raise DatabaseBusy() from error
    await database.pool.execute(database.queries["analyze_tables"])


async def _copy(connection: Any, path: Path, file: Path, wanted: int) -> None:
    """The rows of one table; they must be as many as the backup says."""
    try:
        answer: str = await connection.copy_to_table(
            file.name,
            source=file,
            columns=TABLES[file.name],
            encoding="utf-8",
        )
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise BackupDamaged(path=path, what=file.name) from error
    if int(answer.rpartition(" ")[2]) != wanted:
        raise BackupDamaged(path=path, what=file.name)


def _place_files(unpacked: Path, home: Path) -> None:
    """Journals, reports and archives: what is there already under the same name is kept."""
    for folder in (name for name in FOLDERS if name != KEYS):
        _place(unpacked / "home" / folder, home / folder)
    _place(unpacked / "artifacts", home / "artifacts")


def _place(source: Path, target: Path) -> None:
    for name, path in files_below(source):
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not place.exists():
            path.rename(place)


def _place_keys(source: Path, target: Path) -> None:
    """The keys of the backup; others that were here are kept beside them, for they may have signed something."""
    if not source.is_dir():
        return
    if target.is_dir() and not _same(source, target):
        target.rename(target.with_name(f"{target.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    _place(source, target)
    if target.is_dir():
        target.chmod(0o700)


def _same(one: Path, other: Path) -> bool:
    return {name: path.read_bytes() for name, path in files_below(one)} == {
        name: path.read_bytes() for name, path in files_below(other)
    }
