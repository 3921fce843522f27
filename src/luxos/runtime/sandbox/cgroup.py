"""A control group for one run, where this process may make one: memory and number of processes of the whole tree.

Version 1 as root (the controllers `memory` and `pids` below our own groups), version 2 where a folder above ours was
delegated to us. Where neither is possible the limits per process and the watchers hold alone, and `doctor` says so.
"""

import itertools
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from luxos.runtime.sandbox.confinement import Limits

PREFIX = "luxos-"
_numbers = itertools.count(1)
_left: set[Path] = set()
"""Groups of ours that could not be removed at once."""


@dataclass(frozen=True)
class Place:
    """Folders below which groups can be made: one per controller in version 1, one in version 2."""

    version: int
    parents: tuple[Path, ...]


@dataclass(frozen=True)
class ControlGroup:
    """The folders of one run's group."""

    folders: tuple[Path, ...]

    def add(self, pid: int) -> None:
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def close(self) -> None:
        """Removes the group; one that the kernel still holds is removed with a later group."""
        for folder in self.folders:
            _remove(folder)


def plan(limits: Limits, owner: str) -> tuple[list[Path], list[tuple[str, int]]]:
    """The folders of a group that another process makes for `owner`, and what it sets there; none where it may not."""
    place, trial = find(), create(limits)
    if place is None or trial is None:
        return [], []
    trial.close()
    return [parent / f"{PREFIX}{owner}" for parent in place.parents], _settings(limits)


@contextmanager
def group_for(limits: Limits) -> Iterator[ControlGroup | None]:
    """A group of its own for one run, where this process may make one."""
    group = create(limits)
    try:
        yield group
    finally:
        if group is not None:
            group.close()


def create(limits: Limits) -> ControlGroup | None:
    """A new group with these limits, or None where this process may not make one."""
    place = find()
    if place is None:
        return None
    ours = f"{os.getpid()}-{secrets.token_hex(4)}"  # an earlier process may have had our number
    name = f"{PREFIX}{ours}-{next(_numbers)}"
    group = ControlGroup(tuple(parent / name for parent in place.parents))
    try:
        for folder in group.folders:
            _sweep(folder.parent)
            folder.mkdir()
            for file, value in _settings(limits):
                with suppress(FileNotFoundError):
                    _set(folder / file, value)
    except OSError:
        group.close()
        return None
    return group


@lru_cache(maxsize=1)
def find() -> Place | None:
    """Where groups can be made; looked up once."""
    return find_in(Path("/proc/self/mounts").read_text(), Path("/proc/self/cgroup").read_text())


def find_in(mounts: str, own: str) -> Place | None:
    """The same from the texts of `/proc/self/mounts` and `/proc/self/cgroup`."""
    return _first_version(mounts, own) or _second_version(mounts, own)


def _first_version(mounts: str, own: str) -> Place | None:
    groups = {kind: path for line in own.splitlines() for kind, path in _controllers(line)}
    found = {}
    for line in mounts.splitlines():
        _, at, kind, options, *_ = line.split()
        for controller in {"memory", "pids"} & set(options.split(",")) if kind == "cgroup" else ():
            found[controller] = Path(at + groups.get(controller, "/"))
    usable = len(found) == len({"memory", "pids"}) and all(os.access(parent, os.W_OK) for parent in found.values())
    return Place(1, tuple(dict.fromkeys(found[name] for name in sorted(found)))) if usable else None


def _controllers(line: str) -> list[tuple[str, str]]:
    _, names, path = line.split(":", 2)
    return [(name, path.rstrip("/")) for name in names.split(",")]


def _second_version(mounts: str, own: str) -> Place | None:
    root = next((line.split()[1] for line in mounts.splitlines() if line.split()[2] == "cgroup2"), None)
    group = next((line[3:] for line in own.splitlines() if line.startswith("0::")), None)
    if root is None or group is None:
        return None
    folder = Path(root + group)
    while folder != Path(root):
        folder = folder.parent
        if _delegated(folder):
            return Place(2, (folder,))
    return None


def _delegated(folder: Path) -> bool:
    try:
        handed = set((folder / "cgroup.subtree_control").read_text().split())
    except OSError:
        return False
    return {"memory", "pids"} <= handed and os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)


def _settings(limits: Limits) -> list[tuple[str, int]]:
    return [
        ("memory.limit_in_bytes", limits.memory),
        ("memory.memsw.limit_in_bytes", limits.memory),
        ("memory.max", limits.memory),
        ("memory.swap.max", 0),
        ("pids.max", limits.processes),
    ]


def _set(file: Path, value: int) -> None:
    """Writes an existing control file; opening must not try to create it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except FileNotFoundError:
        _left.discard(folder)
    except OSError:
        _left.add(folder)
    else:
        _left.discard(folder)


def _sweep(parent: Path) -> None:
    """Removes groups whose LuxOS is gone, and those of ours that the kernel still held before."""
    for folder in list(_left):
        _remove(folder)
    for folder in parent.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            with suppress(OSError):
                folder.rmdir()
