"""A step's changes: what is staged is applied exactly, taken back exactly, and nothing of others is overwritten."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luxos.runtime.changes import ChangeSet, write_staging
from luxos.runtime.changes.errors import ChangeConflict, ChangeRefused, ChangesDamaged, DiskFull

# A tree is a mapping from names to bytes (a file), str (a link), or a tree.
NAMES = st.one_of(
    st.sampled_from(["a", "b", "c", "d", "with space", "new\nline", "zażółć 🦊", "x" * 255]),
    st.binary(min_size=1, max_size=6)
    .filter(lambda name: name not in (b".", b"..") and b"/" not in name and b"\0" not in name)
    .map(os.fsdecode),
)
FILES = st.binary(max_size=20)
LINKS = st.sampled_from(["a", "b", "./c", "missing"])
TREES = st.recursive(
    st.one_of(FILES, LINKS),
    lambda inner: st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
).map(lambda found: found if isinstance(found, dict) else {"a": found})


def build(folder: Path, tree: dict) -> None:
    folder.mkdir(exist_ok=True)
    for name, found in tree.items():
        path = folder / name
        if isinstance(found, dict):
            build(path, found)
        elif isinstance(found, str):
            path.symlink_to(found)
        else:
            path.write_bytes(found)


def read(folder: Path) -> dict:
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                found[entry.name] = os.readlink(entry.path)  # noqa: PTH115 - to the letter
            elif entry.is_dir():
                found[entry.name] = read(Path(entry.path))
            else:
                found[entry.name] = Path(entry.path).read_bytes()
    return found


def build_upper(folder: Path, before: dict, after: dict) -> None:
    """What an overlay leaves when `before` was edited into `after`, here with no use of opaque folders."""
    folder.mkdir(exist_ok=True)
    for name in before.keys() - after.keys():
        os.mknod(folder / name, stat.S_IFCHR)
    for name, found in after.items():
        was = before.get(name)
        if isinstance(found, dict):
            build_upper(folder / name, was if isinstance(was, dict) else {}, found)
        elif found != was:
            build(folder, {name: found})


@dataclass
class Place:
    """The folders of one list of changes."""

    root: Path

    @property
    def target(self) -> Path:
        return self.root / "target"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    def stage(self) -> ChangeSet:
        return ChangeSet.stage(self.staging, self.target, self.journal)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.target.mkdir()
    made.staging.mkdir()
    return made


@pytest.fixture(scope="module")
def playground() -> Iterator[Path]:
    """In memory: hundreds of trees, each synced many times, would wait for the disk."""
    with tempfile.TemporaryDirectory(prefix="luxos-test-", dir="/dev/shm", ignore_cleanup_errors=True) as name:
        yield Path(name) / "trees"


@settings(max_examples=120, deadline=None)
@given(before=TREES, after=TREES)
def test_any_edit_is_applied_exactly_and_undone_exactly(playground: Path, before: dict, after: dict) -> None:
    shutil.rmtree(playground, ignore_errors=True)
    playground.mkdir()
    place = Place(playground)
    build(place.target, before)
    build_upper(place.staging, before, after)
    changes = place.stage()
    assert read(place.target) == before
    assert ChangeSet.open(place.journal) == changes
    changes.apply()
    assert read(place.target) == after
    assert changes.state == "applied"
    changes.apply()
    assert read(place.target) == after
    undone = changes.undo()
    assert read(place.target) == before
    assert (undone.refused, undone.kept) == ((), ())
    assert changes.undo().refused == ()
    assert read(place.target) == before
    assert changes.state == "undone"


@settings(max_examples=60, deadline=None)
@given(before=TREES, after=TREES)
def test_the_list_does_not_depend_on_the_order_of_the_disk(playground: Path, before: dict, after: dict) -> None:
    digests = set()
    for order in (1, -1):
        shutil.rmtree(playground, ignore_errors=True)
        playground.mkdir()
        place = Place(playground)
        build(place.target, dict(list(before.items())[::order]))
        build_upper(place.staging, before, dict(list(after.items())[::order]))
        digests.add(place.stage().digest)
    assert len(digests) == 1


def test_core_staging_writes_and_deletes(place: Place) -> None:
    build(place.target, {"gone": b"1", "same": b"2", "folder": {"deep": b"3"}})
    write_staging(place.staging, {"folder/new": b"n", "same": b"2", "made/x": b"x"}, deleted=["gone", "folder/deep"])
    changes = place.stage()
    assert [(one.kind, one.path) for one in changes.changes] == [
        ("delete", "gone"),
        ("delete", "folder/deep"),
        ("create", "folder/new"),
        ("mkdir", "made"),
        ("create", "made/x"),
    ]
    changes.apply()
    assert read(place.target) == {"same": b"2", "folder": {"new": b"n"}, "made": {"x": b"x"}}


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../x", "", "a//b"])
def test_core_staging_stays_inside(place: Place, path: str) -> None:
    with pytest.raises(ValueError, match="inside"):
        write_staging(place.staging, {path: b""})


def test_a_missing_target_is_made(place: Place) -> None:
    place.target.rmdir()
    write_staging(place.staging, {"a": b"1"})
    place.stage().apply()
    assert read(place.target) == {"a": b"1"}


def test_an_opaque_folder_hides_what_was_there(place: Place) -> None:
    build(place.target, {"d": {"old": b"1", "inner": {"x": b"2"}}})
    build(place.staging, {"d": {"new": b"3"}})
    os.setxattr(place.staging / "d", "user.overlay.opaque", b"y")
    changes = place.stage()
    changes.apply()
    assert read(place.target) == {"d": {"new": b"3"}}
    changes.undo()
    assert read(place.target) == {"d": {"old": b"1", "inner": {"x": b"2"}}}


def test_modes_are_kept_and_come_back(place: Place) -> None:
    build(place.target, {"run": b"1", "data": b"2"})
    (place.target / "run").chmod(0o600)
    build(place.staging, {"run": b"1", "made": {"x": b"3"}})
    (place.staging / "run").chmod(0o755)
    (place.staging / "made").chmod(0o500)
    changes = place.stage()
    changes.apply()
    assert stat.S_IMODE((place.target / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((place.target / "made").stat().st_mode) == 0o500
    changes.undo()
    assert stat.S_IMODE((place.target / "run").stat().st_mode) == 0o600
    assert read(place.target) == {"run": b"1", "data": b"2"}


def test_files_without_permissions_are_read_and_kept_so(place: Place) -> None:
    build(place.staging, {"closed": {"secret": b"1"}})
    (place.staging / "closed" / "secret").chmod(0)
    (place.staging / "closed").chmod(0)
    place.stage().apply()
    assert stat.S_IMODE((place.target / "closed").stat().st_mode) == 0
    (place.target / "closed").chmod(0o700)
    assert stat.S_IMODE((place.target / "closed" / "secret").stat().st_mode) == 0


@pytest.mark.parametrize("bits", [stat.S_ISUID, stat.S_ISGID])
def test_setuid_is_refused(place: Place, bits: int) -> None:
    build(place.staging, {"tool": b"1"})
    (place.staging / "tool").chmod(0o755 | bits)
    with pytest.raises(ChangeRefused) as refused:
        place.stage()
    assert refused.value.details["path"] == "tool"
    assert ChangeSet.open(place.journal) is None


def test_pipes_are_refused(place: Place) -> None:
    os.mkfifo(place.staging / "pipe")
    with pytest.raises(ChangeRefused):
        place.stage()


@pytest.mark.parametrize(
    ("at", "target"),
    [
        ("l", "/etc/passwd"),
        ("l", "../x"),
        ("l", "a/../../x"),
        ("l", "a/.."),
        ("d/l", "../../x"),
        ("d/l", "./../.././x"),
    ],
)
def test_links_that_leave_the_tree_are_refused(place: Place, at: str, target: str) -> None:
    (place.staging / at).parent.mkdir(exist_ok=True)
    (place.staging / at).symlink_to(target)
    with pytest.raises(ChangeRefused):
        place.stage()


@pytest.mark.parametrize(("at", "target"), [("l", "a"), ("d/l", "../a"), ("d/e/l", "../../a/b"), ("l", "..a")])
def test_links_inside_the_tree_are_kept(place: Place, at: str, target: str) -> None:
    (place.staging / at).parent.mkdir(parents=True, exist_ok=True)
    (place.staging / at).symlink_to(target)
    place.stage().apply()
    assert os.readlink(place.target / at) == target  # noqa: PTH115


def test_hooks_are_flagged(place: Place) -> None:
    build(
        place.staging, {".git": {"hooks": {"pre-commit": b"#!"}}, "sub": {".GIT": {"config": b"x"}}, "git": {"a": b"1"}}
    )
    build(place.staging, {"sitecustomize.py": b"", "x.pth": b"import os", "path": b""})
    flagged = [one.path for one in place.stage().flagged]
    assert flagged == [".git/hooks/pre-commit", "sitecustomize.py", "sub/.GIT/config", "x.pth"]


def test_a_file_that_someone_else_changed_is_not_overwritten(place: Place) -> None:
    build(place.target, {"a": b"1", "b": b"1"})
    build(place.staging, {"a": b"2", "b": b"2", "c": b"2"})
    changes = place.stage()
    (place.target / "b").write_bytes(b"mine")
    with pytest.raises(ChangeConflict) as conflict:
        changes.apply()
    assert conflict.value.details["path"] == "b"
    assert read(place.target) == {"a": b"1", "b": b"mine"}
    assert changes.state == "staged"
    (place.target / "b").write_bytes(b"1")
    changes.apply()
    assert read(place.target) == {"a": b"2", "b": b"2", "c": b"2"}


@pytest.mark.parametrize(
    ("before", "after", "meddling"),
    [
        ({}, {"new": b"1"}, lambda root: (root / "new").write_bytes(b"mine")),
        ({"a": b"1"}, {}, lambda root: (root / "a").write_bytes(b"mine")),
        ({"d": {"x": b"1"}}, {}, lambda root: (root / "d" / "mine").write_bytes(b"mine")),
        ({"d": {"x": b"1"}}, {"d": {"x": b"2"}}, lambda root: shutil.rmtree(root / "d")),
        ({"a": b"1"}, {"a": b"2"}, lambda root: ((root / "a").unlink(), (root / "a").symlink_to("b"))),
        ({"a": b"1"}, {"a": b"2"}, lambda root: ((root / "a").unlink(), (root / "a").mkdir())),
    ],
)
def test_every_kind_of_conflict_is_found_before_anything_changes(place: Place, before, after, meddling) -> None:
    build(place.target, {**before, "other": b"1"})
    build_upper(place.staging, {**before, "other": b"1"}, {**after, "other": b"2"})
    changes = place.stage()
    meddling(place.target)
    seen = read(place.target)
    with pytest.raises(ChangeConflict):
        changes.apply()
    assert read(place.target) == seen


def test_a_folder_that_became_a_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    build(outside, {"x": b"precious"})
    build(place.target, {"d": {"x": b"1"}})
    build(place.staging, {"d": {"x": b"2", "y": b"2"}})
    changes = place.stage()
    shutil.rmtree(place.target / "d")
    (place.target / "d").symlink_to(outside)
    with pytest.raises(ChangeConflict):
        changes.apply()
    assert read(outside) == {"x": b"precious"}


def test_a_staged_link_is_not_followed_by_later_files(place: Place) -> None:
    """A step cannot stage a link to a folder and then files through it: the folder would be a folder in its tree."""
    build(place.target, {"real": {"x": b"1"}, "l": "real"})
    build(place.staging, {"l": {"x": b"2"}})
    changes = place.stage()
    changes.apply()
    assert read(place.target) == {"real": {"x": b"1"}, "l": {"x": b"2"}}
    changes.undo()
    assert read(place.target) == {"real": {"x": b"1"}, "l": "real"}


def test_undo_leaves_what_a_person_changed_since_and_names_it(place: Place) -> None:
    build(place.target, {"a": b"1", "b": b"1", "gone": b"1"})
    build_upper(
        place.staging,
        {"a": b"1", "b": b"1", "gone": b"1"},
        {"a": b"2", "b": b"2", "made": {"mine": b"3", "other": b"4"}, "free": {"x": b"5"}},
    )
    changes = place.stage()
    changes.apply()
    (place.target / "b").write_bytes(b"edited")
    (place.target / "gone").write_bytes(b"written anew")
    (place.target / "made" / "mine").write_bytes(b"edited")
    (place.target / "free" / "theirs").write_bytes(b"6")
    undone = changes.undo()
    assert undone.refused == ("b", "gone", "made/mine")
    assert undone.kept == ("free", "made")
    assert undone.restored == ("a", "free/x", "made/other")
    assert read(place.target) == {
        "a": b"1",
        "b": b"edited",
        "gone": b"written anew",
        "made": {"mine": b"edited"},
        "free": {"theirs": b"6"},
    }


def test_undo_restores_a_deleted_folder(place: Place) -> None:
    before = {"d": {"x": b"1", "e": {"y": b"2"}, "l": "x"}}
    build(place.target, before)
    (place.target / "d" / "e").chmod(0o750)
    os.mknod(place.staging / "d", stat.S_IFCHR)
    changes = place.stage()
    changes.apply()
    assert read(place.target) == {}
    changes.undo()
    assert read(place.target) == before
    assert stat.S_IMODE((place.target / "d" / "e").stat().st_mode) == 0o750


def test_a_damaged_list_is_not_used(place: Place) -> None:
    build(place.staging, {"a": b"1"})
    changes = place.stage()
    stored = place.journal / "changes"
    stored.write_bytes(stored.read_bytes().replace(b'"a"', b'"b"'))
    with pytest.raises(ChangesDamaged):
        ChangeSet.open(place.journal)
    assert changes.state == "staged"


def test_a_damaged_content_changes_nothing(place: Place) -> None:
    build(place.target, {"a": b"1"})
    build(place.staging, {"a": b"2", "b": b"3"})
    changes = place.stage()
    for content in (place.journal / "contents").iterdir():
        content.write_bytes(b"?")
    with pytest.raises(ChangesDamaged):
        changes.apply()
    assert read(place.target) == {"a": b"1"}


def test_a_missing_content_is_noticed_when_opened(place: Place) -> None:
    build(place.staging, {"a": b"1"})
    place.stage()
    shutil.rmtree(place.journal / "contents")
    with pytest.raises(ChangesDamaged):
        ChangeSet.open(place.journal)


def test_no_list_no_changes(place: Place) -> None:
    assert ChangeSet.open(place.journal) is None


def test_hard_linked_files_of_others_stay_as_they_are(place: Place, tmp_path: Path) -> None:
    build(place.target, {"a": b"1"})
    os.link(place.target / "a", tmp_path / "elsewhere")
    build(place.staging, {"a": b"2"})
    place.stage().apply()
    assert (tmp_path / "elsewhere").read_bytes() == b"1"


def test_disk_full_while_applying_leaves_everything_and_can_be_repeated(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(place.target, {"a": b"1"})
    build(place.staging, {"a": b"2", "b": {"c": b"3"}})
    changes = place.stage()
    real, calls = os.write, iter(range(100))

    def write(descriptor: int, data: bytes) -> int:
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(DiskFull):
        changes.apply()
    monkeypatch.undo()
    assert read(place.target) == {"a": b"1"}
    changes.apply()
    assert read(place.target) == {"a": b"2", "b": {"c": b"3"}}
