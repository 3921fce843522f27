"""What a core function is given: the workspace, a place for its changes, its voice, and the way to call others."""

import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from luxos.config import Settings
from luxos.runtime.call import Call
from luxos.runtime.errors import FileMissing, PathOutside, WorkspaceReadOnly


class Execution(Protocol):
    """The dispatcher as seen from inside a call."""

    def __call__(self, who: str, **arguments: Any) -> Awaitable[Any]: ...


@dataclass(frozen=True)
class Context:
    """Passed to a core function as its first argument. Paths given as text are relative to the workspace."""

    settings: Settings
    call: Call
    workspace: Path
    execution: Execution
    say: Callable[[str, float | None], None]

    @property
    def staging(self) -> Path | None:
        """Where changes of the workspace are left; `None` in a step that may not change it."""
        return self.call.staging

    def report(self, text: str, fraction: float | None = None) -> None:
        """Tells the person what is being done, and how much of it is (0 to 1)."""
        self.say(text, fraction)

    def exists(self, path: str) -> bool:
        return self._inside(path).is_file()

    def read(self, path: str) -> bytes:
        """A file's content; `FileMissing` where there is none."""
        try:
            return self._inside(path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise FileMissing(path=path) from error

    def names(self, path: str) -> list[str]:
        """The names in a folder, sorted, folders with a slash behind."""
        try:
            entries = list(os.scandir(self._inside(path)))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileMissing(path=path) from error
        return sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries)

    def changed_file(self, path: str) -> Path:
        """The place where the new content of a file is to be written; its folders are there."""
        if self.staging is None:
            raise WorkspaceReadOnly(step=self.call.step)
        target = self.staging / self._relative(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write(self, path: str, content: bytes) -> None:
        """Stages a file's new content; an existing file keeps its mode."""
        target = self.changed_file(path)
        target.write_bytes(content)
        old = self._inside(path)
        if old.is_file():
            target.chmod(stat.S_IMODE(old.stat().st_mode))

    def copy(self, path: str, to: str) -> None:
        """Stages a copy of a file, mode and all."""
        self.read(path)
        shutil.copy(self._inside(path), self.changed_file(to))

    def delete(self, path: str) -> None:
        """Stages a deletion, in the way of an overlay: a character device 0:0."""
        os.mknod(self.changed_file(path), stat.S_IFCHR, os.makedev(0, 0))

    def _relative(self, path: str) -> PurePosixPath:
        pure = PurePosixPath(path)
        if pure.is_absolute() and pure.is_relative_to(self.workspace):
            pure = pure.relative_to(self.workspace)
        if pure.is_absolute() or ".." in pure.parts or "\0" in path:
            raise PathOutside(path=path, workspace=self.workspace)
        return pure

    def _inside(self, path: str) -> Path:
        root = self.workspace.resolve()
        found = (root / self._relative(path)).resolve()
        if not found.is_relative_to(root):
            raise PathOutside(path=path, workspace=self.workspace)
        return found
