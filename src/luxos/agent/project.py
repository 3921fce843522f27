"""The folder of a project: whether it may be built in, and which files a run made of it."""

import errno
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from luxos.agent.errors import FolderOfLuxos, FolderTaken, FolderUnfit, ProjectChanged, ProjectUnfinished
from luxos.agent.memory import find_project
from luxos.errors import reason_of
from luxos.runtime.changes import ChangeSet, Undone
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.steps import Step
from luxos.runtime.threads import to_the_end


async def check_folder(runtime: Runtime, folder: Path) -> Mapping[str, Any] | None:
    """Refuses a folder that is neither free nor a project of ours that nobody has touched; gives that project."""
    home = runtime.settings.home.resolve()
    if folder.is_relative_to(home) or home.is_relative_to(folder):
        raise FolderOfLuxos(folder=folder, home=home)
    for run in await runtime.runs.on(folder):
        if run.attributes.get("project") and run.status not in {"done", "undone"}:
            raise ProjectUnfinished(run=run.name, folder=folder)
    _check_place(folder)
    if not _is_occupied(folder):
        return None
    project = await find_project(folder)
    if project is None:
        raise FolderTaken(folder=folder)
    changed = await to_the_end(_first_changed, folder, project.attributes["files"])
    if changed is not None:
        raise ProjectChanged(folder=folder, path=changed)
    return project.attributes


def files_after(before: Mapping[str, str], changes: Iterable[ChangeSet]) -> dict[str, str]:
    """The project's files by their hashes: what it had, with what the run itself wrote, not what lies there now."""
    files = dict(before)
    for changeset in changes:
        for change in changeset.changes:
            if change.sha256_new is None:
                files.pop(change.path, None)
            else:
                files[change.path] = change.sha256_new
    return files


def finished(steps: Iterable[Step]) -> list[Step]:
    """The finished steps of a run that no other step called, in the order in which they ended."""
    done = [step for step in steps if step.status == "done" and step.parent is None]
    return sorted(done, key=lambda step: int(step.attributes["chain"]["seq"]))


def take_back(changes: Iterable[ChangeSet]) -> Undone:
    """Undoes lists of changes, the last one first."""
    each = [one.undo() for one in reversed(list(changes))]
    return Undone(
        tuple(path for undone in each for path in undone.restored),
        tuple(dict.fromkeys(path for undone in each for path in undone.refused)),
        tuple(dict.fromkeys(path for undone in each for path in undone.kept)),
    )


def _check_place(folder: Path) -> None:
    """`FolderUnfit` unless the folder is there, or what lies nearest above it lets us make it."""
    try:
        if os.path.lexists(folder):
            return
        above = next(place for place in folder.parents if os.path.lexists(place))
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(above))
        if not os.access(above, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(above))
    except OSError as error:
        raise FolderUnfit(folder=folder, reason=f"{reason_of(error)} ({error.filename})") from error


def _is_occupied(folder: Path) -> bool:
    try:
        return folder.is_symlink() or any(folder.iterdir())
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True
    except OSError as error:
        raise FolderUnfit(folder=folder, reason=reason_of(error)) from error


def _first_changed(folder: Path, known: Mapping[str, str]) -> str | None:
    """The first file that is there and is not as it was made; one that nobody lets us read was changed."""
    for path, digest in known.items():
        file = folder / path
        try:
            if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                return path
        except PermissionError:
            return path
    return None
