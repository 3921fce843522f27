"""The two wrappers that make a step's changes of files whole or absent: staged before it is recorded, applied after.

In the order of docs/design.md: `staged` runs the call against a folder of its own and writes the list of changes;
the recording between them is the commit; `applied` then changes the files. A step that may change the workspace has it
to itself; what only reads it (in an overlay) shares it.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from luxos.i18n import _
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.changes import ChangeSet
from luxos.runtime.changes.errors import ChangesDamaged
from luxos.runtime.changes.nofollow import disk
from luxos.runtime.faultpoints import reach
from luxos.runtime.steps import Step
from luxos.runtime.threads import to_the_end


class WorkspaceLock:
    """Many readers or one writer, first come first served."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._readers = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        async with self._turn:
            self._readers += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._empty.set()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        async with self._turn:
            await self._empty.wait()
            yield


def changes_of(journal: Path, step: Step) -> ChangeSet | None:
    """The changes that a finished step made, as they lie in the run's journal folder; `None` where it made none.

    `ChangesDamaged` where the record says that there are some, but the folder does not have them.
    """
    recorded = step.attributes["changes"]
    if recorded is None:
        return None
    changes = ChangeSet.open(journal / step.name)
    if changes is None or changes.digest != recorded["digest"]:
        raise ChangesDamaged(folder=journal / step.name, reason=_("the list is missing, or is another one"))
    return changes


def remove_tree(folder: Path) -> None:
    """Removes a folder that a command may have left with any modes."""
    if not folder.exists():
        return
    folder.chmod(0o700)
    for place, folders, _files in os.walk(folder):
        for name in folders:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder)


def staged(handler: Handler, workspace: Path, journal: Path) -> Handler:
    """Gives a call that may change the workspace a folder for its changes, and turns that into a list on disk."""

    def handle(call: Call) -> Awaitable[Outcome]:
        return (_staged if _changes(call) else handler)(call)

    async def _staged(call: Call) -> Outcome:
        staging, folder = journal / f"{call.step}.staging", journal / call.step
        with disk(journal):
            for old in (staging, folder):
                await to_the_end(remove_tree, old)
            staging.mkdir(parents=True)
        outcome = await handler(call.inside(staging))
        changes = await to_the_end(ChangeSet.stage, staging, workspace, folder)
        await to_the_end(remove_tree, staging)
        return Outcome(outcome.result, changes)

    return handle


def applied(handler: Handler, lock: WorkspaceLock) -> Handler:
    """Changes the files when the step is recorded as done, before anyone else reads them."""

    def handle(call: Call) -> Awaitable[Outcome]:
        return (_reading if call.only_reads else _writing if _changes(call) else handler)(call)

    async def _reading(call: Call) -> Outcome:
        async with lock.reading():
            return await handler(call)

    async def _writing(call: Call) -> Outcome:
        async with lock.writing():
            outcome = await handler(call)
            if outcome.changes is not None:
                await to_the_end(outcome.changes.apply)
                reach("step.applied")
            return outcome

    return handle


def _changes(call: Call) -> bool:
    """Whether it is a step of its own that may change the workspace."""
    return call.effects == "workspace" and call.parent is None
