"""Files as a core function sees them: no folder is lost, no link is followed out, nothing blocks."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from luxos.beings.core import CoreFunction
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.runtime import context as module
from luxos.runtime.call import Call
from luxos.runtime.changes import ChangeSet
from luxos.runtime.changes.errors import FilesNotOurs
from luxos.runtime.context import Context
from luxos.runtime.errors.files import (
    FileMissing,
    FileTooLarge,
    FolderBlocked,
    FolderGiven,
    LinkGiven,
    LuxosData,
    NotAFile,
    PathOutside,
    PathTooLong,
    SameFile,
)


async def nothing(context: Context) -> None: ...


NOTHING = CoreFunction(UUID(int=1), "test.nothing", "NOTHING", "workspace", nothing)


@pytest.fixture
def context(settings: Settings, tmp_path: Path) -> Context:
    """A workspace with a file, a folder, links, a pipe, and a home of LuxOS below it."""
    root = tmp_path / "work"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "a.txt").write_text("x")
    (root / "report.txt").write_text("r")
    (root / "report.txt").chmod(0o750)
    (root / "inner").symlink_to("docs")
    (root / "outer").symlink_to(tmp_path)
    (root / "alias").symlink_to("report.txt")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    (root / "luxos").mkdir()
    (root / "luxos" / "key").write_text("secret")
    staging = tmp_path / "staging"
    staging.mkdir()
    own = Settings(root / "luxos", settings.cache, settings.projects, None, 0.0)
    call = Call(UUID(int=2), "step", NOTHING, {}, staging=staging)
    return Context(own, call, root, _refuse, lambda text, fraction: None)


async def _refuse(who: str, **arguments: Any) -> None:
    raise AssertionError(who)


def files(context: Context, tmp_path: Path) -> dict[str, str]:
    """What regular files the workspace holds once the changes are applied."""
    assert context.staging is not None
    ChangeSet.stage(context.staging, context.workspace, tmp_path / "list").apply()
    found = (path for path in context.workspace.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(context.workspace)): path.read_text() for path in found}


BEFORE = {"docs/a.txt": "x", "report.txt": "r", "luxos/key": "secret"}

WRITING: dict[str, Callable[[Context, str], object]] = {
    "write": lambda context, path: context.write(path, b"new"),
    "copy": lambda context, path: context.copy("docs/a.txt", path),
    "delete": lambda context, path: context.delete(path),
    "changed_file": lambda context, path: context.changed_file(path),
}
READING: dict[str, Callable[[Context, str], object]] = {
    "read": lambda context, path: context.read(path),
    "beginning": lambda context, path: context.beginning(path, 10),
    "copied": lambda context, path: context.copy(path, "new"),
}
ANYWHERE: list[tuple[str, type[LuxError]]] = [
    ("../x", PathOutside),
    ("/etc/passwd", PathOutside),
    ("outer/x", PathOutside),
    ("pipe", NotAFile),
    ("luxos/key", LuxosData),
    ("luxos/new", LuxosData),
    ("x" * 256, PathTooLong),
    ("x/" * 3000, PathTooLong),
]


@pytest.mark.parametrize("does", WRITING)
@pytest.mark.parametrize(
    ("path", "error"), [*ANYWHERE, ("alias", LinkGiven), ("loop", LinkGiven), ("report.txt/x", FolderBlocked)]
)
def test_what_cannot_be_changed_is_refused(
    context: Context, tmp_path: Path, does: str, path: str, error: type[LuxError]
) -> None:
    with pytest.raises(error) as caught:
        WRITING[does](context, path)
    assert str(caught.value)
    assert files(context, tmp_path) == BEFORE


@pytest.mark.parametrize("does", ["write", "delete", "changed_file"])
@pytest.mark.parametrize("path", ["docs", "inner/.", ".", "", "docs/"])
def test_a_folder_is_never_replaced_or_removed(context: Context, tmp_path: Path, does: str, path: str) -> None:
    with pytest.raises((FolderGiven, LinkGiven)):
        WRITING[does](context, path)
    assert files(context, tmp_path) == BEFORE


@pytest.mark.parametrize("does", READING)
@pytest.mark.parametrize(
    ("path", "error"),
    [*ANYWHERE, ("docs", FolderGiven), (".", FolderGiven), ("loop", LinkGiven), ("gone", FileMissing)],
)
def test_what_cannot_be_read_is_refused(context: Context, does: str, path: str, error: type[LuxError]) -> None:
    with pytest.raises(error):
        READING[does](context, path)


def test_the_workspace_itself_by_its_whole_path(context: Context) -> None:
    with pytest.raises(FolderGiven):
        context.write(str(context.workspace), b"new")
    assert context.read(str(context.workspace / "report.txt")) == b"r"


@pytest.mark.parametrize(("to", "place"), [("docs", "docs/report.txt"), ("inner", "docs/report.txt")])
def test_a_copy_goes_into_a_folder_mode_and_all(context: Context, tmp_path: Path, to: str, place: str) -> None:
    assert context.copy("report.txt", to) == f"{to}/report.txt"
    assert files(context, tmp_path) == {**BEFORE, place: "r"}
    assert (context.workspace / place).stat().st_mode & 0o777 == 0o750


def test_a_path_through_a_link_inside_changes_the_file_in_the_real_folder(context: Context, tmp_path: Path) -> None:
    context.write("inner/a.txt", b"new")
    context.write("inner/deep/b.txt", b"b")
    assert files(context, tmp_path) == {**BEFORE, "docs/a.txt": "new", "docs/deep/b.txt": "b"}
    assert (context.workspace / "inner").is_symlink()
    assert context.read("alias") == b"r"


@pytest.mark.parametrize(
    ("path", "to"), [("report.txt", "report.txt"), ("report.txt", "./report.txt"), ("docs/a.txt", "inner")]
)
def test_a_file_is_not_copied_onto_itself(context: Context, tmp_path: Path, path: str, to: str) -> None:
    with pytest.raises(SameFile):
        context.copy(path, to)
    assert files(context, tmp_path) == BEFORE


def test_what_is_staged_can_be_changed_again(context: Context, tmp_path: Path) -> None:
    context.write("report.txt", b"new")
    context.delete("report.txt")
    context.delete("report.txt")
    context.write("new", b"1")
    context.delete("new")
    context.delete("docs/a.txt")
    context.write("docs/a.txt", b"back")
    assert files(context, tmp_path) == {"docs/a.txt": "back", "luxos/key": "secret"}


def test_a_link_that_a_command_left_in_the_staging_folder_is_not_followed(context: Context, tmp_path: Path) -> None:
    assert context.staging is not None
    (context.staging / "made").symlink_to(tmp_path)
    with pytest.raises(FolderBlocked):
        context.write("made/x", b"out")
    assert not (tmp_path / "x").exists()


def test_a_large_file_is_shown_in_part_and_not_taken_whole(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 8)
    (context.workspace / "large").write_bytes(b"123456789")
    assert context.beginning("large", 4) == (b"1234", 9)
    with pytest.raises(FileTooLarge):
        context.read("large")
    with pytest.raises(FileTooLarge):
        context.copy("large", "other")
    context.delete("large")


def test_names_are_text_whatever_the_bytes(context: Context) -> None:
    (context.workspace / "docs" / os.fsdecode(b"b\xff")).touch()
    (context.workspace / "docs" / "c").mkdir()
    assert context.names("docs") == ["a.txt", "b\ufffd", "c/"]
    for path, error in (("luxos", LuxosData), ("report.txt", FileMissing), ("outer", PathOutside)):
        with pytest.raises(error):
            context.names(path)
    assert "docs/" in context.names(".")


def test_a_file_of_another_person_is_named(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: int, name: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr(module, "status", refused)
    with pytest.raises(FilesNotOurs):
        context.read("docs/a.txt")
