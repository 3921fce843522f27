"""The changes of one step: staged on disk, then applied to the project, then perhaps undone."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from luxos.runtime.changes.errors import ChangeConflict
from luxos.runtime.changes.listing import Change
from luxos.runtime.changes.nofollow import disk
from luxos.runtime.changes.overlay import read_staging
from luxos.runtime.changes.store import ChangeState, Store
from luxos.runtime.changes.transition import Transition
from luxos.runtime.faultpoints import reach

# What a program that a person starts later would run or obey without being asked.
FLAGGED = re.compile(
    r"(^|/)(\.git/(hooks/.*|config|info/attributes)|\.envrc|sitecustomize\.py|usercustomize\.py|[^/]*\.pth)$",
    re.IGNORECASE | re.DOTALL,
)
TARGET = "target"


@dataclass(frozen=True)
class Undone:
    """What taking changes back did."""

    restored: tuple[str, ...]
    refused: tuple[str, ...]
    """No longer as the step left them, so left as they are."""
    kept: tuple[str, ...]
    """Folders that the step made and that now hold something else."""


@dataclass(frozen=True)
class ChangeSet:
    """A complete list of changes in `folder`, for the files below `target`."""

    folder: Path
    target: Path
    digest: str
    """SHA-256 of the list."""
    changes: tuple[Change, ...]
    """In the order in which they are applied."""

    @classmethod
    def stage(cls, staging: Path, target: Path, folder: Path) -> "ChangeSet":
        """Reads a staging folder, and keeps in `folder` all that applying and undoing needs, durably.

        The target is only read. `ChangeRefused` for what never comes into a project, `DiskFull`; `folder` then holds no
        complete list.
        """
        store = Store(folder)
        target = target.absolute()
        with disk(folder):
            store.create()
            (folder / TARGET).write_bytes(os.fsencode(target))
            changes = read_staging(staging, target, store)
            digest = store.write_list(changes)
        return cls(folder, target, digest, changes)

    @classmethod
    def open(cls, folder: Path) -> "ChangeSet | None":
        """The list that was staged in `folder`; None when staging was never completed.

        `ChangesDamaged` when it does not hold together.
        """
        found = Store(folder).read_list()
        if found is None:
            return None
        target = Path(os.fsdecode((folder / TARGET).read_bytes()))
        return cls(folder, target, *found)

    @property
    def state(self) -> ChangeState:
        return Store(self.folder).state

    @property
    def flagged(self) -> tuple[Change, ...]:
        """Changes to look at before running anything in the project: hooks, and files that are run unasked."""
        return tuple(one for one in self.changes if one.new is not None and FLAGGED.search(one.path))

    def apply(self) -> None:
        """Changes the target's files; may be repeated, and does nothing when everything is done.

        `ChangeConflict` names the first path that is neither as the step found it nor as it leaves it; of the list
        nothing is there then. `DiskFull`: nothing was changed, and it can be repeated. `ChangesDamaged`.
        """
        store = Store(self.folder)
        if store.state == "applied":
            return
        transition = Transition(self.target, self.changes, store, "apply", self.digest, strict=True)
        was_cut_off = store.begin()
        try:
            transition.run()
        except ChangeConflict:
            reach("changes.apply.conflict")
            self._take_back(self.changes if was_cut_off else transition.done, store)
            raise
        store.mark("applied")

    def _take_back(self, done: Sequence[Change], store: Store) -> None:
        """Of a list that met a conflict nothing stays, not even what a try that was cut off had changed before."""
        inverse = tuple(one.inverse() for one in reversed(done))
        Transition(self.target, inverse, store, "back", self.digest, strict=False).run()
        store.rest()

    def undo(self) -> Undone:
        """Puts back what was there before, last change first; may be repeated."""
        store = Store(self.folder)
        inverse = tuple(one.inverse() for one in reversed(self.changes))
        transition = Transition(self.target, inverse, store, "undo", self.digest, strict=False)
        transition.run()
        store.mark("undone")
        left = {*transition.refused, *transition.kept}
        return Undone(
            restored=tuple(sorted({one.path for one in self.changes} - left)),
            refused=tuple(sorted(set(transition.refused))),
            kept=tuple(sorted(set(transition.kept))),
        )
