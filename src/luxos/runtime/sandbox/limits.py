"""How limits are put on a process, and what a watcher counts that the kernel does not limit for us."""

import asyncio
import os
import resource
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from luxos.runtime.sandbox.confinement import Limits
from luxos.runtime.threads import to_the_end

A_NAME = 4096
LONGEST = 4000
"""Bytes of a path; the system's own bound is 4,096."""
UNCOUNTED = 1 << 62
WATCH_EVERY = 0.25
WATCH_SHARE = 20
"""The watcher rests this many times longer than it looks."""


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


async def watch_size(folders: tuple[Path, ...], bound: int) -> None:
    """Returns when the folders together hold more than `bound` bytes. Who cancels it waits for the look to end."""
    rest = WATCH_EVERY
    while True:
        await asyncio.sleep(rest)
        started = time.monotonic()
        if await to_the_end(size_of, folders) > bound:
            return
        rest = max(WATCH_EVERY, WATCH_SHARE * (time.monotonic() - started))


def members(namespace: int) -> int:
    """How many processes live in the PID namespace with this inode."""
    wanted, count = f"pid:[{namespace}]", 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            count += os.fspath((process / "ns/pid").readlink()) == wanted
    return count


async def watch_processes(namespace: int, bound: int) -> None:
    """Returns when more than `bound` processes live in the namespace.

    Needed for root without a control group only: the kernel exempts root from `RLIMIT_NPROC`.
    """
    while True:
        started = time.monotonic()
        if await to_the_end(members, namespace) > bound:
            return
        await asyncio.sleep(max(WATCH_EVERY / 5, WATCH_SHARE / 4 * (time.monotonic() - started)))
