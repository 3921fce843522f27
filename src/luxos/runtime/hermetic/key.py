"""The key under which this installation seals the state of calls that wait."""

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from luxos.errors import reason_of
from luxos.i18n import _
from luxos.runtime.hermetic.errors import SnapshotKeyUnfit
from luxos.souls.archive import Archive, put, put_new, read, sync_folder

SIZE = 32
"""Bytes of the key."""
NAME = 8
"""Bytes of its name."""


@dataclass(frozen=True)
class Key:
    """A key: made at its first use, or handed over by another machine of the same database (`runtime/nodes.py`)."""

    secret: bytes

    @cached_property
    def name(self) -> bytes:
        """What tells it from others, and of it nothing else."""
        return hashlib.sha256(b"luxos snapshot key\n" + self.secret).digest()[:NAME]

    @classmethod
    def of(cls, home: Path) -> "Key":
        """The key in the data folder; of several processes that make it at once, all get the same one."""
        file = _file(home)
        try:
            if not file.exists():
                _make_folder(file.parent)
                put_new(file, _written(secrets.token_bytes(SIZE)), 0o600)
            content = read(file, 100)
        except OSError as error:
            raise SnapshotKeyUnfit(path=file, reason=reason_of(error)) from error
        except ValueError as error:
            raise _damaged(file) from error
        return cls(_secret(content, file))

    def take(self, home: Path) -> None:
        """Becomes the key in the data folder; the one that was there, if any, is kept beside it under its name."""
        file = _file(home)
        try:
            _make_folder(file.parent)
            if file.exists():
                before = Key.of(home)
                if before == self:
                    return
                put(file.with_name(f"snapshots-{before.name.hex()}.key"), _written(before.secret), 0o600)
            put(file, _written(self.secret), 0o600)
        except OSError as error:
            raise SnapshotKeyUnfit(path=file, reason=reason_of(error)) from error


class KeyFile:
    """The key in the data folder as it is now: where another one was put there, this is that one from then on."""

    def __init__(self, home: Path) -> None:
        self._home, self._file = home, str(_file(home))
        self._kept: tuple[tuple[int, int], Key] | None = None

    def key(self) -> Key:
        """The key; `SnapshotKeyUnfit` where it cannot be used."""
        mark = self._mark()
        if self._kept is None or mark is None or self._kept[0] != mark:
            key = Key.of(self._home)
            self._kept = None if (mark := self._mark()) is None else (mark, key)
            return key
        return self._kept[1]

    def _mark(self) -> tuple[int, int] | None:
        """Another one for each file that was put there."""
        try:
            found = os.stat(self._file)  # noqa: PTH116 - at every state that is sealed
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def _file(home: Path) -> Path:
    return Archive(home).keys / "snapshots.key"


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_folder(folder.parent)


def _written(secret: bytes) -> bytes:
    return secret.hex().encode() + b"\n"


def _secret(content: bytes, file: Path) -> bytes:
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError as error:
        raise _damaged(file) from error
    if content != _written(secret) or len(secret) != SIZE:
        raise _damaged(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise SnapshotKeyUnfit(path=file, reason=_("others may read it"))
    return secret


def _damaged(file: Path) -> SnapshotKeyUnfit:
    return SnapshotKeyUnfit(path=file, reason=_("it is damaged"))
