"""Folders that are made once, whoever asks for them, and are whole or not there.

What is half made has no marker and is made again; a lock file (flock) keeps two processes from making the same one. A
child that fills the folder holds the lock too: a killed LuxOS leaves nobody behind who writes into the next one's.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO

from luxos.runtime.changes.nofollow import disk, sync_file_system
from luxos.runtime.threads import to_the_end

COMPLETE = "complete"
"""The file in a folder that says that all of it is there."""


def is_complete(folder: Path) -> bool:
    """Whether all of it is there."""
    return (folder / COMPLETE).exists()


@asynccontextmanager
async def made_once(folder: Path, is_whole: Callable[[Path], bool]) -> AsyncIterator[int | None]:
    """Gives the descriptor of the held lock where `folder` must be made, else `None`.

    What the block leaves without an error is complete, and on the disk before it is called so. The marker's time says
    when the folder was used last.
    """
    if is_whole(folder):
        with suppress(OSError):
            os.utime(folder / COMPLETE)
        yield None
        return
    with disk(folder.parent), _lock_beside(folder) as lock:
        await _take(lock.fileno())
        if is_whole(folder):
            yield None
            return
        try:
            await to_the_end(_emptied, folder)
            yield lock.fileno()
            await to_the_end(sync_filesystem, folder)
            (folder / COMPLETE).touch()
        except BaseException:
            await to_the_end(shutil.rmtree, folder, ignore_errors=True)
            raise


@contextmanager
def _lock_beside(folder: Path) -> Iterator[IO[str]]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        yield lock


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def sync_filesystem(folder: Path) -> None:
    """Waits until what was written is on the disk: the one that holds the folder, not all of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync_file_system(descriptor)
    finally:
        os.close(descriptor)


async def _take(descriptor: int) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.1)
