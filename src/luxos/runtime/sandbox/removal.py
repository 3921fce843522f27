"""Removes folders that a step had in its hands: however deep, however closed, and no link in them is followed."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path) -> None:
    """Removes a tree of ours, once nobody works in it any more; what the system does not let go of stays.

    Folders within folders are lifted to the top, so no path grows longer than the system takes, and nothing recurses.
    """
    with suppress(OSError):
        root = os.open(folder, FOLDER)
        try:
            _empty(root)
        finally:
            os.close(root)
        folder.rmdir()


def _empty(root: int) -> None:
    mark, lifted = secrets.token_hex(8), 0
    waiting = [name for name in os.listdir(root) if not _unlinked(root, name)]
    while waiting:
        name = waiting.pop()
        with suppress(OSError):
            inner = os.open(name, FOLDER, dir_fd=root)
            try:
                for below in os.listdir(inner):  # noqa: PTH208 - by descriptor
                    if not _unlinked(inner, below):
                        lifted += 1
                        top = f"{mark}-{lifted}"
                        os.rename(below, top, src_dir_fd=inner, dst_dir_fd=root)
                        waiting.append(top)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=root)


def _unlinked(folder: int, name: str) -> bool:
    """Whether that was no folder, and is gone; a folder is opened to us instead."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=folder)
        return True
    os.chmod(name, 0o700, dir_fd=folder)
    return False
