"""How PostgreSQL runs as root, and where its socket may be."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from luxos.config import Settings
from luxos.persistence import confinement as ways
from luxos.persistence.binaries import wheel_binaries
from luxos.persistence.confinement import confinement
from luxos.persistence.database import open_database
from luxos.persistence.errors import DatabaseNeedsUser
from luxos.persistence.server import _socket_folder

ROOT = os.geteuid() == 0


def _nobody_reaches(folder: Path) -> bool:
    return not ROOT or all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


@pytest.fixture
def public(settings: Settings) -> Iterator[Settings]:
    """Settings whose data folder any user can pass through to."""
    folder = Path(tempfile.mkdtemp(prefix="luxos-test-"))
    folder.chmod(0o711)
    try:
        yield replace(settings, home=folder / "home")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_root_goes_into_a_namespace_and_anyone_else_stays(tmp_path: Path) -> None:
    found = confinement(wheel_binaries(), tmp_path)
    assert bool(found.namespace) is ROOT
    assert found.user is None
    seen = found.run(["/usr/bin/id", "-u"]).stdout.strip()
    assert seen == ("1000" if ROOT else str(os.geteuid()))


def test_inside_the_namespace_only_what_is_needed_is_there(tmp_path: Path) -> None:
    found = confinement(wheel_binaries(), tmp_path)
    (tmp_path / "open").mkdir()
    script = f"ls -d /root /home /etc/shadow {tmp_path}/postgres.users; echo x > {tmp_path}/open/file; echo y > /usr/y"
    done = found.run(["/bin/sh", "-c", script], [tmp_path / "open"])
    assert (tmp_path / "open" / "file").read_text() == "x\n"
    assert done.returncode != 0
    assert not Path("/usr/y").exists()
    if ROOT:
        assert "\n/root" not in "\n" + done.stdout.replace("ls: ", "")


@pytest.mark.slow
async def test_without_namespaces_root_uses_the_user_nobody_or_says_what_hinders(
    public: Settings, monkeypatch: pytest.MonkeyPatch, processes: Any
) -> None:
    monkeypatch.setattr(ways, "_bwraps", lambda: iter(()))
    processes.home = public.home
    if not _nobody_reaches(wheel_binaries().programs):
        with pytest.raises(DatabaseNeedsUser):
            confinement(wheel_binaries(), public.home.parent)
        return
    async with open_database(public) as database:
        assert await database.pool.fetchval("SELECT 1") == 1
    assert (public.home / "postgres").stat().st_uid == (65534 if ROOT else os.geteuid())
    await asyncio.to_thread(processes.wait_until_gone)
    monkeypatch.undo()
    async with open_database(public) as database:  # stays with nobody, now that namespaces are there
        assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == 1
    await asyncio.to_thread(processes.wait_until_gone)


def test_a_folder_that_nobody_cannot_reach_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_bwraps", lambda: iter(()))
    closed = tmp_path / "closed"
    (closed / "home").mkdir(parents=True)
    closed.chmod(0o700)
    if not ROOT:
        assert confinement(wheel_binaries(), closed / "home").user is None
        return
    with pytest.raises(DatabaseNeedsUser):
        confinement(wheel_binaries(), closed / "home")


async def test_a_data_folder_with_a_long_and_odd_path_works(tmp_path: Path, settings: Settings, processes: Any) -> None:
    processes.home = home = tmp_path / "zażółć gęślą jaźń % & ' \"" / ("long" * 20)
    async with open_database(replace(settings, home=home)) as database:
        assert database.address.host.startswith("/tmp/luxos-")
        async with open_database(replace(settings, dsn=database.dsn)) as again:
            assert await again.pool.fetchval("SELECT 1") == 1
    await asyncio.to_thread(processes.wait_until_gone)
    assert not Path(database.address.host).exists()


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("h" * 100)
    home.mkdir()
    folder = _socket_folder(home, None)
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.chmod(0o755)
        with pytest.raises(PermissionError):
            _socket_folder(home, None)
        if ROOT:
            folder.chmod(0o700)
            os.chown(folder, 12345, 12345)
            with pytest.raises(PermissionError):
                _socket_folder(home, None)
    finally:
        folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        _socket_folder(home, None)
    folder.unlink()
