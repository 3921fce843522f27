"""What a core function is given: the workspace, a place for its changes, its voice, and the way to call others.

A path is read wherever it leads inside the workspace, links and all. What is changed is a regular file under its own
name: links among its folders are followed inside the workspace, but no file is changed through a link, and no folder
gives way to a file. Nothing that LuxOS keeps for itself is read or changed.
"""

import errno
import os
import stat
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from luxos.amounts import size
from luxos.beings.instance import InstanceBeing
from luxos.config import Settings
from luxos.runtime.call import Call
from luxos.runtime.changes.beneath import FOLDER
from luxos.runtime.changes.nofollow import disk, folder_at, status
from luxos.runtime.errors.files import (
    FileMissing,
    FileTooLarge,
    FolderBlocked,
    FolderGiven,
    LinkGiven,
    LuxosData,
    NotAFile,
    PathOutside,
    PathTooLong,
    SameFile,
    WorkspaceReadOnly,
)

LARGEST = 16 << 20
"""Bytes of a file that is read whole."""
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME, _PATH = 255, 2048
"""Bytes of a name and of a path that every file system holds, with room for the folders above."""


class Execution(Protocol):
    """The dispatcher as seen from inside a call."""

    def __call__(self, who: str, **arguments: Any) -> Awaitable[Any]: ...


