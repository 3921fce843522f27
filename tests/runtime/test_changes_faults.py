"""Killed at any named moment, or out of disk: afterwards the changes are whole or absent, and can be repeated."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from luxos.runtime.changes import ChangeSet
from luxos.runtime.changes.errors import ChangeConflict
from luxos.runtime.changes.store import Store
from luxos.runtime.sandbox import Confinement, Limits, python_paths, run

SOURCES = Path(__file__).parents[2] / "src"
BEFORE = {"a": "1", "b": "1", "gone/x": "1", "gone/y": "1", "same": "1"}
AFTER = {"a": "2", "b": "2", "made/p": "2", "made/q/r": "2", "same": "1"}
STEP = """
import os, sys, stat
from pathlib import Path
from luxos.runtime.changes import ChangeSet, write_staging
root = Path(sys.argv[1])
write_staging(root / "staging", {"a": b"2", "b": b"2", "made/p": b"2", "made/q/r": b"2"}, deleted=["gone"])
changes = ChangeSet.stage(root / "staging", root / "target", root / "journal")
changes.apply()
if len(sys.argv) > 2:
    changes.undo()
"""


def start(root: Path, *more: str, point: str, step: str = STEP) -> int:
    for path, content in BEFORE.items():
        (root / "target" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "target" / path).write_text(content)
    environment = {"PYTHONPATH": str(SOURCES), "LUXOS_FAULTPOINT": point, "PATH": os.environ["PATH"]}
    return subprocess.run([sys.executable, "-c", step, root, *more], env=environment, check=False).returncode


def files(root: Path) -> dict[str, str]:
    target = root / "target"
    return {str(path.relative_to(target)): path.read_text() for path in target.rglob("*") if path.is_file()}


def folders(root: Path) -> set[str]:
    return {str(path.relative_to(root / "target")) for path in (root / "target").rglob("*") if path.is_dir()}


def test_without_a_fault_point_everything_is_done(tmp_path: Path) -> None:
    assert start(tmp_path, point="no.such.point") == 0
    assert files(tmp_path) == AFTER


def test_killed_before_the_list_is_complete_it_is_absent(tmp_path: Path) -> None:
    assert start(tmp_path, point="changes.stage.before_list") == -signal.SIGKILL
    assert ChangeSet.open(tmp_path / "journal") is None
    assert files(tmp_path) == BEFORE


APPLY_POINTS = [
    "changes.stage.after_list",
    "changes.apply.checked",
    "changes.apply.after_temporaries",
    *(f"changes.apply.after_change:{number}" for number in range(1, 10)),
    *(f"changes.apply.after_rename:{number}" for number in range(1, 5)),
]


@pytest.mark.parametrize("point", APPLY_POINTS)
def test_killed_while_applying_it_is_finished_by_repeating(tmp_path: Path, point: str) -> None:
    assert start(tmp_path, point=point) == -signal.SIGKILL
    changes = ChangeSet.open(tmp_path / "journal")
    assert changes is not None
    assert changes.state == "staged"
    changes.apply()
    assert files(tmp_path) == AFTER
    assert folders(tmp_path) == {"made", "made/q"}


@pytest.mark.parametrize("point", ["changes.apply.after_temporaries", "changes.apply.after_change:5"])
def test_killed_while_applying_it_can_be_taken_back_instead(tmp_path: Path, point: str) -> None:
    assert start(tmp_path, point=point) == -signal.SIGKILL
    changes = ChangeSet.open(tmp_path / "journal")
    assert changes is not None
    assert changes.undo().refused == ()
    assert files(tmp_path) == BEFORE
    assert folders(tmp_path) == {"gone"}


@pytest.mark.parametrize("point", [f"changes.undo.after_change:{number}" for number in (1, 4, 6, 9)])
def test_killed_while_undoing_it_is_finished_by_repeating(tmp_path: Path, point: str) -> None:
    assert start(tmp_path, "undo", point=point) == -signal.SIGKILL
    changes = ChangeSet.open(tmp_path / "journal")
    assert changes is not None
    assert changes.state == "applied"
    assert changes.undo().refused == ()
    assert files(tmp_path) == BEFORE
    assert folders(tmp_path) == {"gone"}
    assert changes.state == "undone"


MEDDLE = """
from luxos.runtime.changes import transition
real, seen = transition.reach, []
def reach(point):
    seen.append(point)
    if seen.count("changes.apply.after_change") == 4 and point == "changes.apply.after_change":
        Path(sys.argv[1], "target", "b").write_text("theirs")
    real(point)
