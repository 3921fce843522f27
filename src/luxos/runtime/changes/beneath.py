"""Opens a folder below another one through folders only: by `openat2`, all of a path at once, where the kernel has it.

A name at a time costs a call of the system for each, so that a tree of a thousand folders within each other would take
a million.
"""

import ctypes
import errno
import os
from collections.abc import Iterator, Sequence

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LONGEST = 4000
"""Bytes of one path; the system's own bound is 4,096."""
_OPENAT2 = 437
_NO_LINKS_AND_BENEATH = 0x04 | 0x08
_MISSING = {errno.ENOSYS, errno.EPERM}
"""What a kernel before 5.6 says, and a filter that does not know the call."""
_LIBC = ctypes.CDLL(None, use_errno=True)


class _How(ctypes.Structure):
    """`struct open_how`."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_FOLDER_BENEATH = _How(FOLDER, 0, _NO_LINKS_AND_BENEATH)


def open_beneath(root: int, parts: Sequence[str]) -> int:
    """A descriptor of the folder at `parts` below `root`; `OSError` where a link, or nothing, is in the way."""
    descriptor = os.dup(root)
    for path in _paths(os.fsencode("/".join(parts))):
        try:
            below = _open(descriptor, path)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _paths(path: bytes) -> Iterator[bytes]:
    """A path in pieces that are not too long."""
    while len(path) > LONGEST:
        end = path.rindex(b"/", 0, LONGEST)
        yield path[:end]
        path = path[end + 1 :]
    if path:
        yield path


def _open(root: int, path: bytes) -> int:
    if b"/" not in path:
        return os.open(path, FOLDER, dir_fd=root)
    size = ctypes.sizeof(_How)
    found = _LIBC.syscall(ctypes.c_long(_OPENAT2), root, path, ctypes.byref(_FOLDER_BENEATH), size)
    if found >= 0:
        return int(found)
    number = ctypes.get_errno()
    if number in _MISSING:
        return _one_by_one(root, path)
    raise OSError(number, os.strerror(number), os.fsdecode(path))


def _one_by_one(root: int, path: bytes) -> int:
    descriptor = os.dup(root)
    for name in path.split(b"/"):
        try:
            below = os.open(name, FOLDER, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor
