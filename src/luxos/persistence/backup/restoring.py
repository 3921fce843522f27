"""Restoring a backup: the tables in one transaction, whole or not at all.

Order: read the file to its end → unpack beside the data folder → journals, reports and archives that are not there yet
into place (so they harm nothing where the next step fails) → the tables, one transaction → the files of what was
replaced go → the keys. Killed before the transaction ends, the database is as it was; killed after, the same command
ends it.
"""

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import Mapping
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
_HOME = "home/"


async def restore_backup(
    database: Database, settings: Settings, path: Path, progress: Progress, *, replaced: Manifest | None = None
) -> Manifest:
    """Puts back what a backup holds; `DatabaseOccupied` where there are beings already.

    `replaced` is the backup that was just made of them: they may be replaced then, and the files that it holds go too.
    """
    progress("verify", None)
    manifest = await asyncio.to_thread(verified, path)
    if manifest.schema > VERSION:
        raise BackupNewer(path=path, luxos=manifest.luxos)
    if replaced is None and (count := await database.pool.fetchval(database.queries["count_own_beings"])):
        raise DatabaseOccupied(count=count)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".luxos-restore-", dir=settings.home) as folder:
        unpacked = Path(folder)
        progress("unpack", None)
        await asyncio.to_thread(unpack, path, unpacked)
        await asyncio.to_thread(_place_files, unpacked, settings.home)
        await _fill(database, path, unpacked / "tables", manifest, progress)
        if replaced is not None:
            await asyncio.to_thread(_replace_files, unpacked, settings.home, _places(replaced), _places(manifest))
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
    """Journals, reports and archives: what is there already under the same name is kept for now."""
    for folder in (name for name in FOLDERS if name != KEYS):
        _place(unpacked / "home" / folder, home / folder)
    _place(unpacked / "artifacts", home / "artifacts")


def _place(source: Path, target: Path) -> None:
    for name, path in files_below(source):
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not place.exists():
            path.rename(place)


def _places(manifest: Manifest) -> Mapping[str, str]:
    """Where the files of a backup belong below the data folder, keys left out, and the SHA-256 of each."""
    places = {name.removeprefix(_HOME): told["sha256"] for name, told in manifest.files.items()}
    return {name: digest for name, digest in places.items() if not name.startswith(("tables/", f"{KEYS}/"))}


def _replace_files(unpacked: Path, home: Path, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Files that `old` has as they are now, and `new` has otherwise or not, become those of `new` or go."""
    for name, digest in old.items():
        place = home / name
        if new.get(name) == digest or _digest(place) != digest:
            continue
        if name in new:
            _unpacked(unpacked, name).replace(place)
        else:
            place.unlink()
            _remove_empty(place.parent, home)


def _unpacked(unpacked: Path, name: str) -> Path:
    """Where a file lies that was not put into place, for another one was there."""
    below = unpacked / _HOME / name
    return below if below.exists() else unpacked / name


def _digest(path: Path) -> str | None:
    """The SHA-256 of a plain file; `None` for what is none, or gone."""
    with contextlib.suppress(OSError):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def _remove_empty(folder: Path, home: Path) -> None:
    """Removes a folder of a file that went, and those above it, where nothing is left in them."""
    with contextlib.suppress(OSError):
        while folder.parent != home:
            folder.rmdir()
            folder = folder.parent


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
