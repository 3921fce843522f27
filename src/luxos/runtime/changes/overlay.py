"""Reads a staging folder, an overlay's upper folder or plain files, as a list of changes of a target folder.

A character device 0:0 (or an empty file that the overlay marked so) is a deletion, a folder that the overlay marked
opaque hides what lies below it. The modes of folders that are already there are left alone: a core tool stages plain
files in plain folders, whose modes mean nothing.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from luxos.i18n import N_, _
from luxos.runtime.changes.beneath import FOLDER
from luxos.runtime.changes.errors import ChangeConflict, ChangeRefused
from luxos.runtime.changes.listing import Change, State, change
from luxos.runtime.changes.nofollow import SWAPPED, folder_at, names, regular, state, status
from luxos.runtime.changes.store import Store

Parts = tuple[str, ...]
MARKS = ("user.overlay.", "trusted.overlay.")
SETUID = N_("it would run with another person's rights (setuid or setgid).")
SPECIAL = N_("it is a device, a pipe or a socket.")
OUTSIDE = N_("it is a link that leaves the project.")
UNREADABLE = N_("it replaces something that cannot be kept for undoing.")


def read_staging(staging: Path, target: Path, store: Store) -> tuple[Change, ...]:
    """The changes in the order in which they are applied: deletions, innermost first, then the rest, outermost first.

    Contents, new and replaced ones, go to `store`. `ChangeRefused` for what never comes into a project.
    """
    upper = os.open(staging, FOLDER)
    try:
        lower = _open_or_none(target)
        try:
            found = list(_Reader(store, upper, lower).changes())
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


def _order(one: Change) -> list[bytes]:
    return os.fsencode(one.path).split(b"/")


def _open_or_none(folder: Path) -> int | None:
    with suppress(FileNotFoundError):
        return os.open(folder.resolve(), FOLDER)
    return None


class _Reader:
    """Goes through both trees by lists of places, however deep they are, and opens each folder from the top."""

    def __init__(self, store: Store, upper: int, lower: int | None) -> None:
        self._store, self._upper, self._lower = store, upper, lower
        self._waiting: list[tuple[Parts, bool]] = [((), lower is not None)]
        """Folders of the staging folder, and whether there is one in the target too."""

    def changes(self) -> Iterator[Change]:
        """All of them, in no order."""
        while self._waiting:
            parts, shared = self._waiting.pop()
            with folder_at(self._upper, parts) as upper, self._below(parts, shared) as lower:
                if upper is not None:
                    yield from self._folder(upper, lower, parts)

    def _below(self, parts: Parts, shared: bool = True) -> AbstractContextManager[int | None]:
        """The folder of the target, as far as there is one that is reached through folders only."""
        return folder_at(self._lower, parts) if shared and self._lower is not None else nullcontext()

    def _folder(self, upper: int, lower: int | None, parts: Parts) -> Iterator[Change]:
        there = names(upper)
        if lower is not None and _marked(upper, "opaque"):
            for name in sorted(set(names(lower)) - set(there)):
                yield from self._removed((*parts, name))
        for name in there:
            yield from self._entry(upper, lower, name, parts)

    def _entry(self, upper: int, lower: int | None, name: str, parts: Parts) -> Iterator[Change]:
        found = os.stat(name, dir_fd=upper, follow_symlinks=False)
        if _deletion(upper, name, found):
            if lower is not None:
                yield from self._removed((*parts, name))
        elif stat.S_ISDIR(found.st_mode):
            yield from self._inner(upper, lower, (*parts, name), found.st_mode & 0o777)
        else:
            new = self._new(upper, name, parts, found)
            old = state(lower, name) if lower is not None else None
            if old is not None and old.type in ("folder", "other"):
                yield from self._removed((*parts, name))
                old = None
            if old != new:
                path = "/".join((*parts, name))
                self._keep_old(lower, name, path, old)
                yield change(path, old, new)

    def _inner(self, upper: int, lower: int | None, parts: Parts, mode: int) -> Iterator[Change]:
        """A folder, which is looked into later."""
        _make_readable(upper, parts[-1], mode, 0o700)
        there = status(lower, parts[-1]) if lower is not None else None
        shared = there is not None and stat.S_ISDIR(there.st_mode)
        if not shared:
            if there is not None:
                yield from self._removed(parts)
            yield change("/".join(parts), None, State("folder", mode))
        self._waiting.append((parts, shared))

    def _new(self, upper: int, name: str, parts: Parts, found: os.stat_result) -> State:
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

    def _removed(self, parts: Parts) -> Iterator[Change]:
        """The deletion of whatever lies there, a folder with all below it."""
        waiting = [parts]
        while waiting:
            place = waiting.pop()
            path = "/".join(place)
            with self._below(place[:-1]) as folder:
                old = state(folder, place[-1]) if folder is not None else None
                if folder is None or old is None:
                    continue
                if old.type == "other":
                    raise ChangeRefused(path=path, reason=_(UNREADABLE))
                if old.type == "folder":
                    with folder_at(folder, place[-1:]) as inner:
                        waiting += [(*place, name) for name in (names(inner) if inner is not None else ())]
                self._keep_old(folder, place[-1], path, old)
                yield change(path, old, None)

    def _keep_old(self, lower: int | None, name: str, path: str, old: State | None) -> None:
        if lower is None or old is None or old.type != "file":
            return
        try:
            sha256, _ = self._keep(lower, name)
        except OSError as problem:
            if problem.errno not in SWAPPED:
                raise
            raise ChangeConflict(path=path) from problem
        if sha256 != old.sha256:
            raise ChangeConflict(path=path)

    def _keep(self, folder: int, name: str) -> tuple[str, int]:
        with regular(folder, name) as descriptor:
            return self._store.keep(descriptor)


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