Check = Callable[[str, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Context:
    """Passed to a core function as its first argument. Paths given as text are relative to the workspace."""

    settings: Settings
    call: Call
    workspace: Path
    execution: Execution
    say: Callable[[str, float | None], None]
    check: Check | None = None
    """Raises what is wrong with where a soul is to run; there where the dispatcher makes the call."""

    @property
    def staging(self) -> Path | None:
        """Where changes of the workspace are left; `None` in a step that may not change it."""
        return self.call.staging

    def bear(self, newborn: InstanceBeing) -> None:
        """Has a new instance written with the record of this call, or not at all; raises what keeps it from that."""
        newborn.check()
        self.call.newborn = newborn

    def report(self, text: str, fraction: float | None = None) -> None:
        """Tells the person what is being done, and how much of it is (0 to 1)."""
        self.say(text, fraction)

    def exists(self, path: str) -> bool:
        return self._led(path).is_file()

    def read(self, path: str) -> bytes:
        """A file's content; `FileMissing` where there is none, `FileTooLarge` beyond `LARGEST` bytes."""
        return self._content(path)[0]

    def beginning(self, path: str, limit: int) -> tuple[bytes, int]:
        """The first bytes of a file, and how many it has."""
        with self._opened(path) as (descriptor, found):
            return _taken(descriptor, limit), found.st_size

    def names(self, path: str) -> list[str]:
        """The names in a folder, sorted, folders with a slash behind; bytes that are no UTF-8 are replaced."""
        try:
            with disk(self.workspace), os.scandir(self._led(path)) as entries:
                return sorted(_text(entry.name) + "/" * entry.is_dir(follow_symlinks=False) for entry in entries)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise FileMissing(path=path) from error
            raise

    def changed_file(self, path: str) -> Path:
        """The place where the new content of a file is to be written; its folders are there, it is not."""
        _place, target = self._changeable(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        return target

    def write(self, path: str, content: bytes, mode: int | None = None) -> None:
        """Stages a file's new content; without a mode of its own, an existing file keeps its mode."""
        place, target = self._changeable(path)
        if mode is None and place.exists():
            mode = stat.S_IMODE(place.stat().st_mode) & 0o777
        with disk(target.parent):
            self.changed_file(path).write_bytes(content)
        if mode is not None:
            target.chmod(mode)

    def copy(self, path: str, to: str) -> str:
        """Stages a copy of a file, mode and all, into `to` where that is a folder; gives the path of the copy."""
        content, mode = self._content(path)
        if self._led(to).is_dir():
            to = str(PurePosixPath(to) / PurePosixPath(path).name)
        if self._led(path) == self._place(to):
            raise SameFile(path=path)
        self.write(to, content, mode)
        return to

    def delete(self, path: str) -> None:
        """Stages a deletion, in the way of an overlay: a character device 0:0."""
        place, target = self._changeable(path)
        if not place.exists() and not target.exists():
            raise FileMissing(path=path)
        os.mknod(self.changed_file(path), stat.S_IFCHR, os.makedev(0, 0))

    @property
    def _root(self) -> Path:
        return Path(os.path.realpath(self.workspace))

    def _named(self, path: str) -> PurePosixPath:
        """The path as it is written, relative to the workspace."""
        pure = PurePosixPath(path)
        if pure.is_absolute() and pure.is_relative_to(self.workspace):
            pure = pure.relative_to(self.workspace)
        if pure.is_absolute() or ".." in pure.parts or "\0" in path:
            raise PathOutside(path=path, workspace=self.workspace)
        if len(os.fsencode(path)) > _PATH or any(len(os.fsencode(part)) > _NAME for part in pure.parts):
            raise PathTooLong(path=path[:40])
        return pure

    def _led(self, path: str) -> Path:
        """Where the path leads."""
        return self._allowed(path, Path(os.path.realpath(self._root / self._named(path))))

    def _place(self, path: str) -> Path:
        """Where a file of this name lies, or would lie: its folder without links, and its own name."""
        named = self._named(path)
        if not named.name:
            raise FolderGiven(path=path)
        return self._allowed(path, Path(os.path.realpath(self._root / named.parent)) / named.name)

    def _allowed(self, path: str, real: Path) -> Path:
        if not real.is_relative_to(self._root):
            raise PathOutside(path=path, workspace=self.workspace)
        home = Path(os.path.realpath(self.settings.home))
        if real.is_relative_to(home):
            raise LuxosData(path=path, home=home)
        return real

    @contextmanager
    def _opened(self, path: str) -> Iterator[tuple[int, os.stat_result]]:
        """A regular file, open for reading, and what the system says of it."""
        *folders, name = self._led(path).relative_to(self._root).parts or ("",)
        with disk(self.workspace):
            root = os.open(self._root, FOLDER)
            try:
                with folder_at(root, folders) as folder:
                    _check_file(path, status(folder, name or ".") if folder is not None else None)
                    descriptor = os.open(name, _FILE, dir_fd=folder)
            finally:
                os.close(root)
            try:
                yield descriptor, _check_file(path, os.fstat(descriptor))
            finally:
                os.close(descriptor)

    def _content(self, path: str) -> tuple[bytes, int]:
        """A file's content and mode."""
        with self._opened(path) as (descriptor, found):
            content = _taken(descriptor, LARGEST + 1)
            if len(content) > LARGEST:
                raise FileTooLarge(path=path, largest=size(LARGEST))
            return content, stat.S_IMODE(found.st_mode) & 0o777

    def _changeable(self, path: str) -> tuple[Path, Path]:
        """Where the file lies and where its change is staged, when both are a regular file or free."""
        if self.staging is None:
            raise WorkspaceReadOnly(step=self.call.step)
        place = self._place(path)
        parts = place.relative_to(self._root).parts
        for root in (self._root, self.staging):
            _check_free(path, root, parts)
        return place, self.staging.joinpath(*parts)


def _check_free(path: str, root: Path, parts: tuple[str, ...]) -> None:
    """A file can be put there: what lies above it are folders, and it is a regular file, deleted, or absent."""
    place = root
    for part in parts[:-1]:
        place /= part
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            raise FolderBlocked(path=path, part=part)
    place /= parts[-1]
    if os.path.lexists(place) and not _is_deletion(place):
        _check_file(path, place.lstat())


def _check_file(path: str, found: os.stat_result | None) -> os.stat_result:
    if found is None:
        raise FileMissing(path=path)
    if stat.S_ISDIR(found.st_mode):
        raise FolderGiven(path=path)
    if stat.S_ISLNK(found.st_mode):
        raise LinkGiven(path=path)
    if not stat.S_ISREG(found.st_mode):
        raise NotAFile(path=path)
    return found


def _is_deletion(place: Path) -> bool:
    found = place.lstat()
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.makedev(0, 0)


def _taken(descriptor: int, limit: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(limit)


def _text(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")
