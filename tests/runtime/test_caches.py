"""Of the cache goes what was not used for the longest, until the rest fits, and nothing that is in use."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from luxos.config import Settings
from luxos.persistence.locks import locked
from luxos.runtime import caches
from luxos.runtime.caches import COMPLETE, remove, surplus
from luxos.runtime.room import size_of

DAY = 86_400.0


def cached(settings: Settings, kind: str, name: str, days: float) -> Path:
    """A folder that was used last so many days ago."""
    folder = settings.cache / kind / name
    folder.mkdir(parents=True)
    (folder / "content").write_bytes(b"x" * 100_000)
    (folder / COMPLETE).touch()
    os.utime(folder / COMPLETE, (time.time() - days * DAY,) * 2)
    return folder


def sized(settings: Settings, folders: list[Path]) -> Settings:
    """Settings by which exactly these folders fit."""
    return replace(settings, cache_size=sum(map(size_of, folders)) / 1e9)


@pytest.fixture
def full(settings: Settings) -> list[Path]:
    """Four folders, the first of which was used last the longest ago."""
    kinds = ["environments", "wheels", "environments", "wheels"]
    return [cached(settings, kind, f"{number:016x}", 9 - number) for number, kind in enumerate(kinds)]


@pytest.fixture
def user(full: list[Path]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that names the first of them."""
    process = subprocess.Popen([sys.executable, "-c", "input()", str(full[0] / "bin")], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def paths(found: list[caches.Cached]) -> list[Path]:
    return [one.path for one in found]


def test_the_least_recently_used_goes_first_until_the_rest_fits(settings: Settings, full: list[Path]) -> None:
    assert surplus(settings, []) == surplus(sized(settings, full), []) == []
    goes = surplus(sized(settings, full[2:]), [])
    assert ([one.kind for one in goes], paths(goes)) == (["environments", "packages"], full[:2])
    assert [remove(one) for one in goes] == [True, True]
    assert [folder.exists() for folder in full] == [False, False, True, True]
    assert paths(surplus(replace(settings, cache_size=0), [])) == full[2:]


def test_a_cache_that_is_not_there_has_nothing_too_much(settings: Settings) -> None:
    assert surplus(replace(settings, cache_size=0), []) == []


def test_what_a_start_command_names_stays(settings: Settings, full: list[Path]) -> None:
    command = f"make run PYTHON={full[0]}/bin/python"
    assert paths(surplus(sized(settings, full[1:]), [])) == full[:1]
    assert paths(surplus(sized(settings, full[1:]), [command])) == full[1:2]


def test_what_a_process_uses_stays(settings: Settings, full: list[Path], user: "subprocess.Popen[bytes]") -> None:
    none = replace(settings, cache_size=0)
    assert paths(surplus(none, [])) == full[1:]
    user.kill()
    user.wait()
    assert paths(surplus(none, [])) == full


def test_what_is_used_or_made_after_it_was_looked_at_stays(settings: Settings, full: list[Path]) -> None:
    one, two, three, four = surplus(replace(settings, cache_size=0), [])
    (one.path / COMPLETE).touch()
    with locked(two.path.with_suffix(".lock"), exclusive=True, seconds=0):
        assert [remove(each) for each in (one, two)] == [False, False]
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=three.path)
    assert remove(three) is False
    process.communicate(b"\n")
    assert [remove(each) for each in (one, two, three, four)] == [False, True, True, True]
    assert [folder.exists() for folder in full] == [True, False, False, False]


def test_what_was_used_just_now_stays(settings: Settings) -> None:
    cached(settings, "environments", "new", 0)
    half = cached(settings, "environments", "half", 0)
    (half / COMPLETE).unlink()
    os.utime(half, (time.time() - DAY,) * 2)
    assert paths(surplus(replace(settings, cache_size=0), [])) == [half]
