"""The archive of an application: reproducible, complete, and never half there."""

import gzip
import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.programmer.archive import write_archive
from luxos.programmer.errors import ArchiveRefused

PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda part: part not in {".", ".."} and len(part.encode()) < 200
)
TREES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=3).map("/".join), st.tuples(st.binary(max_size=300), st.booleans()), max_size=6
).filter(lambda tree: not any(a != b and b.startswith(a + "/") for a in tree for b in tree))


def _write(folder: Path, tree: dict[str, tuple[bytes, bool]], umask: int) -> None:
    for name, (content, runs) in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod((0o777 if runs else 0o666) & ~umask)
        os.utime(path, (umask, umask))


def _read(path: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(path) as archive:
        return archive.getmembers()


@given(tree=TREES, order=st.randoms(use_true_random=False))
def test_the_same_files_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, tuple[bytes, bool]], order: random.Random
) -> None:
    digests = []
    for umask in (0o022, 0o077):
        folder = tmp_path_factory.mktemp("tree")
        _write(folder, tree, umask)
        names = list(tree)
        order.shuffle(names)
        target = folder.parent / f"{folder.name}.tar.gz"
        digests.append(write_archive(folder, target, names, prefix="app"))
        assert digests[-1] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert digests[0] == digests[1]


@given(tree=TREES)
def test_what_is_packed_comes_out(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, tuple[bytes, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    _write(folder, tree, 0o022)
    target = folder.parent / f"{folder.name}.tar.gz"
    write_archive(folder, target, list(tree), prefix="app")
    with tarfile.open(target) as archive:
        found = {}
        for entry in archive:
            content = archive.extractfile(entry)
            assert content is not None
            found[entry.name] = (content.read(), entry.mode == 0o755)
    assert found == {f"app/{name}": value for name, value in tree.items()}


def test_nothing_tells_who_packed_it_and_when(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    target = tmp_path / "dist" / "app.tar.gz"
    write_archive(tmp_path, target, ["a.txt"], prefix="app")
    [entry] = _read(target)
    assert (entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.mode) == (0, 0, 0, "", "", 0o644)
    header = target.read_bytes()[:10]
    assert header[3] == 0, "no flags: no name, no comment"
    assert header[4:8] == bytes(4), "no time"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../secret", "a/../../secret", "a//b", ".", "a/.", "a\0b"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveRefused):
        write_archive(tmp_path, tmp_path / "app.tar.gz", [name], prefix="app")
    with pytest.raises(ArchiveRefused):
        write_archive(tmp_path, tmp_path / "app.tar.gz", [], prefix=name)
    assert list(tmp_path.iterdir()) == []


def test_only_plain_files_are_packed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "file").write_text("x")
    (folder / "link").symlink_to("real/file")
    (folder / "linked").symlink_to("real")
    os.mkfifo(folder / "pipe")
    for name in ("link", "linked/file", "pipe", "real", "missing", "real/file/below"):
        with pytest.raises(ArchiveRefused) as refused:
            write_archive(folder, tmp_path / "app.tar.gz", ["real/file", name], prefix="app")
        assert name in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"], "nothing half written is left"


def test_an_old_archive_stays_when_a_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    target = tmp_path / "app.tar.gz"
    write_archive(tmp_path, target, ["a"], prefix="app")
    before = target.read_bytes()
    with pytest.raises(ArchiveRefused):
        write_archive(tmp_path, target, ["a", "missing"], prefix="app")
    assert target.read_bytes() == before


KILLED = """
import os, signal, sys
from pathlib import Path
from luxos.programmer import archive

add, left = archive._add, [int(sys.argv[2])]

def counted(*arguments):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    add(*arguments)

archive._add = counted
folder = Path(sys.argv[1])
archive.write_archive(folder, folder.parent / "app.tar.gz", ["a", "b", "c"], prefix="app")
"""


@pytest.mark.parametrize("after", [0, 2])
def test_killed_in_the_middle_it_leaves_the_old_archive(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_bytes(os.urandom(200_000))
    target = tmp_path / "app.tar.gz"
    with gzip.open(target, "wb") as old:
        old.write(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(after)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert gzip.decompress(target.read_bytes()) == b"old"
    digest = write_archive(folder, target, ["a", "b", "c"], prefix="app")
    assert digest == hashlib.sha256(target.read_bytes()).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(target.read_bytes())) as archive:
        assert archive.getnames() == ["app/a", "app/b", "app/c"]
