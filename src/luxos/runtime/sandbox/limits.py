"""How limits are put on a process, and what a watcher counts that the kernel does not limit for us."""

import asyncio
import os
import resource
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from luxos.runtime.sandbox.confinement import Limits
from luxos.runtime.threads import to_the_end

A_NAME = 4096
LONGEST = 4000
"""Bytes of a path; the system's own bound is 4,096."""
UNCOUNTED = 1 << 62
WATCH_FIRST, WATCH_EVERY, WATCH_AT_MOST = 0.05, 0.25, 2.0
"""Seconds before the first look of a watcher; between looks while little is used; between looks that take long."""
WATCH_SHARE = 20
"""A watcher rests this many times longer than it reckons."""


def rlimits(limits: Limits) -> dict[int, int]:
    """The limits that the kernel holds for each process (and, for `RLIMIT_NPROC`, for the user namespace)."""
    return {
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_DATA: limits.memory,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }


def impose(pid: int, limits: Limits) -> None:
    """Puts the limits on a process that waits for its start; what it starts inherits them.

    Done from outside and after its user namespace was made: only then does `RLIMIT_NPROC` count this sandbox's
    processes and not all processes of the person.
    """
    for kind, value in rlimits(limits).items():
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.prlimit(pid, kind, (bound, bound))


def size_of(folders: tuple[Path, ...]) -> int:
    """Bytes that the folders take, or will when they are copied; what vanishes while we look counts nothing.

    A hole counts as what it will be filled with, a name as the block that its entry takes, and a tree that is deeper
    than paths can be long, in which nobody could count, as more than any limit.
    """
    with ExitStack() as opened:
        return sum(_bytes(os.fspath(folder), opened) for folder in folders)


class Room:
    """The free room of the file systems that some folders lie on."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._most: dict[int, int] = {}
        self.missing()

    def missing(self) -> int:
        """Bytes that are free less than at the best moment so far, whoever took them."""
        free: dict[int, int] = {}
        for folder in self._folders:
            with suppress(OSError):
                room = os.statvfs(folder)
                free[folder.stat().st_dev] = room.f_bfree * room.f_frsize
        for device, bytes_ in free.items():
            self._most[device] = max(bytes_, self._most.get(device, 0))
        return sum(self._most[device] - bytes_ for device, bytes_ in free.items())


def _bytes(folder: str, opened: ExitStack) -> int:
    total, waiting = 0, [folder]
    while waiting:
        place = waiting.pop()
        if len(os.fsencode(place)) > LONGEST:
            return UNCOUNTED
        for entry in _entries(place, opened):
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                size = status.st_size if stat.S_ISREG(status.st_mode) else 0
                total += max(status.st_blocks * 512, size, A_NAME)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
    return total


def _entries(folder: str, opened: ExitStack) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError):
        if not os.access(folder, os.R_OK | os.X_OK):
            opened.enter_context(_open_to_us(folder))
        with os.scandir(folder) as entries:
            yield from entries


@contextmanager
def _open_to_us(folder: str) -> Iterator[None]:
    """Opens a folder that its step closed, while we look. By descriptor: the step may put a link in its place."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    itself = Path(f"/proc/self/fd/{descriptor}")
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    try:
        itself.chmod(mode | 0o500)
        yield
        itself.chmod(mode)
    finally:
        os.close(descriptor)


async def over(used: Callable[[], int], bound: int) -> None:
    """Returns when more than `bound` is used, at two looks in a row: what changes during one may be counted twice.

    Who cancels it waits for the look to end.
    """
    rest = WATCH_FIRST
    while True:
        await asyncio.sleep(rest)
        found, took = await to_the_end(_timed, used)
        if found > bound and await to_the_end(used) > bound:
            return
        rest = min(max(_until(found, bound), WATCH_SHARE * took), WATCH_AT_MOST)


def _timed(used: Callable[[], int]) -> tuple[int, float]:
    """What is used, and the processor's seconds that it took to see."""
    started = time.thread_time()
    return used(), time.thread_time() - started


def _until(used: int, bound: int) -> float:
    """Shorter where little is left."""
    return WATCH_EVERY * max(0.2, 1 - used / bound) if bound else WATCH_FIRST
