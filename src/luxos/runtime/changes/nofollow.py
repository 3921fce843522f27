"""Files seen through descriptors of folders: no component of a path is ever followed when it is a link."""

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from luxos.errors import LuxError, reason_of
from luxos.runtime.changes.beneath import open_beneath
from luxos.runtime.changes.errors import DiskFull, FilesNotOurs
from luxos.runtime.changes.listing import State

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
CHUNK = 1 << 20
SWAPPED = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ELOOP,
    errno.EINVAL,
    errno.ENXIO,
    errno.ENOTEMPTY,
}
"""What the system says where somebody put something else in the place of what we have just looked at."""
FEW = 16
"""Up to so many files or folders are made durable one by one."""


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """Translates what the system says of a full disk, or of files that are not ours to touch."""
    try:
        yield
    except OSError as problem:
        said = said_of(problem, folder)
        if said is None:
            raise
        raise said from problem


def said_of(problem: OSError, folder: Path) -> LuxError | None:
    """What the system says of a full disk, or of files that are not ours; nothing where it says something else."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(folder=folder)
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FilesNotOurs(path=problem.filename or folder, folder=folder, reason=reason_of(problem))
    return None


@contextmanager
def folder_at(root: int, parts: Sequence[str]) -> Iterator[int | None]:
    """The folder below `root`, or None when it is absent, or not reached through folders only."""
    try:
        descriptor = open_beneath(root, parts)
    except OSError as problem:
        if problem.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def names(folder: int) -> list[str]:
    """The names in a folder."""
    return os.listdir(folder)


def status(folder: int, name: str) -> os.stat_result | None:
    """The entry itself, not what it points to; None when there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    return None


def state(folder: int, name: str) -> State | None:
    """What lies there now, with the hash of a file's content."""
    found = status(folder, name)
    if found is None:
        return None
    mode = found.st_mode & 0o777
    if stat.S_ISDIR(found.st_mode):
        return State("folder", mode)
    try:
        if stat.S_ISLNK(found.st_mode):
            return State("link", target=os.readlink(name, dir_fd=folder))
        if stat.S_ISREG(found.st_mode):
            with regular(folder, name) as descriptor:
                return State("file", mode, *copy(descriptor, None))
    except OSError as problem:
        if problem.errno not in SWAPPED:
            raise
    return State("other")


@contextmanager
def regular(folder: int, name: str) -> Iterator[int]:
    """Opens a file for reading that is one; an `OSError` of `SWAPPED` for what is, by now, something else."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), name)
        yield descriptor
    finally:
        os.close(descriptor)


def copy(source: int, target: int | None) -> tuple[str, int]:
    """Reads a file to where its end was at first, writing it to `target`; the SHA-256 and the size of what it read."""
    hasher, size, rest = hashlib.sha256(), 0, os.fstat(source).st_size
    while data := os.read(source, min(CHUNK, rest - size)):
        hasher.update(data)
        size += len(data)
        if target is not None:
            write_all(target, data)
    return hasher.hexdigest(), size


def write_all(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(target, rest) :]


def sync_files(folder: Path) -> None:
    """Makes the files right in a folder durable, and their names."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = names(descriptor)
        if len(found) > FEW:
            sync_file_system(descriptor)
            return
        for name in found:
            _sync(descriptor, name)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: int, name: str) -> None:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_file_system(folder: int) -> None:
    """Makes everything on the folder's file system durable: for many files cheaper than one by one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syncfs(folder) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def durable(count: int) -> Iterator[Callable[[int], None]]:
    """Makes so many folders durable, by their descriptors: few at once, many at the end by their file systems."""
    kept: dict[int, int] = {}

    def changed(folder: int) -> None:
        if count <= FEW:
            os.fsync(folder)
        elif (device := os.fstat(folder).st_dev) not in kept:
            kept[device] = os.dup(folder)

    try:
        yield changed
        for descriptor in kept.values():
            sync_file_system(descriptor)
    finally:
        for descriptor in kept.values():
            os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
