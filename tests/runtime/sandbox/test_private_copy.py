"""A private copy and its differences, in folders that lie deeper than a path is long, or are closed to us."""

import os
import stat
from pathlib import Path

from luxos.runtime.changes.beneath import open_beneath
from luxos.runtime.sandbox.private_copy import OPAQUE, make_copy, write_difference
from luxos.runtime.sandbox.removal import remove

DEEP = ("a" * 100,) * 600


def folders(*names: str, below: Path) -> list[Path]:
    made = [below / name for name in names]
    for path in made:
        path.mkdir()
    return made


def put(root: Path, text: str) -> None:
    """Writes a file at the bottom of the deep tree, which is made."""
    at = os.open(root, os.O_RDONLY)
    for name in DEEP:
        if name not in os.listdir(at):  # noqa: PTH208 - by descriptor
            os.mkdir(name, dir_fd=at)
        inner = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    with open(os.open("f", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=at), "w") as file:  # noqa: PTH123
        file.write(text)
    os.close(at)


def bottom(root: Path) -> str:
    top = os.open(root, os.O_RDONLY)
    folder = open_beneath(top, DEEP)
    try:
        with open(os.open("f", os.O_RDONLY, dir_fd=folder)) as file:  # noqa: PTH123
            return file.read()
    finally:
        os.close(folder)
        os.close(top)


def test_no_folder_lies_too_deep(tmp_path: Path) -> None:
    before, after, upper, nothing = folders("before", "after", "upper", "nothing", below=tmp_path)
    put(before, "old")
    make_copy(before, after)
    write_difference(before, after, nothing)
    assert list(nothing.iterdir()) == []
    put(after, "newer")
    write_difference(before, after, upper)
    assert (bottom(before), bottom(upper)) == ("old", "newer")
    for folder in (before, after, upper):
        remove(folder)


def test_folders_that_were_closed_are_looked_into_and_stay_closed(tmp_path: Path) -> None:
    before, after, upper = folders("before", "after", "upper", below=tmp_path)
    (before / "shared").mkdir()
    (before / "taken").write_text("a file")
    make_copy(before, after)
    (after / "shared" / "f").write_text("new")
    (after / "taken").unlink()
    for name in ("taken", "fresh"):
        (after / name).mkdir()
        (after / name / "g").write_text(name)
    for name in ("shared", "taken", "fresh"):
        (after / name).chmod(0)
    write_difference(before, after, upper)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in upper.iterdir()} == {
        "shared": 0, "taken": 0, "fresh": 0,
    }  # fmt: skip
    assert os.getxattr(upper / "taken", OPAQUE) == b"y"
    for path in upper.iterdir():
        path.chmod(0o700)
    found = {str(path.relative_to(upper)): path.read_text() for path in upper.glob("*/*")}
    assert found == {"shared/f": "new", "taken/g": "taken", "fresh/g": "fresh"}
