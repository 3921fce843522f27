"""What is done with a whole application, whatever its stack: run its tools, judge it, serve it until a block ends."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from luxos.programmer.code_analyzer import CHECKS
from luxos.programmer.tester import read_report


def run(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> str:
    """Runs a command in the application's folder, which must end well; gives what it printed."""
    clean = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, cwd=root, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


def run_module(python: Path, root: Path, *arguments: str) -> str:
    """Runs a module of the environment that this Python is of; nothing but its results gets into the folder."""
    environment = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "COVERAGE_FILE": str(root.parent / "coverage"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return run([str(python), "-m", *arguments], root, environment)


@dataclass(frozen=True)
class Judge:
    """Runs on applications what LuxOS runs on them; the type checker remembers the libraries between them."""

    python: Path
    types: Path
    passed: int
    """More tests than this must pass, and none may fail or be skipped."""
    coverage: float
    """They must cover more than these percents."""

    def __call__(self, root: Path) -> None:
        run_module(self.python, root, "ruff", "format", "--no-cache", ".")
        for arguments in [command for commands in CHECKS.values() for command in commands]:
            words = (f"--cache-dir={self.types}" if "--cache-dir" in word else word for word in arguments)
            run_module(self.python, root, *words)
        tests = ("pytest", "-p", "no:cacheprovider", "--cov", "--cov-report=term", "-q")
        report = read_report(run_module(self.python, root, *tests))
        assert report["failed"] == report["skipped"] == 0
        assert report["passed"] > self.passed
        assert report["coverage"] > self.coverage


@dataclass(frozen=True)
class Served:
    """An application that answers: where, and where it writes what it says."""

    port: int
    log: Path


@contextmanager
def serving(
    command: Sequence[str], root: Path, environment: Mapping[str, str], check_health: Callable[[int], None]
) -> Iterator[Served]:
    """The application as a person starts it, on a free port; `check_health` asks it there whether it is well."""
    served = Served(_free_port(), root.parent / "served.log")
    everything = {"PATH": os.environ["PATH"], "PORT": str(served.port), "BIND": f"127.0.0.1:{served.port}"}
    with served.log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env={**everything, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until_healthy(process, served, check_health)
        yield served
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], served: Served, check_health: Callable[[int], None]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return check_health(served.port)
        except ConnectionError:
            time.sleep(0.1)
    raise AssertionError(served.log.read_text())
