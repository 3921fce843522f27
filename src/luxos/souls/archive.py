"""The folder of reports, manifests and the key: files that are whole or not there, written by one process at a time."""

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luxos.errors import reason_of
from luxos.persistence.locks import locked
from luxos.souls.errors import ArchiveUnfit

_SECONDS = 60.0
INDEX = "hash_index.json"
PRODUCTION = "production_config.json"


@dataclass(frozen=True)
class Archive:
    """Where this LuxOS keeps files about souls: `souls/` and `keys/` below its home."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "souls"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the folder of reports, made where it is missing, against other processes and threads."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / ".lock", exclusive=True, seconds=_SECONDS):
                yield
        except OSError as error:
            raise ArchiveUnfit(path=self.folder, reason=reason_of(error)) from error


def put(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a file by rename, durably."""
    temporary = _written(file, content, mode)
    temporary.replace(file)
    sync_folder(file.parent)


def put_new(file: Path, content: bytes, mode: int) -> bool:
    """Writes a file that is not there yet, durably; `False` where somebody else was first."""
    temporary = _written(file, content, mode)
    try:
        os.link(temporary, file)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync_folder(file.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Has the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(file: Path, most: int) -> bytes:
    """A plain file's bytes; `OSError` for a link, `ValueError` for what is longer than `most`, or no plain file."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("not_plain")
        found = stream.read(most + 1)
    if len(found) > most:
        raise ValueError("too_big")
    return found


def readable(value: Any) -> bytes:
    """JSON for people too; equal values give equal bytes, and 1.0 is not 1."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"


def _written(file: Path, content: bytes, mode: int) -> Path:
    temporary = file.with_name(f".{file.name[:100]}.{secrets.token_hex(8)}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return temporary
