"""A file is the old value or the new one, whole, whatever dies in between; nothing torn or foreign is ever read."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.sampling import examples

from luxos.kernel.memory.snapshot import SetAside, _head, load, save

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KILLED_AT = """
import os, signal, sys
from luxos.kernel.memory import snapshot
from tests.plugins.sampling import examples
path, point, careless = sys.argv[1:]
write, fsync, replace, open_ = os.write, os.fsync, os.replace, os.open
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def half(descriptor, data):
    write(descriptor, data[:len(data) // 2])
    die()
def after(call):
    def called(*arguments, **named):
        call(*arguments, **named)
        die()
    return called
if careless == "careless":  # writes into the file itself
    snapshot.os.replace = lambda draft, path: None
    snapshot.os.open = lambda name, *rest: open_(name.removesuffix(".draft"), *rest)
match point:
    case "write": os.write = die
    case "half-write": os.write = half
    case "fsync": os.fsync = die
    case "rename": os.replace = die
    case "renamed": os.replace = after(replace)
    case "dirsync": snapshot.sync_folder = die
    case "ack": pass
snapshot.save(path, "test-1", {"new": "x" * 1000})
print("saved", flush=True)
die()
"""
OLD, NEW = {"old": "y" * 500}, {"new": "x" * 1000}


def killed(path: Path, point: str, careless: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(path), point, careless], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.strip()


@settings(max_examples=examples(30))
@given(JSON)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = str(tmp_path_factory.getbasetemp() / "snapshot.json")
    save(path, "test-1", value, durable=False)
    assert load(path, "test-1") == value


def test_no_file_is_no_value(tmp_path: Path) -> None:
    assert load(str(tmp_path / "none"), "test-1") is None


@pytest.mark.parametrize("point", ["write", "half-write", "fsync", "rename", "renamed", "dirsync", "ack"])
def test_killed_at_each_point_the_file_is_old_or_new_and_new_once_acknowledged(tmp_path: Path, point: str) -> None:
    path = tmp_path / "state"
    save(str(path), "test-1", OLD)
    said = killed(path, point)
    found = load(str(path), "test-1")
    assert found == (OLD if point in {"write", "half-write", "fsync", "rename"} else NEW)
    assert (said == "saved") == (point == "ack")
    save(str(path), "test-1", OLD)
    assert load(str(path), "test-1") == OLD


def test_the_kills_notice_one_who_writes_into_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save(str(path), "test-1", OLD)
    killed(path, "half-write", "careless")
    with pytest.raises(SetAside):
        load(str(path), "test-1")


def test_what_is_synced_before_the_name_and_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda number: done.append(str(Path(f"/proc/self/fd/{number}").readlink())) or fsync(number)
    )
    monkeypatch.setattr(os, "replace", lambda *names: done.append("rename") or replace(*names))
    save(str(tmp_path / "state"), "test-1", OLD)
    assert done == [str(tmp_path / "state.draft"), "rename", str(tmp_path)]


def test_each_changed_byte_and_each_cut_is_noticed_and_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save(str(path), "test-1", {"a": [1, 2]})
    whole = path.read_bytes()
    damaged = [whole[:place] for place in range(len(whole))]
    damaged += [
        whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :]
        for place in range(len(whole))
        for flip in (1, 32, 255)
    ]
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(SetAside) as said:
            load(str(path), "test-1")
        assert not path.exists()
        assert (tmp_path / "state.aside").read_bytes() == data
        assert "state.aside" in str(said.value)


def test_another_kind_and_a_sound_head_over_no_json_are_foreign(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    save(path, "test-2", 1)
    with pytest.raises(SetAside):
        load(path, "test-1")
    for body in (b"{", b"[" * 100_000):
        Path(path).write_bytes(_head("test-1", body) + body)
        with pytest.raises(SetAside):
            load(path, "test-1")


def test_a_link_in_the_place_of_the_draft_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "state.draft").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        save(str(tmp_path / "state"), "test-1", 1)
    assert not (tmp_path / "elsewhere").exists()


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    save(str(tmp_path / "state"), "test-1", json.loads("{}"))
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600
