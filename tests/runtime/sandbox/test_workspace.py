"""The workspace inside: what a step does to it lies in staging, and comes into the project through a ChangeSet only."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from luxos.runtime.changes import ChangeSet
from luxos.runtime.sandbox import Confinement, Limits

EDITS = r"""
import os, shutil
open("a", "a").write(" more")
os.unlink("gone")
os.rename("old", "new")
shutil.rmtree("d"); os.mkdir("d"); open("d/fresh", "w").write("f")
shutil.rmtree("e")
os.mkdir("m"); open("m/x", "w").write("m"); os.symlink("x", "m/l")
os.chmod("run", 0o755)
open("f/inner/same", "a").close()
shutil.rmtree("t"); open("t", "w").write("now a file")
os.unlink("u"); os.mkdir("u"); open("u/now", "w").write("a folder")
open("we ird\n\udcff", "w").write("w")
"""


def tree(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))  # noqa: PTH115
        elif path.is_dir():
            found[name] = ("folder", mode)
        else:
            found[name] = ("file", mode, path.read_bytes())
    return found


def project(root: Path) -> Path:
    root.mkdir()
    for name in ("a", "gone", "old", "d/x", "d/y/z", "e/x", "run", "f/inner/same", "t/x", "u", "kept/k"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.fixture
def work(folder: Path, walls) -> Path:
    made = project(folder / "project")
    walls.own(folder)
    return made


async def test_edits_lie_in_staging_and_come_in_whole(walls, work: Path, folder: Path) -> None:
    expected = folder / "expected"
    shutil.copytree(work, expected)
    before = tree(work)
    done = await walls.code(EDITS, workspace=work, staging=folder / "staging")
    assert done.exit_code == 0, done.stderr.decode()
    assert tree(work) == before
    subprocess.run([sys.executable, "-c", EDITS], cwd=expected, check=True)  # noqa: ASYNC221 - the same, without walls
    changes = ChangeSet.stage(folder / "staging", work, folder / "journal")
    changes.apply()
    assert tree(work) == tree(expected)
    changes.undo()
    assert tree(work) == before
    assert sorted(path.name for path in folder.iterdir()) == ["expected", "journal", "project", "staging"]


async def test_the_same_edits_behind_every_wall(ordinary, folder: Path) -> None:
    """sandlock and the plain process have no overlay: their copy must leave the same list."""
    digests = {}
    ordinary("bubblewrap").own(folder)
    for backend in ("bubblewrap", "sandlock", "container"):
        walls = ordinary(backend)
        root = folder / backend
        root.mkdir()
        work = project(root / "project")
        walls.own(root)
        done = await walls.code(EDITS, workspace=work, staging=root / "staging")
        assert done.exit_code == 0, done.stderr.decode()
        digests[backend] = [
            (one.kind, one.path, one.new) for one in ChangeSet.stage(root / "staging", work, root / "journal").changes
        ]
    assert digests["sandlock"] == digests["bubblewrap"]
    assert digests["container"] == digests["bubblewrap"]


async def test_without_staging_changes_are_thrown_away(walls, work: Path) -> None:
    before = tree(work)
    done = await walls.code("open('a', 'w').write('x'); print(open('a').read())", workspace=work)
    assert done.stdout == b"x\n"
    assert tree(work) == before


@pytest.mark.parametrize(
    "name", ["with space", "col:on", "com,ma", "back\\slash", "🦊 zażółć", "qu'o\"te", "$HOME", "-x"]
)
async def test_workspaces_of_any_name(walls, folder: Path, name: str) -> None:
    work = project(folder / name)
    walls.own(folder)
    done = await walls.code(
        "import os; print(os.getcwd(), open('a').read()); open('made', 'w')",
        workspace=work,
        staging=folder / f"{name} staging",
    )
    assert done.stdout == b"/workspace a\n", done.stderr.decode()
    assert [path.name for path in (folder / f"{name} staging").iterdir()] == ["made"]


async def test_a_project_under_a_closed_home_folder(walls, folder: Path) -> None:
    closed = folder / "home"
    closed.mkdir()
    work = project(closed / "project")
    (work / "a").chmod(0o600)
    work.chmod(0o700)
    closed.chmod(0o700)
    walls.own(folder)
    done = await walls.code("print(open('a').read()); open('a', 'a').write('!')", workspace=work, staging=folder / "s")
    assert done.stdout == b"a\n", done.stderr.decode()
    assert (folder / "s" / "a").read_text() == "a!"
    found = (folder / "s" / "a").stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (walls.owner, 0o600)


async def test_growth_of_the_workspace_is_bounded(walls, work: Path, folder: Path) -> None:
    source = "import time; open('big', 'wb').write(b'x' * 4_000_000); time.sleep(60)"
    done = await walls.code(source, workspace=work, staging=folder / "s", limits=Limits(workspace=2_000_000))
    assert done.ended_by == "workspace"


async def test_growth_is_seen_after_a_quick_end_too(walls, work: Path, folder: Path) -> None:
    source = "open('big', 'wb').write(b'x' * 4_000_000)"
    done = await walls.code(source, workspace=work, staging=folder / "s", limits=Limits(workspace=2_000_000))
    assert done.ended_by == "workspace"
    done = await walls.code(source, workspace=work, staging=folder / "s2", limits=Limits(workspace=9_000_000))
    assert done.ended_by is None


async def test_growth_of_a_writable_folder_is_bounded_beside_what_was_there(walls, folder: Path) -> None:
    (folder / "old").write_bytes(b"x" * 4_000_000)
    walls.own(folder)
    source = "import sys; open(f'{sys.argv[1]}/{sys.argv[2]}', 'wb').write(b'x' * int(sys.argv[2]))"
    limits = Limits(workspace=2_000_000)
    assert (await walls.code(source, folder, 1_000_000, writable=(folder,), limits=limits)).ended_by is None
    assert (await walls.code(source, folder, 3_000_000, writable=(folder,), limits=limits)).ended_by == "workspace"


def test_staging_lies_apart_from_the_workspace(tmp_path: Path) -> None:
    for staging in (tmp_path / "w" / "s", tmp_path, tmp_path / "w"):
        with pytest.raises(ValueError, match="apart"):
            Confinement(argv=("x",), workspace=tmp_path / "w", staging=staging)


@pytest.mark.parametrize("at", ["/", "/tmp", "/usr", "workspace", "/a/b", "/etc", "/.."])
def test_the_workspace_covers_nothing_of_the_system(at: str) -> None:
    with pytest.raises(ValueError, match="workspace_at"):
        Confinement(argv=("x",), workspace_at=at)


@pytest.mark.parametrize(
    "wrong",
    [
        {"argv": ()},
        {"argv": ("a\0b",)},
        {"environment": {"A=B": "x"}},
        {"environment": {"": "x"}},
        {"environment": {"A": "x\0"}},
        {"readable": (Path("/"),)},
        {"writable": (Path("relative"),)},
    ],
)
def test_confinements_that_make_no_sense(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"argv|environment|absolute"):
        Confinement(**{"argv": ("x",), **wrong})
