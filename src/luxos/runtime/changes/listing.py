"""The list of changes of one step: its entries, and its form on disk.

A path is text as Python decodes file names (`surrogateescape`), so that any name can be listed.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal["create", "replace", "delete", "mkdir", "rmdir", "symlink"]
HEADER = b"luxos changes 1 "


@dataclass(frozen=True)
class State:
    """What lies at a path: a file, a link or a folder; an absent path is None."""

    type: Literal["file", "link", "folder", "other"]
    mode: int = 0
    """Permission bits of a file or folder, without setuid, setgid and sticky."""
    sha256: str | None = None
    """Of a file's content."""
    size: int = 0
    target: str | None = None
    """Where a link points to."""

    def same_content(self, other: "State | None") -> bool:
        """Equal, modes aside: a changed mode is no conflict."""
        return other is not None and (self.type, self.sha256, self.target) == (other.type, other.sha256, other.target)


@dataclass(frozen=True)
class Change:
    """One path, before and after."""

    path: str
    kind: Kind
    old: State | None
    new: State | None

    @property
    def mode(self) -> int | None:
        return self.new.mode if self.new else None

    @property
    def size(self) -> int:
        return self.new.size if self.new else 0

    @property
    def sha256_new(self) -> str | None:
        return self.new.sha256 if self.new else None

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    def inverse(self) -> "Change":
        """The change that takes this one back."""
        return change(self.path, self.new, self.old)


def change(path: str, old: State | None, new: State | None) -> Change:
    """The entry for a path that goes from `old` to `new`; its kind follows from both."""
    return Change(path, _kind(old, new), old, new)


def _kind(old: State | None, new: State | None) -> Kind:
    if new is None:
        return "rmdir" if old and old.type == "folder" else "delete"
    if new.type == "folder":
        return "mkdir"
    if new.type == "link":
        return "symlink"
    return "replace" if old else "create"


def encode(changes: Sequence[Change]) -> bytes:
    """The list as it is stored: a line with its SHA-256, then JSON."""
    rows = [{"path": one.path, "old": _row(one.old), "new": _row(one.new)} for one in changes]
    body = json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()
    return HEADER + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def decode(stored: bytes) -> tuple[str, tuple[Change, ...]]:
    """The digest and the list; `ValueError` when the bytes are not what `encode` made."""
    header, _, body = stored.partition(b"\n")
    digest = hashlib.sha256(body).hexdigest()
    if header != HEADER + digest.encode():
        raise ValueError("checksum")
    rows = json.loads(body)
    return digest, tuple(change(row["path"], _state(row["old"]), _state(row["new"])) for row in rows)


def _row(state: State | None) -> dict[str, object] | None:
    return None if state is None else {name: value for name, value in asdict(state).items() if value is not None}


def _state(row: dict[str, object] | None) -> State | None:
    return None if row is None else State(**row)  # type: ignore[arg-type]  # the checksum vouches for the row
