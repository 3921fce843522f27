"""A private copy of a workspace, and how it differs from it afterwards, in the overlay's own form.

Both go through folders by a list and see each by a descriptor: none lies too deep, and no link in them is followed.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from luxos.runtime.changes.beneath import open_beneath
from luxos.runtime.changes.nofollow import CHUNK, names, regular

OPAQUE = "user.overlay.opaque"
Parts = tuple[str, ...]


def make_copy(source: Path, target: Path) -> None:
    """Copies a tree, links as links, with modes and times."""
    folders: list[Parts] = [()]
    with _roots(source, target) as (here, there):
        for parts in folders:
            with _folders(parts, here, there) as (old, new):
                for name, mode in sorted(_entries(old).items()):
                    if stat.S_ISDIR(mode):
                        os.mkdir(name, dir_fd=new)
                        folders.append((*parts, name))
                    else:
                        shutil.copy2(_path(old, name), _path(new, name), follow_symlinks=False)
        for parts in reversed(folders):
            with _folders(parts, here, there) as (old, new):
                shutil.copystat(_path(old), _path(new))


def write_difference(before: Path, after: Path, upper: Path) -> None:
    """Moves into `upper` what `after` has and `before` has not, and marks what only `before` has as deleted."""
    modes: dict[Parts, tuple[int, int]] = {}
    """Of folders that are in both, before and after."""
    waiting: list[Parts] = [()]
    with _roots(before, after, upper) as roots:
        for parts in waiting:
            with _folders(parts, *roots) as (old, new, out):
                for name, was, now in _differences(old, new, out):
                    waiting.append((*parts, name))
                    modes[*parts, name] = was, now
        for parts in reversed(waiting[1:]):
            with _folders(parts[:-1], roots[-1]) as (out,):
                _finish(out, parts[-1], *modes[parts])


def _differences(old: int, new: int, out: int) -> Iterator[tuple[str, int, int]]:
    """Writes how one folder differs; gives the names of folders that are in both, with their modes before and after."""
    was, now = _entries(old), _entries(new)
    for name in sorted(was.keys() - now.keys()):
        os.mknod(name, stat.S_IFCHR, 0, dir_fd=out)  # an overlay's deletion, which the kernel allows to everyone
    for name, mode in sorted(now.items()):
        before = was.get(name)
        if not stat.S_ISDIR(mode):
            if before != mode or not _same_content(name, mode, old, new):
                os.rename(name, name, src_dir_fd=new, dst_dir_fd=out)
            continue
        os.chmod(name, stat.S_IMODE(mode) | stat.S_IRWXU, dir_fd=new)
        if before is not None and stat.S_ISDIR(before):
            os.mkdir(name, dir_fd=out)
            yield name, before, mode
        else:
            os.rename(name, name, src_dir_fd=new, dst_dir_fd=out)
            if before is not None:
                os.setxattr(_path(out, name), OPAQUE, b"y")
            os.chmod(name, stat.S_IMODE(mode), dir_fd=out)


def _finish(out: int, name: str, was: int, now: int) -> None:
    """A folder of both stays where it, or something in it, is not as it was."""
    if was == now:
        with suppress(OSError):
            os.rmdir(name, dir_fd=out)
            return
    os.chmod(name, stat.S_IMODE(now), dir_fd=out)


def _same_content(name: str, mode: int, old: int, new: int) -> bool:
    if stat.S_ISLNK(mode):
        return os.readlink(name, dir_fd=old) == os.readlink(name, dir_fd=new)
    if not stat.S_ISREG(mode):
        return False
    with regular(old, name) as one, regular(new, name) as other:
        if os.fstat(one).st_size != os.fstat(other).st_size:
            return False
        while (data := os.read(one, CHUNK)) == os.read(other, CHUNK):
            if not data:
                return True
        return False


def _entries(folder: int) -> dict[str, int]:
    """The names in a folder, with type and mode of each."""
    return {name: os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode for name in names(folder)}


def _path(folder: int, name: str = "") -> str:
    """A path to what lies in a folder, however long its own is."""
    return f"/proc/self/fd/{folder}/{name}"


@contextmanager
def _roots(*folders: Path) -> Iterator[list[int]]:
    with ExitStack() as stack:
        opened = []
        for folder in folders:
            opened.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            stack.callback(os.close, opened[-1])
        yield opened


@contextmanager
def _folders(parts: Parts, *roots: int) -> Iterator[list[int]]:
    """The same folder below each of the roots."""
    with ExitStack() as stack:
        opened = []
        for root in roots:
            opened.append(open_beneath(root, parts))
            stack.callback(os.close, opened[-1])
        yield opened
