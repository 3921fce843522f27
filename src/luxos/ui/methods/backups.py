"""Backups of the whole installation: made while it works, restored whole or not at all."""

import asyncio
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from luxos.boot import System
from luxos.errors import reason_of
from luxos.persistence.backup.bundle import Manifest, told, verified
from luxos.persistence.backup.making import Progress, make_backup
from luxos.persistence.backup.restoring import restore_backup
from luxos.runtime.events import StepFinished, StepProgress, StepStarted
from luxos.ui.errors import FileUnfit
from luxos.ui.methods.person import Person

SUFFIX = ".luxos"


async def backup(system: System, person: Person, file: str | None) -> dict[str, Any]:
    """Writes a backup; without a name, into the person's folder under the moment's name."""
    target = person.cwd / (file or f"luxos-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}")
    if target.exists():
        raise FileUnfit(path=target, reason=reason_of(FileExistsError(errno.EEXIST, "")))
    runtime = await system.runtime()
    with _shown(person, "backup") as progress, _told(target):
        made = await make_backup(runtime.database, system.settings, target, progress)
    return {"status": "done", "file": str(target), "size": target.stat().st_size, **told(made)}


async def restore(system: System, person: Person, file: str, replace: bool) -> dict[str, Any]:
    """Puts a backup back; with `replace`, what is here is backed up first, beside the data."""
    runtime = await system.runtime()
    source, before, replaced = person.cwd / file, None, None
    with _told(source):
        if replace:
            await asyncio.to_thread(verified, source)
            before, replaced = await _saved(system, person)
        with _shown(person, "restore") as progress:
            restored = await restore_backup(runtime.database, system.settings, source, progress, replaced=replaced)
    return {"status": "done", "file": str(source), "before": before and str(before), **told(restored)}


async def _saved(system: System, person: Person) -> tuple[Path, Manifest]:
    """A backup of what is about to be replaced: its file, and what it holds."""
    folder = system.settings.home / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%f}{SUFFIX}"
    runtime = await system.runtime()
    with _shown(person, "before") as progress:
        return target, await make_backup(runtime.database, system.settings, target, progress)


@contextmanager
def _shown(person: Person, step: str) -> Iterator[Progress]:
    """Shows a piece of work as a step, with what it is just doing."""
    person.listener(StepStarted(step, step.upper(), step, None))
    try:
        yield lambda text, fraction: person.listener(StepProgress(step, text, fraction))
    except BaseException:
        person.listener(StepFinished(step, "failed", None))
        raise
    person.listener(StepFinished(step, "done", None))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the operating system says of a file, as a sentence."""
    try:
        yield
    except OSError as error:
        raise FileUnfit(path=path, reason=reason_of(error)) from error
