"""Carries out a list of changes on a folder: looks at everything first, then changes it, each file by rename.

The same engine applies a list and takes one back; they differ in what a conflict means. Every step may be repeated, so
that a killed transition is finished by doing it again.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from luxos.errors import reason_of
from luxos.runtime.changes.beneath import FOLDER
from luxos.runtime.changes.errors import ChangeConflict, FilesNotOurs
from luxos.runtime.changes.listing import Change, State
from luxos.runtime.changes.nofollow import (
    FEW,
    NEW_FILE,
    SWAPPED,
    disk,
    durable,
    folder_at,
    names,
    state,
    status,
    sync_file_system,
)
from luxos.runtime.changes.store import Store
from luxos.runtime.faultpoints import reach

Signature = tuple[int, int, int, int] | None


@dataclass
class Transition:
    """One run over a list. `strict`: a conflict ends it before anything was changed; otherwise its path is left out."""

    root: Path
    changes: Sequence[Change]
    store: Store
    name: str
    """Names the fault points, and the folder for temporary files."""
    digest: str
    strict: bool
    refused: list[str] = field(default_factory=list)
    """Paths that someone else changed; left as they are."""
    kept: list[str] = field(default_factory=list)
    """Folders that were to go but hold something else."""
    done: list[Change] = field(default_factory=list)
    """What was carried out."""

    def run(self) -> None:
        with disk(self.root):
            self._make_root()
            self._root = os.open(self.root.resolve(), FOLDER)
            try:
                self._run()
            finally:
                os.close(self._root)

    def _make_root(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileNotFoundError, FileExistsError, NotADirectoryError) as problem:
            reason = reason_of(problem)
            raise FilesNotOurs(path=self.root, folder=self.root.parent, reason=reason) from problem

    def _run(self) -> None:
        self._scratch = f".luxos-{self.digest[:16]}"
        self._seen: dict[str, Signature] = {}
        self._temporary: dict[str, str] = {}
        self._touched: set[tuple[str, ...]] = set()
        self._drop_scratch()
        work = self._check()
        reach(f"changes.{self.name}.checked")
        try:
            self._write_temporaries(work)
            reach(f"changes.{self.name}.after_temporaries")
            self._open_folders(work)
            for one in work:
                self._carry_out(one)
        finally:
            self._drop_scratch()
        self._sync_touched()
        self._set_folder_modes(work)

    # Looking

    def _check(self) -> list[Change]:
        """What is still to be done; conflicts are raised or left out here, before the first change."""
        allowed: dict[str, list[State | None]] = {}
        for one in self.changes:
            allowed.setdefault(one.path, []).extend((one.old, one.new))
        made = {one.path for one in self.changes if one.new and one.new.type == "folder"}
        now: dict[str, State | None] = {}
        for path, states in allowed.items():
            now[path] = self._look(path)
            if not any(_equal(now[path], one) for one in states) or not self._reachable(path, made, states):
                self._conflict(path)
        self._check_removed_folders(allowed, now)
        refused = set(self.refused)
        return [one for one in self.changes if one.path not in refused and not self._done(one, allowed, now)]

    def _look(self, path: str) -> State | None:
        parts = path.split("/")
        with folder_at(self._root, parts[:-1]) as folder:
            if folder is None:
                self._seen[path] = None
                return None
            self._seen[path] = _signature(status(folder, parts[-1]))
            return state(folder, parts[-1])

    def _reachable(self, path: str, made: set[str], states: list[State | None]) -> bool:
        """Whether the folder that takes the path is there, or is made by this list."""
        parts = path.split("/")
        if not any(states) or "/".join(parts[:-1]) in made or states[-1] is None:
            return True
        with folder_at(self._root, parts[:-1]) as folder:
            return folder is not None

    def _check_removed_folders(self, allowed: dict[str, list[State | None]], now: dict[str, State | None]) -> None:
        """A folder goes only when nothing but what this list removes lies in it."""
        for one in self.changes:
            current = now[one.path]
            if one.kind != "rmdir" or current is None or current.type != "folder":
                continue
            with folder_at(self._root, one.parts) as folder:
                for name in names(folder) if folder is not None else ():
                    inner = f"{one.path}/{name}"
                    if inner in allowed and inner not in self.refused and inner not in self.kept:
                        continue
                    if self.strict:
                        self._conflict(inner)
                    if one.path not in self.kept:
                        self.kept.append(one.path)

    def _conflict(self, path: str) -> None:
        if self.strict:
            raise ChangeConflict(path=path)
        self.refused.append(path)

    def _done(self, one: Change, allowed: dict[str, list[State | None]], now: dict[str, State | None]) -> bool:
        """Whether the path is already past this change."""
        current, last = now[one.path], allowed[one.path][-1]
        if one.path in self.kept and one.kind == "rmdir":
            return True
        if one.new is None and last is not None and _equal(current, last):
            return True  # removed to make room for something of another type that is already there
        if one.new is not None and one.new.type == "file":
            return current == one.new
        return _equal(current, one.new)

    # Changing

    def _write_temporaries(self, work: Sequence[Change]) -> None:
        """All new contents first: a full disk shows before anything was changed."""
        wanted = [one for one in work if one.new and one.new.type == "file"]
        if not wanted:
            return
        few = len(wanted) <= FEW
        with suppress(FileExistsError):  # somebody put it there: what it is shows now
            os.mkdir(self._scratch, 0o700, dir_fd=self._root)
        with self._scratched() as scratch:
            for number, one in enumerate(wanted):
                assert one.new is not None  # noqa: S101
                try:
                    self._write(scratch, str(number), one.new, sync=few)
                except FileExistsError as problem:
                    raise ChangeConflict(path=self._scratch) from problem
                self._temporary[one.path] = str(number)
            if not few:
                sync_file_system(scratch)

    @contextmanager
    def _scratched(self) -> Iterator[int]:
        """Our folder for new contents; `ChangeConflict` where somebody took it away."""
        with folder_at(self._root, (self._scratch,)) as scratch:
            if scratch is None:
                raise ChangeConflict(path=self._scratch)
            yield scratch

    def _open_folders(self, work: Sequence[Change]) -> None:
        """A folder that is to go must let go of what lies in it, whatever mode a step gave it."""
        for one in reversed(work):
            if one.kind == "rmdir" and one.old and one.old.mode & 0o700 != 0o700:
                with folder_at(self._root, one.parts) as folder:
                    if folder is not None:
                        os.fchmod(folder, one.old.mode | 0o700)

    def _write(self, folder: int, name: str, new: State, *, sync: bool) -> None:
        descriptor = os.open(name, NEW_FILE, 0o600, dir_fd=folder)
        try:
            self.store.write_to(new.sha256 or "", descriptor)
            os.fchmod(descriptor, new.mode)
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _carry_out(self, one: Change) -> None:
        parts = one.parts
        with folder_at(self._root, parts[:-1]) as folder:
            if folder is None:
                if one.new is None:
                    return
                self._conflict(one.path)
                return
            if self._changed_meanwhile(folder, one):
                self._conflict(one.path)
                return
            try:
                self._put(folder, parts[-1], one)
            except OSError as problem:
                if problem.errno not in SWAPPED:
                    raise
                self._conflict(one.path)
                return
            self.done.append(one)
            self._seen[one.path] = _signature(status(folder, parts[-1]))
        self._touched.add(parts[:-1])
        reach(f"changes.{self.name}.after_change")

    def _changed_meanwhile(self, folder: int, one: Change) -> bool:
        found = _signature(status(folder, one.parts[-1]))
        if one.new is not None and one.new.type == "folder":
            return found is not None
        before = self._seen[one.path]
        if found and before and stat.S_ISDIR(found[0]) and stat.S_ISDIR(before[0]):
            return False
        return found != before

    def _put(self, folder: int, name: str, one: Change) -> None:
        if one.new is None:
            self._remove(folder, name, one)
        elif one.new.type == "folder":
            os.mkdir(name, one.new.mode | 0o700, dir_fd=folder)
        elif one.new.type == "link":
            self._link(folder, name, one.new.target or "")
        else:
            self._rename(folder, name, one)
            reach(f"changes.{self.name}.after_rename")

    def _remove(self, folder: int, name: str, one: Change) -> None:
        if one.kind != "rmdir":
            os.unlink(name, dir_fd=folder)
            return
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as problem:
            if problem.errno != errno.ENOTEMPTY:
                raise
            if self.strict:
                raise ChangeConflict(path=one.path) from problem
            self.kept.append(one.path)

    def _link(self, folder: int, name: str, target: str) -> None:
        """By a temporary name and a rename, so that a link takes another's place at once."""
        temporary = f"{self._scratch}.link"
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        os.symlink(target, temporary, dir_fd=folder)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _rename(self, folder: int, name: str, one: Change) -> None:
        found = status(folder, name)
        with self._scratched() as scratch:
            source = self._temporary[one.path]
            if found is not None and os.geteuid() == 0:
                os.chown(source, found.st_uid, found.st_gid, dir_fd=scratch, follow_symlinks=False)
            try:
                os.rename(source, name, src_dir_fd=scratch, dst_dir_fd=folder)
            except OSError as problem:
                if problem.errno != errno.EXDEV or one.new is None:
                    raise
                self._rename_here(folder, name, one.new)

    def _rename_here(self, folder: int, name: str, new: State) -> None:
        """For a folder that is a mount of its own: the temporary file lies beside."""
        temporary = f"{self._scratch}.file"
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        self._write(folder, temporary, new, sync=True)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _set_folder_modes(self, work: Sequence[Change]) -> None:
        """Last and innermost first: a folder without permissions takes no files, and is not even opened again."""
        refused = set(self.refused)
        made = [one for one in self.changes if one.new and one.new.type == "folder" and one.path not in refused]
        with durable(len(made)) as changed:
            for one in reversed(made):
                with folder_at(self._root, one.parts) as folder:
                    if folder is not None and one.new is not None:
                        os.fchmod(folder, one.new.mode)
                        changed(folder)

    def _sync_touched(self) -> None:
        with durable(len(self._touched)) as changed:
            for parts in sorted(self._touched):
                with folder_at(self._root, parts) as folder:
                    if folder is not None:
                        changed(folder)

    def _drop_scratch(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True, dir_fd=self._root)
        with suppress(OSError):
            os.unlink(self._scratch, dir_fd=self._root)  # what somebody put in its place


def _equal(current: State | None, recorded: State | None) -> bool:
    return current is recorded if current is None or recorded is None else current.same_content(recorded)


def _signature(found: os.stat_result | None) -> Signature:
    return None if found is None else (found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns)
