"""Locks that belong to a process and end with it, however it ends: `flock` on a file that stays."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FIRST, _LONGEST = 0.002, 0.05


def open_lock_file(path: Path) -> int:
    """A descriptor of the lock's file, which is made where it is missing; never followed through a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def try_lock(descriptor: int, exclusive: bool) -> bool:
    """Takes the lock if it is free."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock(descriptor: int, exclusive: bool, seconds: float) -> None:
    """Takes the lock, waiting at most `seconds`; `TimeoutError` after that."""
    until, pause = time.monotonic() + seconds, _FIRST
    while not try_lock(descriptor, exclusive):
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST)


@contextmanager
def locked(path: Path, exclusive: bool, seconds: float) -> Iterator[int]:
    """Holds the lock for the length of the block; gives its descriptor."""
    descriptor = open_lock_file(path)
    try:
        lock(descriptor, exclusive, seconds)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock exclusively."""
    descriptor = open_lock_file(path)
    try:
        return not try_lock(descriptor, exclusive=False)
    finally:
        os.close(descriptor)
