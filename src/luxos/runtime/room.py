"""What takes the room: tables, their indexes, kinds of beings, and the folders of LuxOS; all in bytes."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from luxos.config import Settings
from luxos.persistence.database import Database

OF_HOME = ("runs", "souls", "backups", "postgres")
"""Journals and undo data, reports, backups, and the embedded database with all that it writes."""
OF_CACHE = {"packages": "wheels", "environments": "environments"}
"""The kinds of what is in the cache, and their folders there."""


async def tables(database: Database) -> list[dict[str, Any]]:
    """`{"name", "rows", "bytes", "indexes": {name: bytes}}` of both tables; `bytes` is of all, its indexes included."""
    sizes = await database.pool.fetch(database.queries["table_sizes"])
    indexes = await database.pool.fetch(database.queries["index_sizes"])
    return [
        {**row, "indexes": {index["name"]: index["bytes"] for index in indexes if index["owner"] == row["name"]}}
        for row in sizes
    ]


async def kinds(database: Database) -> list[dict[str, Any]]:
    """`{"kind", "rows", "bytes"}` of each kind of being, the biggest first; bytes of the rows, without indexes."""
    return [dict(row) for row in await database.pool.fetch(database.queries["kind_sizes"])]


def folders(settings: Settings) -> list[dict[str, Any]]:
    """`{"name", "path", "bytes"}` of each folder of ours; what else is in the cache is `other`."""
    parts = {name: settings.home / name for name in OF_HOME}
    parts |= {name: settings.cache / folder for name, folder in OF_CACHE.items()}
    sizes = {name: size_of(path) for name, path in parts.items()}
    other = size_of(settings.cache) - sum(sizes[name] for name in OF_CACHE)
    found = [{"name": name, "path": str(path), "bytes": sizes[name]} for name, path in parts.items()]
    return [*found, {"name": "other", "path": str(settings.cache), "bytes": max(other, 0)}]


def size_of(folder: Path) -> int:
    """What a folder takes on the disk; 0 where there is none. A file with several names in it is counted once."""
    return sum({(one.st_dev, one.st_ino): one.st_blocks * 512 for one in _below(folder)}.values())


def _below(folder: Path) -> Iterator[os.stat_result]:
    """All that is in a folder; not what goes away meanwhile, or may not be looked at."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                yield entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    yield from _below(folder / entry.name)
