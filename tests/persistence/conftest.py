"""Databases with processes of their own, to be killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from luxos.config import Settings
from luxos.persistence.guardian import postmaster, works_in
from luxos.persistence.server import serving

USER = Path(__file__).with_name("user.py")
SECONDS = 30.0


class Processes:
    """The processes of one data folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.users: list[subprocess.Popen[str]] = []

    def user(self, linger: float = 0.0) -> "subprocess.Popen[str]":
        """Starts a user of the database; `ask` it for `open` first."""
        process = subprocess.Popen(
            [sys.executable, str(USER), str(self.home), str(linger)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.users.append(process)
        return process

    def opened(self, linger: float = 0.0) -> "subprocess.Popen[str]":
        process = self.user(linger)
        assert self.hear(process) == "open"
        return process

    def hear(self, process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def ask(self, process: "subprocess.Popen[str]", order: str) -> str:
        assert process.stdin is not None
        process.stdin.write(order + "\n")
        process.stdin.flush()
        return self.hear(process)

    def leave(self, process: "subprocess.Popen[str]") -> None:
        process.communicate(timeout=SECONDS)
        assert process.returncode == 0

    def kill(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.communicate(timeout=SECONDS)

    @property
    def server(self) -> int | None:
        found = postmaster(self.home / "postgres")
        return found.pid if found else None

    @property
    def guardians(self) -> list[int]:
        home = json.dumps(str(self.home))[:-1].encode()
        return [pid for pid in _pids() if b"guardian.py" in _command(pid) and home in _command(pid)]

    @property
    def backends(self) -> list[int]:
        return [pid for pid in _pids() if works_in(pid, self.home / "postgres")]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < until, "it did not come to that"
            time.sleep(0.01)

    def wait_until_gone(self) -> None:
        self.wait_until(lambda: not self.guardians and not self.backends)

    def end(self) -> None:
        """Ends what a failed test has left."""
        for process in self.users:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for pid in (*self.guardians, *self.backends):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def processes(settings: Settings) -> Iterator[Processes]:
    """The processes on this test's data folder, where nothing is yet."""
    settings.home.parent.mkdir(exist_ok=True)
    made = Processes(settings.home)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="session")
def stopped_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a cluster that was made and stopped."""
    home = tmp_path_factory.mktemp("stopped") / "home"
    with serving(Settings(home=home, cache=home, projects=home, dsn=None, database_linger=0.0)):
        pass
    made = Processes(home)
    made.wait_until_gone()
    return home


@pytest.fixture
def made(processes: Processes, stopped_home: Path) -> Processes:
    """The processes on a data folder in which the cluster is made already."""
    shutil.copytree(stopped_home, processes.home, symlinks=True)
    return processes


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a second installation."""
    return replace(settings, home=tmp_path / "other" / "home", cache=tmp_path / "other" / "cache")
