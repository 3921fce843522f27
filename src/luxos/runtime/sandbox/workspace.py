"""A workspace for walls without an overlay: a private copy, then its differences in the overlay's own form."""

import errno
import filecmp
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from luxos.errors import reason_of
from luxos.runtime.changes.errors import DiskFull
from luxos.runtime.sandbox.confinement import Confinement
from luxos.runtime.sandbox.errors import SandboxFailed
from luxos.runtime.sandbox.removal import remove

OPAQUE = "user.overlay.opaque"


@dataclass(frozen=True)
class Scratch:
    """The folders of one run: where the command works, and its own temporary folder."""

    workspace: Path
    temporary: Path
    home: Path

    def inside(self, text: str, at: str) -> str:
        """`text` with the path that the command expects put in place of the one that it has here."""
        if text == at or text.startswith(f"{at}/"):
            return f"{self.workspace}{text[len(at) :]}"
        return text


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Translates what the system says while folders for the walls are made."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(folder=folder) from problem
        raise SandboxFailed(reason=f"{reason_of(problem)} ({problem.filename or folder}).") from problem


@contextmanager
def scratch_for(confinement: Confinement) -> Iterator[Scratch]:
    """Copies the workspace; on leaving without an exception its differences go to `staging`."""
    with ExitStack() as stack:
        name = tempfile.mkdtemp(prefix="luxos-")
        stack.callback(remove, Path(name))
        scratch = Scratch(Path(name, "workspace"), Path(name, "tmp"), Path(name, "tmp", "home"))
        with building(Path(name)):
            scratch.home.mkdir(parents=True)
            if confinement.workspace is None:
                scratch.workspace.mkdir()
            else:
                shutil.copytree(confinement.workspace, scratch.workspace, symlinks=True)
        yield scratch
        if confinement.workspace is not None and confinement.staging is not None:
            with building(confinement.staging):
                confinement.staging.mkdir(parents=True, exist_ok=True)
                write_difference(confinement.workspace, scratch.workspace, confinement.staging)


def write_difference(before: Path, after: Path, upper: Path) -> None:
    """Moves into `upper` what `after` has and `before` has not, and marks what only `before` has as deleted."""
    old, new = _entries(before), _entries(after)
    for name in sorted(old.keys() - new.keys()):
        os.mknod(upper / name, stat.S_IFCHR, 0)  # an overlay's deletion, which the kernel allows to everyone
    for name, entry in sorted(new.items()):
        source, target, was = after / name, upper / name, old.get(name)
        if not entry.is_dir(follow_symlinks=False):
            if was is None or not _same(was, entry):
                source.rename(target)
            continue
        shared = was is not None and was.is_dir(follow_symlinks=False)
        target.mkdir()
        if shared:
            write_difference(before / name, source, target)
        else:
            _move_all(source, target)
            if was is not None:
                os.setxattr(target, OPAQUE, b"y")
        target.chmod(stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode))
        if shared and not any(target.iterdir()) and was is not None and _mode(was) == _mode(entry):
            target.rmdir()


def _move_all(source: Path, target: Path) -> None:
    for entry in source.iterdir():
        entry.rename(target / entry.name)


def _entries(folder: Path) -> dict[str, os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return {entry.name: entry for entry in entries}


def _mode(entry: os.DirEntry[str]) -> int:
    return entry.stat(follow_symlinks=False).st_mode


def _same(was: os.DirEntry[str], now: os.DirEntry[str]) -> bool:
    if _mode(was) != _mode(now):
        return False
    if now.is_symlink():
        return os.readlink(was.path) == os.readlink(now.path)  # noqa: PTH115 - to the letter
    return now.is_file(follow_symlinks=False) and filecmp.cmp(was.path, now.path, shallow=False)
