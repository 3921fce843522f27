"""Reads a staging folder, an overlay's upper folder or plain files, as a list of changes of a target folder.

A character device 0:0 (or an empty file that the overlay marked so) is a deletion, a folder that the overlay marked
opaque hides what lies below it. The modes of folders that are already there are left alone: a core tool stages plain
files in plain folders, whose modes mean nothing.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from luxos.i18n import N_, _
from luxos.runtime.changes.listing import Change, State, change
from luxos.runtime.changes.nofollow import FOLDER, folder_at, names, state, status
from luxos.runtime.changes.store import Store
from luxos.runtime.errors import ChangeConflict, ChangeRefused

MARKS = ("user.overlay.", "trusted.overlay.")
SETUID = N_("it would run with another person's rights (setuid or setgid).")
SPECIAL = N_("it is a device, a pipe or a socket.")
OUTSIDE = N_("it is a link that leaves the project.")
UNREADABLE = N_("it replaces something that cannot be kept for undoing.")


def read_staging(staging: Path, target: Path, store: Store) -> tuple[Change, ...]:
    """The changes in the order in which they are applied: deletions, innermost first, then the rest, outermost first.

    Contents, new and replaced ones, go to `store`. `ChangeRefused` for what never comes into a project.
    """
    reader = _Reader(store)
    upper = os.open(staging, FOLDER)
    try:
        lower = _open_or_none(target)
        try:
            found = list(reader.merged(upper, lower, ()))
        finally:
            if lower is not None:
                os.close(lower)
    finally:
        os.close(upper)
    removals = sorted((one for one in found if one.new is None), key=_order, reverse=True)
    makings = sorted((one for one in found if one.new is not None), key=_order)
    return (*removals, *makings)


def write_staging(staging: Path, files: Mapping[str, bytes], deleted: Iterable[str] = ()) -> None:
    """Stages files with these contents and the deletion of these paths, all relative to the target."""
    for path, content in files.items():
        place = _place(staging, path)
        place.write_bytes(content)
    for path in deleted:
        os.mknod(_place(staging, path), stat.S_IFCHR)


def _place(staging: Path, path: str) -> Path:
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"not a path inside the target: {path!r}")
    place = staging.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _order(one: Change) -> tuple[bytes, ...]:
    return tuple(os.fsencode(part) for part in one.parts)


def _open_or_none(folder: Path) -> int | None:
    with suppress(FileNotFoundError):
        return os.open(folder.resolve(), FOLDER)
    return None


class _Reader:
    def __init__(self, store: Store) -> None:
        self._store = store

    def merged(self, upper: int, lower: int | None, parts: tuple[str, ...]) -> Iterator[Change]:
        """The changes of one folder that lies in the staging folder."""
        there = names(upper)
        if lower is not None and _marked(upper, "opaque"):
            for name in sorted(set(names(lower)) - set(there)):
                yield from self._removed(lower, name, parts)
        for name in there:
            yield from self._entry(upper, lower, name, parts)

    def _entry(self, upper: int, lower: int | None, name: str, parts: tuple[str, ...]) -> Iterator[Change]:
        found = os.stat(name, dir_fd=upper, follow_symlinks=False)
        if _deletion(upper, name, found):
            if lower is not None:
                yield from self._removed(lower, name, parts)
        elif stat.S_ISDIR(found.st_mode):
            yield from self._folder(upper, lower, name, parts, found.st_mode & 0o777)
        else:
            new = self._new(upper, name, parts, found)
            old = state(lower, name) if lower is not None else None
            if old is not None and old.type in ("folder", "other") and lower is not None:
                yield from self._removed(lower, name, parts)
                old = None
            if old != new:
                path = "/".join((*parts, name))
                self._keep_old(lower, name, path, old)
                yield change(path, old, new)

    def _folder(self, upper: int, lower: int | None, name: str, parts: tuple[str, ...], mode: int) -> Iterator[Change]:
        _make_readable(upper, name, mode, 0o700)
        inner = os.open(name, FOLDER, dir_fd=upper)
        try:
            there = status(lower, name) if lower is not None else None
            if there is not None and stat.S_ISDIR(there.st_mode) and lower is not None:
                below = os.open(name, FOLDER, dir_fd=lower)
                try:
                    yield from self.merged(inner, below, (*parts, name))
                finally:
                    os.close(below)
                return
            if there is not None and lower is not None:
                yield from self._removed(lower, name, parts)
            yield change("/".join((*parts, name)), None, State("folder", mode))
            yield from self.merged(inner, None, (*parts, name))
        finally:
            os.close(inner)

    def _new(self, upper: int, name: str, parts: tuple[str, ...], found: os.stat_result) -> State:
        path = "/".join((*parts, name))
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(name, dir_fd=upper)
            if _leaves(target, len(parts)):
                raise ChangeRefused(path=path, reason=_(OUTSIDE))
            return State("link", target=target)
        if not stat.S_ISREG(found.st_mode):
            raise ChangeRefused(path=path, reason=_(SPECIAL))
        if found.st_mode & (stat.S_ISUID | stat.S_ISGID):
            raise ChangeRefused(path=path, reason=_(SETUID))
        _make_readable(upper, name, found.st_mode & 0o777, 0o400)
        sha256, size = self._keep(upper, name)
        return State("file", found.st_mode & 0o777, sha256, size)

    def _removed(self, lower: int, name: str, parts: tuple[str, ...]) -> Iterator[Change]:
        """The deletion of whatever lies there, a folder with all below it."""
        old, path = state(lower, name), "/".join((*parts, name))
        if old is None:
            return
        if old.type == "other":
            raise ChangeRefused(path=path, reason=_(UNREADABLE))
        if old.type == "folder":
            with folder_at(lower, (name,)) as below:
                for inner in names(below) if below is not None else ():
                    yield from self._removed(_known(below), inner, (*parts, name))
        self._keep_old(lower, name, path, old)
        yield change(path, old, None)

    def _keep_old(self, lower: int | None, name: str, path: str, old: State | None) -> None:
        if lower is not None and old is not None and old.type == "file":
            sha256, _ = self._keep(lower, name)
            if sha256 != old.sha256:
                raise ChangeConflict(path=path)

    def _keep(self, folder: int, name: str) -> tuple[str, int]:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            return self._store.keep(descriptor)
        finally:
            os.close(descriptor)


def _known(folder: int | None) -> int:
    assert folder is not None  # noqa: S101 - looked at just before
    return folder


def _deletion(upper: int, name: str, found: os.stat_result) -> bool:
    if stat.S_ISCHR(found.st_mode):
        return found.st_rdev == 0
    if not stat.S_ISREG(found.st_mode) or found.st_size:
        return False
    _make_readable(upper, name, found.st_mode & 0o7777, 0o400)
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=upper)
    try:
        return _marked(descriptor, "whiteout")
    finally:
        os.close(descriptor)


def _marked(descriptor: int, mark: str) -> bool:
    for prefix in MARKS:
        with suppress(OSError):
            if os.getxattr(descriptor, prefix + mark) in (b"y", b"x", b""):
                return True
    return False


def _make_readable(folder: int, name: str, mode: int, needed: int) -> None:
    """Gives us what a step took from its own file or folder, so that we can read it; never through a link."""
    if mode & needed == needed:
        return
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.chmod(f"/proc/self/fd/{descriptor}", mode | needed)  # noqa: PTH101
    finally:
        os.close(descriptor)


def _leaves(target: str, depth: int) -> bool:
    """Whether a link in a folder `depth` below the root may point outside.

    `..` counts at the start only: behind a name, which may itself be a link, it cannot be judged.
    """
    if target.startswith("/") or not target:
        return True
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = 0
    while up < len(parts) and parts[up] == "..":
        up += 1
    return up > depth or ".." in parts[up:]
