"""Packages and environments: what was not used for the longest goes first, and what is in use stays.

Both are folders of the cache, each made under a lock beside it and used as long as its marker is there; the marker's
time says when it was used last. Whatever goes can be fetched or built again.
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from luxos.config import Settings
from luxos.persistence.locks import locked
from luxos.runtime.once import COMPLETE
from luxos.runtime.room import OF_CACHE, size_of

_FRESH = 3600.0
"""Seconds after its last use in which a folder stays: a build may be between two steps that need it."""
_SAYS = ("cmdline", "environ", "maps")
_POINTS = ("exe", "cwd")


@dataclass(frozen=True)
class Cached:
    """A folder of the cache: packages or an environment, what it takes, and when it was used last."""

    kind: str
    path: Path
    bytes: int
    used: float


def surplus(settings: Settings, commands: Iterable[str]) -> list[Cached]:
    """What is too much for `LUXOS_CACHE_SIZE`; not what a process uses, or one of these commands names."""
    found = sorted(_folders(settings), key=lambda one: one.used)
    taken, limit = sum(one.bytes for one in found), settings.cache_size * 1e9
    if taken <= limit:
        return []
    said = [*_of_processes(), *(os.fsencode(command) for command in commands)]
    goes = []
    for one in found:
        if taken > limit and _is_free(one, said):
            taken -= one.bytes
            goes.append(one)
    return goes


def remove(one: Cached) -> bool:
    """Removes a folder, unless it was used since, or somebody makes or uses it just now; says whether it is gone."""
    with suppress(TimeoutError, OSError), locked(one.path.with_suffix(".lock"), exclusive=True, seconds=0):
        if _used(one.path) == one.used and _is_free(one, _of_processes()):
            (one.path / COMPLETE).unlink(missing_ok=True)
            shutil.rmtree(one.path)
            return True
    return False


def _folders(settings: Settings) -> Iterator[Cached]:
    for kind, name in OF_CACHE.items():
        with suppress(FileNotFoundError), closing(os.scandir(settings.cache / name)) as entries:
            for entry in entries:
                path = settings.cache / name / entry.name
                if entry.is_dir(follow_symlinks=False) and (used := _used(path)) is not None:
                    yield Cached(kind, path, size_of(path), used)


def _used(folder: Path) -> float | None:
    """When a folder was used last; of one that is half made, when it was begun. `None` where it is gone."""
    for path in (folder / COMPLETE, folder):
        with suppress(OSError):
            return path.stat().st_mtime
    return None


def _is_free(one: Cached, said: Iterable[bytes]) -> bool:
    names = {os.fsencode(one.path), os.fsencode(one.path.resolve())}
    return time.time() - one.used > _FRESH and not any(name in text for text in said for name in names)


def _of_processes() -> Iterator[bytes]:
    """Everything by which a process of this machine may show that it uses a folder, as far as we may look."""
    for process in Path("/proc").glob("[0-9]*"):
        for name in _SAYS:
            with suppress(OSError):
                yield (process / name).read_bytes()
        for name in _POINTS:
            with suppress(OSError):
                yield os.fsencode((process / name).readlink())
