"""Turning what a step left in its staging folder into changed files: whole or absent, and taken back on demand."""

from luxos.runtime.changes.changeset import ChangeSet, Undone
from luxos.runtime.changes.listing import Change, State
from luxos.runtime.changes.overlay import write_staging

__all__ = ["Change", "ChangeSet", "State", "Undone", "write_staging"]
