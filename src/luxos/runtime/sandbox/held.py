"""What the processes of one PID namespace hold together, which the kernel counts for nobody: memory, removed files.

A program behind walls may try to hide what it holds. So every thread is asked, for each may have files of its own, and
a process is asked through one descriptor, so that no other can take its number meanwhile.
"""

import ctypes
import os
import platform
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from luxos.runtime.sandbox.seccomp import SHARED

KIBIBYTE = 1024
A_FILE_IN_MEMORY = 1024
"""What an entry of a tmpfs takes of the kernel's memory, its contents aside."""
IN_MEMORY = ("tmp", "dev/shm")
_SHARED = re.compile(rb"^\S+ \S+ \S+ (\S+ \d+) +/dev/zero \(deleted\)$", re.MULTILINE)
"""A shared mapping without a file: what it is a part of."""
_REMOVED = re.compile(rb"^\S+ \S+ \S+ ([0-9a-f]+):([0-9a-f]+) \d+ +/(?!dev/zero \().* \(deleted\)$", re.MULTILINE)
"""A mapping of a file that has no name any more: the two numbers of its device."""
_SENT = re.compile(rb"^scm_fds:\s*[1-9]", re.MULTILINE)
"""Of a socket: descriptors that were sent, and not received yet."""
PIPE = 65536
BUFFERS = Path("/proc/sys/net/core/wmem_default")
_KCMP = {"x86_64": 312, "aarch64": 272}
_LIBC = ctypes.CDLL(None, use_errno=True)


def processes(namespace: int) -> int:
    """How many processes live in the PID namespace with this inode."""
    return sum(1 for _ in _members(namespace))


def memory(namespace: int) -> int:
    """Bytes of memory: the processes' own, what lies in their tmpfs, and what the kernel may keep for them.

    Of shared mappings without a file, of sockets and pipes nobody outside sees how much they hold: each counts as the
    most that the filter lets it have (`seccomp.program(watched=True)`).
    """
    own: dict[int, int] = {}
    shared: set[bytes] = set()
    channels: dict[tuple[int, int], int] = {}
    buffer, files = int(BUFFERS.read_text()), 0
    for process in _members(namespace):
        number, rollup, mappings = _unless_borrowed(process, own)
        own[number] = _own(rollup)
        shared.update(_SHARED.findall(mappings))
        files = files or _in_tmpfs(process)
        for status in _open_files(process):
            if stat.S_ISSOCK(status.st_mode) or stat.S_ISFIFO(status.st_mode):
                channels[status.st_dev, status.st_ino] = buffer if stat.S_ISSOCK(status.st_mode) else PIPE
    return sum(own.values()) + len(shared) * SHARED + sum(channels.values()) + files


def removed(namespace: int) -> int:
    """Bytes on disks of files that have no name any more and are still open, or run."""
    found: dict[tuple[int, int], int] = {}
    for process in _members(namespace):
        in_memory = _devices(process)
        for status in _open_files(process):
            if stat.S_ISREG(status.st_mode) and not status.st_nlink and status.st_dev not in in_memory:
                found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def hides_files(namespace: int) -> bool:
    """Whether there may be removed files that nobody has open: on their way along a socket, or only mapped."""
    return any(_sends_any(process) or _maps_any(process) for process in _members(namespace))


def _sends_any(process: int) -> bool:
    for thread in _threads(process):
        with suppress(OSError), _opened(f"{thread}/fd", process, os.O_DIRECTORY) as folder:
            for number in os.listdir(folder):  # noqa: PTH208 - by descriptor
                with suppress(OSError):
                    is_socket = stat.S_ISSOCK(os.stat(number, dir_fd=folder).st_mode)
                    if is_socket and _SENT.search(_read(process, f"{thread}/fdinfo/{number}")):
                        return True
    return False


def _maps_any(process: int) -> bool:
    in_memory = _devices(process)
    for thread in _threads(process):
        mappings = _read(process, f"{thread}/maps")
        if mappings:
            found = {os.makedev(int(major, 16), int(minor, 16)) for major, minor in _REMOVED.findall(mappings)}
            return bool(found - in_memory)
    return False


def _members(namespace: int) -> Iterator[int]:
    """The folder in /proc of each process, open for that long."""
    wanted = f"pid:[{namespace}]"
    for name in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208 - names only
        with suppress(OSError):
            process = os.open(f"/proc/{name}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if os.readlink("ns/pid", dir_fd=process) == wanted:
                    yield process
            finally:
                os.close(process)


@contextmanager
def _opened(name: str, process: int, kind: int = 0) -> Iterator[int]:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | kind, dir_fd=process)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _threads(process: int) -> list[str]:
    with suppress(OSError), _opened("task", process, os.O_DIRECTORY) as folder:
        return [f"task/{name}" for name in os.listdir(folder)]  # noqa: PTH208 - by descriptor
    return []


def _unless_borrowed(process: int, known: Iterable[int]) -> tuple[int, bytes, bytes]:
    """A thread that lives (the first may have ended), sums and list of its mappings, if they are not a known thread's.

    A program that is being started borrows the memory of its parent: it is asked about that before it is asked for it.
    """
    for thread in _threads(process):
        number = int(thread.rpartition("/")[2])
        borrowed = any(_same_memory(number, other) for other in known)
        rollup = _read(process, f"{thread}/smaps_rollup")
        if rollup:
            return (0, b"", b"") if borrowed else (number, rollup, _read(process, f"{thread}/maps"))
    return 0, b"", b""


def _read(process: int, name: str) -> bytes:
    with suppress(OSError), _opened(name, process) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()
    return b""


def _own(rollup: bytes) -> int:
    """Anonymous memory, in use and swapped out, each page by the share that the process has in it."""
    words = {line.split()[0]: line.split()[1] for line in rollup.splitlines()[1:]}
    kept = words.get(b"Pss_Anon:", words.get(b"Pss:", b"0"))
    return (int(kept) + int(words.get(b"SwapPss:", b"0"))) * KIBIBYTE


def _same_memory(one: int, other: int) -> bool:
    """Whether two threads have one memory."""
    number = _KCMP.get(platform.machine())
    return number is not None and _LIBC.syscall(number, one, other, 1, 0, 0) == 0


def _in_tmpfs(process: int) -> int:
    total = 0
    for folder in IN_MEMORY:
        with suppress(OSError):
            room = os.statvfs(f"/proc/self/fd/{process}/root/{folder}")
            total += (room.f_blocks - room.f_bfree) * room.f_frsize
            total += (room.f_files - room.f_ffree) * A_FILE_IN_MEMORY
    return total


def _devices(process: int) -> set[int]:
    found = set()
    for folder in IN_MEMORY:
        with suppress(OSError):
            found.add(os.stat(f"root/{folder}", dir_fd=process).st_dev)
    return found


def _open_files(process: int) -> Iterator[os.stat_result]:
    for thread in _threads(process):
        with suppress(OSError), _opened(f"{thread}/fd", process, os.O_DIRECTORY) as folder:
            for number in os.listdir(folder):  # noqa: PTH208 - by descriptor
                with suppress(OSError):
                    yield os.stat(number, dir_fd=folder)
        with suppress(OSError):
            yield os.stat(f"{thread}/exe", dir_fd=process)
