"""What runs keep so that their changes of files can be taken back: lists and contents, for each step that made some."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from luxos.runtime.changes.store import CONTENTS, LIST
from luxos.runtime.room import size_of

WORKSPACE = "workspace"
"""The folder of a run that has no other place for its files: a person's, and no undo data."""


def runs_with_some(home: Path) -> dict[UUID, int]:
    """The runs that have undo data, and about how many bytes of it."""
    found = {}
    with suppress(FileNotFoundError):
        for folder in (home / "runs").iterdir():
            with suppress(ValueError):
                if parts := list(_parts(folder)):
                    found[UUID(folder.name)] = sum(map(size_of, parts))
    return found


def remove(home: Path, run: UUID) -> None:
    """Removes what a run has of it, by which it is known last; `OSError` where that cannot be."""
    for part in _parts(home / "runs" / str(run)):
        with suppress(FileNotFoundError):
            shutil.rmtree(part / CONTENTS)
        shutil.rmtree(part)


def _parts(folder: Path) -> Iterator[Path]:
    """The folder of each step that changed files."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for part in folder.iterdir():
            if part.name != WORKSPACE and not part.is_symlink() and (part / LIST).is_file():
                yield part
