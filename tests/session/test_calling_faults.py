"""Calls while something is taken from under them: the being that is called, the room on the disk."""

import asyncio
import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import luxos
from luxos.beings.being import BaseBeing
from luxos.beings.removal import delete
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.persistence.errors import DiskFull
from luxos.runtime.errors.calls import BeingNotCallable
from luxos.runtime.runs import Runs, chain_is_whole
from luxos.session import Lux

_LIBC = ctypes.CDLL(None, use_errno=True)
SLOW = "def function(n):\n    total = 0\n    while total < n:\n        total += 1\n    return total\n"
LONG = "def function(n):\n    return [n, 'x' * 200000]\n"


@pytest.mark.parametrize("tier", ["hermetic", "isolated"])
async def test_a_being_that_is_deleted_while_it_runs_ends_its_call_and_begins_no_other(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, tier: str
) -> None:
    monkeypatch.setenv("LUXOS_DSN", database.dsn)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    async with luxos.open(settings.home) as lux:
        slow = await lux.summon(name="slow", source=SLOW, tier=tier)
        running = asyncio.ensure_future(lux.execution(slow.soul, 10_000_000))
        await asyncio.sleep(0.2)
        assert not running.done()
        await delete(slow.soul, by="ania")
        assert await running == 10_000_000
        with pytest.raises(BeingNotCallable):
            await lux.execution(slow.soul, 1)
    runs = Runs(database)
    (run,) = await runs.newest()
    steps = await runs.steps(run.soul)
    assert [(step.status, step.callee) for step in steps] == [("done", slow.soul)]
    assert chain_is_whole(run, steps)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    folder.mkdir()
    if _LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={megabytes}m".encode()) != 0:
        pytest.skip("this user may not mount a small disk")
    try:
        yield
    finally:
        _LIBC.umount2(os.fsencode(folder), 2)


@pytest.mark.slow
async def test_a_full_disk_fails_calls_and_loses_none_that_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LUXOS_DSN", raising=False)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    told: list[int] = []

    async def call(lux: Lux, numbers: range) -> None:
        for number in numbers:
            told.append((await lux.execution("long", number))[0])  # noqa: PERF401 - one may fail

    with small_disk(tmp_path / "disk", 256):
        home, ballast = tmp_path / "disk" / "home", tmp_path / "disk" / "ballast"
        async with luxos.open(home) as lux:
            await lux.summon(name="long", source=LONG)
            await call(lux, range(1))
            disk = os.statvfs(home)
            ballast.write_bytes(b"x" * ((disk.f_bavail - 400) * disk.f_frsize))
            with pytest.raises(DiskFull):
                await call(lux, range(1, 400))
            ballast.unlink()
        async with luxos.open(home) as lux:
            await call(lux, range(1000, 1001))
            runs = Runs(lux.database)
            found = [(run, await runs.steps(run.soul)) for run in await runs.newest(100)]
    done = {step.attributes["result"][0] for _, steps in found for step in steps if step.status == "done"}
    assert set(told) <= done
    assert all(chain_is_whole(run, steps) for run, steps in found)
