"""What is kept on disk of a step's changes: contents, new and old, by SHA-256; the list; the mark of its state."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

from luxos.runtime.changes.errors import ChangesDamaged
from luxos.runtime.changes.listing import Change, decode, encode
from luxos.runtime.changes.nofollow import NEW_FILE, copy, disk, sync_files, sync_folder, write_all
from luxos.runtime.faultpoints import reach

ChangeState = Literal["staged", "applied", "undone"]
LIST, MARK, BEGUN, CONTENTS = "changes", "state", "begun", "contents"


class Store:
    """The folder of one list of changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """An empty store; what an earlier try left is void."""
        for name in (LIST, MARK, BEGUN):
            (self.folder / name).unlink(missing_ok=True)
        (self.folder / CONTENTS).mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, source: int) -> tuple[str, int]:
        """Stores what can be read from a descriptor; returns its SHA-256 and size."""
        contents = self.folder / CONTENTS
        descriptor, name = tempfile.mkstemp(dir=contents)
        try:
            sha256, size = copy(source, descriptor)
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise
        finally:
            os.close(descriptor)
        os.rename(name, contents / sha256)  # noqa: PTH104
        return sha256, size

    def write_to(self, sha256: str, target: int) -> None:
        """Writes a stored content to a descriptor; `ChangesDamaged` when it is not what was stored."""
        try:
            source = os.open(self.folder / CONTENTS / sha256, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as problem:
            raise ChangesDamaged(folder=self.folder, reason=f"{sha256}: missing") from problem
        try:
            found, _ = copy(source, target)
        finally:
            os.close(source)
        if found != sha256:
            raise ChangesDamaged(folder=self.folder, reason=f"{sha256}: {found}")

    def write_list(self, changes: tuple[Change, ...]) -> str:
        """Makes everything durable, the list as the very last; returns the list's digest."""
        stored = encode(changes)
        sync_files(self.folder / CONTENTS)
        reach("changes.stage.before_list")
        self._put(LIST, stored)
        sync_folder(self.folder.parent)
        reach("changes.stage.after_list")
        return hashlib.sha256(stored.partition(b"\n")[2]).hexdigest()

    def read_list(self) -> tuple[str, tuple[Change, ...]] | None:
        """The digest and the list; None when it was never completed; `ChangesDamaged` when it was changed since."""
        try:
            stored = (self.folder / LIST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            digest, changes = decode(stored)
        except ValueError as problem:
            raise ChangesDamaged(folder=self.folder, reason=str(problem)) from problem
        for one in changes:
            for state in (one.old, one.new):
                if state and state.sha256 and self._size(state.sha256) != state.size:
                    raise ChangesDamaged(folder=self.folder, reason=f"{one.path!r}: {state.sha256}")
        return digest, changes

    def _size(self, sha256: str) -> int | None:
        try:
            return (self.folder / CONTENTS / sha256).lstat().st_size
        except FileNotFoundError:
            return None

    @property
    def state(self) -> ChangeState:
        try:
            found = (self.folder / MARK).read_bytes()
        except FileNotFoundError:
            return "staged"
        if found == b"applied":
            return "applied"
        if found == b"undone":
            return "undone"
        raise ChangesDamaged(folder=self.folder, reason=f"{MARK}: {found[:20]!r}")

    def begin(self) -> bool:
        """Says that the target's files are about to change; whether an earlier try had said so, and was cut off."""
        try:
            with disk(self.folder):
                os.close(os.open(self.folder / BEGUN, NEW_FILE, 0o600))
        except FileExistsError:
            return True
        return False

    def rest(self) -> None:
        """Says that the target's files are as they were before `begin`."""
        (self.folder / BEGUN).unlink(missing_ok=True)

    def mark(self, state: ChangeState) -> None:
        self._put(MARK, state.encode())

    def _put(self, name: str, content: bytes) -> None:
        """Writes a file of ours by rename, durably."""
        temporary = self.folder / f"{name}.new"
        with disk(self.folder):
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                write_all(descriptor, content)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.rename(self.folder / name)
            sync_folder(self.folder)
