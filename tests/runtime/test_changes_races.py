"""Somebody swaps files of the workspace while changes are read and applied: before each call of the system, in turn.

Whatever they put there, nothing outside is read or changed, and of the step's changes all are there or none.
"""

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.sampling import WHOLE

from luxos.errors import LuxError
from luxos.runtime.changes import ChangeSet, beneath, nofollow

CALLS = (
    "open",
    "stat",
    "rename",
    "mkdir",
    "unlink",
    "rmdir",
    "symlink",
    "readlink",
    "listdir",
    "chmod",
    "fchmod",
    "chown",
)
SECRET = "nobody's business"
EVERY = 1 if WHOLE else 7
"""`make test` swaps before each seventh call, `make faults` before all of them."""


@dataclass
class Place:
    folder: Path
    outside: Path = field(init=False)
    target: Path = field(init=False)
    staging: Path = field(init=False)

    def __post_init__(self) -> None:
        self.outside, self.target, self.staging = (self.folder / name for name in ("outside", "target", "staging"))

    def build(self) -> None:
        """The same again, whatever was done to it."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        write(self.outside, {"d/f": SECRET, "d/g": SECRET, "d/in/deep": SECRET, "file": SECRET, "x": SECRET})
        write(self.target, {"d/f": "old f", "d/g": "old g", "d/in/deep": "old deep", "x": "old x", "y/z": "old z"})
        write(self.staging, {"d/f": "new f", "d/in/deep": "new deep", "d/n": "new n", "x": "new x", "e/h": "new h"})
        (self.staging / "l").symlink_to("x")
        for name in ("d/g", "y"):
            os.mknod(self.staging / name, stat.S_IFCHR)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def tree(folder: Path) -> dict[str, Any]:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        text = path.read_text() if stat.S_ISREG(status.st_mode) else str(path.readlink()) if path.is_symlink() else None
        found[str(path.relative_to(folder))] = (stat.S_IFMT(status.st_mode), text)
    return found


def instead(path: Path, make: Callable[[Path], object]) -> None:
    """Moves away what lies there, out of the workspace, and puts something else in its place."""
    if os.path.lexists(path):
        path.rename(path.parents[len(path.parts) - path.parts.index("target") - 1] / f"away-{path.name}")
    make(path)


def grow(path: Path) -> None:
    with path.open("a") as file:
        file.write("more")


SWAPS: dict[str, Callable[[Place], None]] = {
    "a folder for a link": lambda p: instead(p.target / "d", lambda path: path.symlink_to(p.outside / "d")),
    "an inner folder for a link": lambda p: instead(
        p.target / "d" / "in", lambda path: path.symlink_to(p.outside / "d" / "in")
    ),
    "a file for a link": lambda p: instead(p.target / "x", lambda path: path.symlink_to(p.outside / "x")),
    "a removed file for a link": lambda p: instead(
        p.target / "d" / "g", lambda path: path.symlink_to(p.outside / "d" / "g")
    ),
    "a removed folder for a link": lambda p: instead(p.target / "y", lambda path: path.symlink_to(p.outside / "d")),
    "a file for a pipe": lambda p: instead(p.target / "x", os.mkfifo),
    "a file for a folder": lambda p: instead(p.target / "x", Path.mkdir),
    "a folder for a file": lambda p: instead(p.target / "d", lambda path: path.write_text("theirs")),
    "a folder renamed": lambda p: instead(p.target / "d", lambda path: None),
    "a file removed": lambda p: instead(p.target / "x", lambda path: None),
    "a new folder that is there": lambda p: instead(p.target / "e", lambda path: path.symlink_to(p.outside / "d")),
    "a new link that is there": lambda p: instead(p.target / "l", lambda path: path.symlink_to(p.outside / "x")),
    "a file that grows": lambda p: grow(p.target / "x"),
    "our own folder for a link": lambda p: (
        [instead(path, lambda there: there.symlink_to(p.outside / "d")) for path in p.target.glob(".luxos-*")] and None
    ),
}
if os.geteuid() == 0:
    SWAPS["a file for a device"] = lambda p: instead(p.target / "x", lambda path: os.mknod(path, stat.S_IFCHR, 0x105))


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="luxos-test-", dir="/dev/shm") as name:
        yield Place(Path(name))


@dataclass
class Swapper:
    """Counts calls of the system, and swaps before one of them."""

    monkeypatch: pytest.MonkeyPatch
    at: int = -1
    count: int = 0
    swap: Callable[[], None] = lambda: None
    busy: bool = False

    def install(self) -> None:
        for name in CALLS:
            self.monkeypatch.setattr(os, name, self._around(getattr(os, name)))
        self.monkeypatch.setattr(nofollow, "open_beneath", self._around(nofollow.open_beneath))

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if not self.busy:
                self.count += 1
                if self.count == self.at:
                    self.busy = True
                    self.swap()
                    self.busy = False
            return call(*args, **kwargs)

        return counted

    def watch(self, swap: Callable[[], None], at: int) -> None:
        self.count, self.swap, self.at, self.busy = 0, swap, at, False

    def rest(self) -> int:
        self.busy = True
        return self.count


def attempt(place: Place) -> bool:
    """Whether it was applied; only errors that LuxOS tells may come."""
    try:
        ChangeSet.stage(place.staging, place.target, place.folder / "store").apply()
    except LuxError:
        return False
    return True


def is_whole(place: Place, applied: bool, aside: tuple[str, ...]) -> bool:
    """Of what nobody else touched, all is new, or all is old."""
    found = {name: text for name, (_, text) in tree(place.target).items() if not name.startswith(aside)}
    ours = {"x": "new x", "e/h": "new h", "l": "x", "d/f": "new f", "d/in/deep": "new deep", "d/n": "new n"}
    theirs = {"x": "old x", "d/f": "old f", "d/g": "old g", "d/in/deep": "old deep", "y/z": "old z"}
    wanted = ours if applied else theirs
    return {name: text for name, text in found.items() if text is not None} == {
        name: text for name, text in wanted.items() if not name.startswith(aside)
    }


TOUCHED = {
    "folder": ("d", "e"), "removed folder": ("y",), "inner folder": ("d/in",), "file": ("x",), "removed file": ("d/g",),
    "new folder": ("e",), "new link": ("l",), "our own": ("l",),
}  # fmt: skip
"""What belongs to somebody else after a swap, by the first words of its name."""


@pytest.mark.parametrize("swap", SWAPS)
def test_a_swap_before_any_call_reaches_nothing_outside(
    place: Place, swap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapper = Swapper(monkeypatch, busy=True)
    place.build()
    outside = tree(place.outside)
    words = next(words for words in TOUCHED if swap.removeprefix("an ").removeprefix("a ").startswith(words))
    secret = hashlib.sha256(SECRET.encode()).hexdigest()
    swapper.install()
    swapper.watch(lambda: None, -1)
    assert attempt(place)
    calls = swapper.rest()
    assert calls > 60
    for at in range(1, calls + 1, EVERY):
        place.build()
        swapper.watch(lambda: SWAPS[swap](place), at)
        done = attempt(place)
        swapper.rest()
        assert tree(place.outside) == outside, at
        assert not (place.folder / "store" / "contents" / secret).exists(), at
        assert is_whole(place, done, (*TOUCHED[words], ".luxos")), (at, done, tree(place.target))
        assert not list(place.target.glob(".luxos-*/*")) or words == "our own", at


def test_control_a_copy_that_follows_links_is_led_outside(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    follow = lambda root, parts: os.open("/".join(parts) or ".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=root)  # noqa: E731
    monkeypatch.setattr(nofollow, "open_beneath", follow)
    with pytest.raises(AssertionError):
        test_a_swap_before_any_call_reaches_nothing_outside(place, "a folder for a link", monkeypatch)


@pytest.mark.parametrize("number", [beneath._OPENAT2, -1])
def test_a_folder_is_opened_through_folders_only_with_and_without_openat2(
    place: Place, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beneath, "_OPENAT2", number)
    write(place.folder, {"a/b/c/f": "here", "x/c/f": SECRET})
    (place.folder / "a" / "link").symlink_to("../x")
    root = os.open(place.folder, os.O_RDONLY)
    found = beneath.open_beneath(root, ["a", "b", "c"])
    assert nofollow.names(found) == ["f"]
    for parts in (["a", "link", "c"], ["a", "link"], ["a", "b", "none"], ["a", "b", "c", "f"]):
        with pytest.raises(OSError) as refused:  # noqa: PT011 - by its number
            beneath.open_beneath(root, parts)
        assert refused.value.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
    os.close(found)
    os.close(root)


def test_folders_in_folders_are_read_applied_and_taken_back_however_deep(place: Place) -> None:
    depth = 340
    for name in ("staging", "target"):
        (place.folder / name).mkdir()
    deep(place.staging, depth, "new")
    changes = ChangeSet.stage(place.staging, place.target, place.folder / "store")
    assert len(changes.changes) == depth + 1
    changes.apply()
    assert bottom(place.target, depth) == "new"
    shutil.move(place.folder / "staging", place.folder / "used")
    (place.folder / "staging").mkdir()
    os.mknod(place.staging / "d", stat.S_IFCHR)
    removal = ChangeSet.stage(place.staging, place.target, place.folder / "store2")
    removal.apply()
    assert list(place.target.iterdir()) == []
    assert removal.undo().refused == ()
    assert bottom(place.target, depth) == "new"
    changes.undo()
    assert list(place.target.iterdir()) == []


def deep(folder: Path, depth: int, text: str) -> None:
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    with open(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=at), "w") as file:  # noqa: PTH123 - by descriptor
        file.write(text)
    os.close(at)


def bottom(folder: Path, depth: int) -> str:
    root = os.open(folder, os.O_RDONLY)
    try:
        with nofollow.folder_at(root, ("d",) * depth) as at:
            assert at is not None
            return os.read(os.open("f", os.O_RDONLY, dir_fd=at), 99).decode()
    finally:
        os.close(root)
