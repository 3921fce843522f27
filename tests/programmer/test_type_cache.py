"""What the type checker learned: lent as copies, kept once, and nothing left of a build that was killed."""

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from luxos.config import Settings
from luxos.programmer.type_cache import lent_types, lent_types_aside

ENVIRONMENT = "/somewhere/environments/0123"


def known(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.cache / "types").iterdir() if not path.is_file())


def test_the_first_that_ends_well_is_kept_and_never_written_again(settings: Settings) -> None:
    with lent_types(settings, ENVIRONMENT) as folder:
        (folder / "learned").write_text("first")
    with lent_types(settings, ENVIRONMENT) as folder:
        assert (folder / "learned").read_text() == "first"
        (folder / "learned").write_text("second")
    assert known(settings) == ["0123"]
    assert [path.name for path in (settings.cache / "types" / "0123").iterdir()] == ["learned"]
    assert (settings.cache / "types" / "0123" / "learned").read_text() == "first"


def test_of_what_failed_nothing_is_kept(settings: Settings) -> None:
    def fail() -> None:
        with lent_types(settings, ENVIRONMENT) as folder:
            (folder / "learned").write_text("wrong")
            raise ValueError("a finding")

    with pytest.raises(ValueError, match="a finding"):
        fail()
    assert known(settings) == []


HOLDING = """
import sys
from pathlib import Path
from types import SimpleNamespace
from luxos.programmer.type_cache import lent_types
with lent_types(SimpleNamespace(cache=Path(sys.argv[1])), sys.argv[2]) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_one_left_is_swept_and_what_a_living_one_holds_stays(settings: Settings) -> None:
    def start() -> "tuple[subprocess.Popen[str], Path]":
        arguments = [sys.executable, "-c", HOLDING, str(settings.cache), ENVIRONMENT]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    (killed, left), (living, held) = start(), start()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    older = settings.cache / "types" / ".0123.of_an_older_luxos"
    older.mkdir()
    assert left.is_dir()
    with lent_types(settings, "/somewhere/environments/4567"):
        assert not left.exists()
        assert not older.exists()
        assert held.is_dir()
    living.communicate()
    assert living.returncode == 0
    assert known(settings) == ["0123", "4567"]


async def test_beside_the_loop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda *paths: (threads.append(threading.get_ident()), rename(*paths))[1])
    async with lent_types_aside(settings, ENVIRONMENT) as folder:
        (folder / "learned").write_text("first")
    assert known(settings) == ["0123"]
    assert threading.get_ident() not in threads


async def test_beside_the_loop_of_what_failed_or_was_cancelled_nothing_is_kept(settings: Settings) -> None:
    async def fail(error: BaseException) -> None:
        async with lent_types_aside(settings, ENVIRONMENT) as folder:
            (folder / "learned").write_text("wrong")
            raise error

    for error in (ValueError("a finding"), asyncio.CancelledError()):
        with pytest.raises(type(error)):
            await fail(error)
    lending = asyncio.create_task(fail(ValueError("a finding")))
    await asyncio.sleep(0)
    lending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lending
    assert known(settings) == []
