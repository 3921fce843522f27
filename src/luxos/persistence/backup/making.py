"""Making a backup while LuxOS works: both tables in one snapshot, then the folders that belong to them.

The folders are read after the tables: a journal that is newer than its step's row is thrown away by recovery, one that
is missing could not be replaced.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from luxos.config import Settings
from luxos.persistence.backup.bundle import Manifest, Writer, files_below, verified, written
from luxos.persistence.database import Database, server_version
from luxos.persistence.schema import SCHEMA_BEING
from luxos.version import __version__

FOLDERS = ("keys", "souls", "runs", "artifacts")
"""The folders of `LUXOS_HOME` that hold what the tables name: signing keys, reports, undo data, restored archives."""
_LOCKS = frozenset({"souls/.lock"})
"""Files that say nothing but that a process holds them: no backup takes them along, so no restore replaces them."""
_SHARED = ("tags", "energy_level", "genesis", "attributes", "created_at")
TABLES: dict[str, Sequence[str]] = {
    "base_beings": ("soul", *_SHARED, "memories", "self_awareness", "embedding"),
    "relationships": ("id", "source_soul", "target_soul", *_SHARED),
}
"""The columns of each table, in the order in which a backup has them."""
Progress = Callable[[str, float | None], None]


async def make_backup(database: Database, settings: Settings, target: Path, progress: Progress) -> Manifest:
    """Writes a backup and reads it again; the file is there when both went well, and not before."""
    with tempfile.TemporaryDirectory(prefix=".luxos-backup-", dir=target.parent) as folder:
        dumps = Path(folder)
        manifest = await _dump(database, dumps, progress)
        artifacts = await _artifacts(database)
        await asyncio.to_thread(_write, target, manifest, dumps, settings.home, artifacts, progress)
    progress("verify", None)
    return await asyncio.to_thread(verified, target)


async def _dump(database: Database, folder: Path, progress: Progress) -> Manifest:
    """Both tables as text that every PostgreSQL from 15 on reads, at one moment."""
    async with database.pool.acquire() as connection:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            counts = {table: await connection.fetchval(database.queries[f"count_{table}"]) for table in TABLES}
            attributes = await connection.fetchval(database.queries["load_schema"], SCHEMA_BEING)
            for index, (table, columns) in enumerate(TABLES.items()):
                progress(table, index / len(TABLES))
                await connection.copy_from_table(table, output=folder / table, columns=columns, encoding="utf-8")
        server = server_version(connection)
    return Manifest(
        luxos=__version__,
        schema=int(attributes["version"]),
        postgresql=server,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        counts=counts,
    )


async def _artifacts(database: Database) -> Sequence[tuple[str, Path]]:
    """The archives that runs left, by run, where they still are."""
    rows = await database.pool.fetch(database.queries["list_artifacts"])
    return [(str(row["run"]), Path(row["path"])) for row in rows]


def _write(
    target: Path,
    manifest: Manifest,
    dumps: Path,
    home: Path,
    artifacts: Sequence[tuple[str, Path]],
    progress: Progress,
) -> None:
    with written(target, manifest) as writer:
        for table in TABLES:
            _add(writer, f"tables/{table}", dumps / table)
        for folder in FOLDERS:
            progress(folder, None)
            for name, path in files_below(home / folder):
                if f"{folder}/{name}" not in _LOCKS:
                    _add(writer, f"home/{folder}/{name}", path)
        for run, path in artifacts:
            name = f"artifacts/{run}/{path.name}"
            if not path.is_symlink() and name not in manifest.files and _add(writer, name, path):
                manifest.artifacts[name] = str(path)


def _add(writer: Writer, name: str, path: Path) -> bool:
    """Adds a file, unless it went away meanwhile: what retention removes while a backup is made is not in it."""
    try:
        with path.open("rb") as file:
            writer.add(name, file)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    return True
