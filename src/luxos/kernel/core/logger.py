"""The log of critical events: one JSON object a line, appended, rotated, readable by `cat` when all else is down."""

import contextlib
import json
import os
import time
from collections.abc import Collection, Sequence
from typing import Any

from luxos.kernel.memory.snapshot import sync_folder, write_whole

_TAIL = 1 << 18
"""Bytes of a file that are read for its newest events, so that reading holds up nobody."""


class Logger:
    """Writes events, which are named tuples whose `at` is a moment of the monotonic clock. One thread uses it.

    A full or broken disk loses events, and harms nobody: how many were lost is the next line that can be written.
    """

    def __init__(self, path: str, synced: Collection[type] = (), size: int = 1 << 20, files: int = 4) -> None:
        """`synced` are the types after which the file is synced; `files` of `size` bytes are kept."""
        self._path, self._synced, self._size, self._files = path, frozenset(synced), size, files
        self._descriptor: int | None = None
        self._length = 0
        self.lost = 0

    def write(self, events: Sequence[Any]) -> None:
        """Appends the events; those of the synced types are on the disk when it returns. Raises nothing."""
        if not events:
            return
        try:
            self._append(_lines(events, self.lost), any(type(event) in self._synced for event in events))
            self.lost = 0
        except OSError:
            self.lost += len(events)
            self.close()

    def _append(self, lines: bytes, synced: bool) -> None:
        if self._descriptor is not None and self._length + len(lines) > self._size:
            self.close()
            self._rotate()
        if self._descriptor is None:
            self._open()
        assert self._descriptor is not None  # noqa: S101 - it was opened, or has raised
        try:
            write_whole(self._descriptor, lines)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
            raise
        self._length += len(lines)
        if synced:
            os.fsync(self._descriptor)

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self._path, flags, 0o600)
        self._length = os.fstat(self._descriptor).st_size
        if self._length == 0:
            sync_folder(os.path.dirname(self._path))
        elif os.pread(self._descriptor, 1, self._length - 1) != b"\n":  # a process died in the middle of a line
            self._length += os.write(self._descriptor, b"\n")

    def _rotate(self) -> None:
        for number in range(self._files - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(_older(self._path, number - 1), _older(self._path, number))

    def close(self) -> None:
        """Lets go of the file; the next write opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read_log(path: str, most: int, files: int = 4) -> list[dict[str, Any]]:
    """The newest `most` events, the oldest of them first; what is torn, or far from a file's end, is left out."""
    events: list[dict[str, Any]] = []
    for number in range(files):
        with contextlib.suppress(FileNotFoundError), open(_older(path, number), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            events[:0] = [event for line in file if (event := _event(line)) is not None]
        if len(events) >= most:
            break
    return events[len(events) - min(most, len(events)) :]


def _older(path: str, number: int) -> str:
    return f"{path}.{number}" if number else path


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _lines(events: Sequence[Any], lost: int) -> bytes:
    ago = time.time() - time.monotonic()
    lines = [_line("Lost", time.time(), {"count": lost})] if lost else []
    lines += [_line(type(event).__name__, ago + event.at, event._asdict()) for event in events]
    return "".join(lines).encode()


def _line(name: str, at: float, fields: dict[str, object]) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03}Z"
    return json.dumps({"event": name, **fields, "at": moment}) + "\n"
