"""A workspace for walls without an overlay: a private copy, then its differences in the overlay's own form."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from luxos.errors import reason_of
from luxos.runtime.changes.errors import DiskFull
from luxos.runtime.sandbox.confinement import Confinement
from luxos.runtime.sandbox.errors import SandboxFailed
from luxos.runtime.sandbox.private_copy import make_copy, write_difference
from luxos.runtime.sandbox.removal import remove


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
            scratch.workspace.mkdir()
            if confinement.workspace is not None:
                make_copy(confinement.workspace, scratch.workspace)
        yield scratch
        if confinement.workspace is not None and confinement.staging is not None:
            with building(confinement.staging):
                confinement.staging.mkdir(parents=True, exist_ok=True)
                write_difference(confinement.workspace, scratch.workspace, confinement.staging)
