"""A disk that is full: nothing half is left, nothing acknowledged is lost, and the sentence names the disk."""

import asyncio
import ctypes
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import open_database
from luxos.persistence.errors import DatabaseCannotStart, DiskFull

_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A disk of this size on the folder; gives False where this user may not mount one."""
    folder.mkdir()
    mounted = _LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={megabytes}m".encode()) == 0
    try:
        yield mounted
    finally:
        if mounted:
            _LIBC.umount2(os.fsencode(folder), 2)


@contextmanager
def small_files(megabytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes << 20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_first_start_without_room_leaves_nothing_half(tmp_path: Path, settings: Settings) -> None:
    with small_disk(tmp_path / "disk", 12) as mounted:
        home = tmp_path / "disk" / "home"
        with small_files(512 if mounted else 1), pytest.raises(DiskFull if mounted else DatabaseCannotStart) as caught:
            async with open_database(replace(settings, home=home)):
                pass
        assert str(home) in str(caught.value)
        assert not (home / "postgres").exists()
        assert not list(home.glob("postgres.new-*"))


async def test_a_disk_that_fills_up_loses_nothing_that_was_acknowledged(
    tmp_path: Path, settings: Settings, processes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 64) as mounted:
        processes.home = home = tmp_path / "disk" / "home"
        ballast = tmp_path / "disk" / "ballast"
        own = replace(settings, home=home)
        written = []

        async def fill() -> None:
            async with open_database(own) as database:
                monkeypatch.setattr(BaseBeing, "db_pool", database.pool)
                disk = os.statvfs(home)
                ballast.write_bytes(b"x" * ((disk.f_bavail - 100) * disk.f_frsize if mounted else 0))
                for number in range(100):
                    being = BaseBeing(attributes={"n": number, "text": os.urandom(50_000).hex()})
                    await being.save()
                    written.append(being.soul)
                raise DiskFull(folder="not a small disk: this user may not mount one")

        with pytest.raises(DiskFull):
            await fill()
        assert (len(written) < 100) is mounted
        ballast.unlink()
        async with open_database(own) as database:
            rows = await database.pool.fetch("SELECT soul FROM base_beings WHERE soul = ANY($1)", written)
            assert {row["soul"] for row in rows} == set(written)
        await asyncio.to_thread(processes.wait_until_gone)