transition.reach = reach
"""
"""Somebody writes a file that is still to be changed, in the middle of the changes."""
BACK_POINTS = [
    "changes.apply.conflict",
    "changes.back.checked",
    "changes.back.after_temporaries",
    *(f"changes.back.after_change:{number}" for number in range(1, 5)),
]


def cut_off_on_the_way_back(root: Path, point: str) -> ChangeSet:
    """What is left where a process was killed while it took back a list that had met a conflict."""
    step = STEP.replace("changes.apply()", f"{MEDDLE}changes.apply()")
    assert start(root, point=point, step=step) == -signal.SIGKILL
    changes = ChangeSet.open(root / "journal")
    assert changes is not None
    return changes


@pytest.mark.parametrize("point", BACK_POINTS)
def test_killed_while_a_conflict_is_taken_back_nothing_stays(tmp_path: Path, point: str) -> None:
    changes = cut_off_on_the_way_back(tmp_path, point)
    with pytest.raises(ChangeConflict):
        changes.apply()
    assert files(tmp_path) == {**BEFORE, "b": "theirs"}
    assert folders(tmp_path) == {"gone"}
    (tmp_path / "target" / "b").write_text("1")
    changes.apply()
    assert files(tmp_path) == AFTER


def test_a_list_that_was_cut_off_and_then_meets_a_conflict_leaves_nothing(tmp_path: Path) -> None:
    assert start(tmp_path, point="changes.apply.after_change:5") == -signal.SIGKILL
    (tmp_path / "target" / "b").write_text("theirs")
    changes = ChangeSet.open(tmp_path / "journal")
    assert changes is not None
    with pytest.raises(ChangeConflict):
        changes.apply()
    assert files(tmp_path) == {**BEFORE, "b": "theirs"}


def test_control_without_knowing_that_it_was_cut_off_half_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = cut_off_on_the_way_back(tmp_path, "changes.back.after_change:2")
    monkeypatch.setattr(Store, "begin", lambda store: False)
    with pytest.raises(ChangeConflict):
        changes.apply()
    assert files(tmp_path) != {**BEFORE, "b": "theirs"}


FULL = """
import json, os, sys
from pathlib import Path
from luxos.runtime.changes import ChangeSet, write_staging
from luxos.runtime.changes.errors import DiskFull
root, spare = Path("/tmp"), int(sys.argv[1])
target = root / "target"
target.mkdir()
(target / "a").write_bytes(b"1" * 20_000)
write_staging(root / "staging", {"a": b"2" * 30_000, "b/c": b"3" * 30_000})
free = os.statvfs(root).f_bavail * os.statvfs(root).f_frsize
(root / "filler").write_bytes(b"x" * (free - spare))
def attempt():
    try:
        changes = ChangeSet.open(root / "journal") or ChangeSet.stage(root / "staging", target, root / "journal")
        changes.apply()
    except DiskFull:
        return "full"
    return "done"
first = attempt()
untouched = (target / "a").read_bytes() == b"1" * 20_000 and not (target / "b").exists()
os.truncate(root / "filler", 0)
second = attempt()
whole = (target / "a").read_bytes() == b"2" * 30_000 and (target / "b" / "c").read_bytes() == b"3" * 30_000
left = sorted(os.listdir(target))
print(json.dumps([first, untouched, second, whole, left]))
"""


@pytest.mark.parametrize("pages", [0, 1, 3, 9, 14, 22, 24, 28, 36, 40])
async def test_disk_full_at_any_moment_loses_nothing_and_can_be_repeated(pages: int) -> None:
    """On a real, small file system: the sandbox's own /tmp."""
    done = await run(
        Confinement(
            argv=(sys.executable, "-c", FULL, str(pages * 4096)),
            readable=(*python_paths(Path(sys.executable)), SOURCES),
            environment={"PYTHONPATH": str(SOURCES)},
            limits=Limits(temporary=600_000),
        )
    )
    assert done.exit_code == 0, done.stderr.decode()
    first, untouched, second, whole, left = json.loads(done.stdout)
    assert (first, untouched) in (("full", True), ("done", False))
    assert (second, whole, left) == ("done", True, ["a", "b"])
    if pages == 0:
        assert first == "full"
    if pages == 40:
        assert first == "done"
