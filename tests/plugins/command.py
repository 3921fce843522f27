"""The fixtures that drive the command `luxos` from outside, as a person does: its own process, its own empty home."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.plugins import warm

PACKAGES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "luxos-tests" / "packages"
"""Fetched packages and environments: named by their hashes, so one test's are as good as another's."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out.splitlines()[-1])


class Command:
    """`luxos` for one person: an empty home, and a database of their own that starts with the first command."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_")) or name == "PATH"}
        self.environment = {
            **kept,
            "HOME": str(home),
            "LUXOS_CACHE": str(PACKAGES),
            "LUXOS_DATABASE_LINGER": "0.5",
            "LUXOS_LANG": "pl",
            **(environment or {}),
        }

    def start(
        self, *arguments: str, cwd: Path | None = None, within: Sequence[str] = (), **environment: str
    ) -> "subprocess.Popen[str]":
        """Starts a command and does not wait for it; `within` is a program that starts another one.

        A shell's background job ignores Ctrl+C, and so would all that it starts: the command is given back its default.
        """
        return subprocess.Popen(
            [*within, "env", "--default-signal=INT", sys.executable, "-m", "luxos", *arguments],
            cwd=cwd or self.home,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fork(
        self, *arguments: str, script: Path | None = None, cwd: Path | None = None, **environment: str
    ) -> warm.Forked:
        """Starts a command, or a script, that need not import anything, and does not wait for it."""
        return warm.Forked(arguments, {**self.environment, **environment}, cwd or self.home, script)

    def wrapped(self, within: Sequence[str], *arguments: str, **environment: str) -> Ended:
        """Runs a command to its end, started by another program."""
        return self._end(self.start(*arguments, within=within, **environment))

    def __call__(self, *arguments: str, cwd: Path | None = None, **environment: str) -> Ended:
        """Runs a command to its end, as a fork of a process that has it imported where that is the same."""
        begin = self.fork if warm.is_possible({**self.environment, **environment}) else self.start
        return self._end(begin(*arguments, cwd=cwd, **environment))

    @staticmethod
    def _end(process: "subprocess.Popen[str] | warm.Forked") -> Ended:
        out, err = process.communicate(timeout=240)
        return Ended(process.returncode, out, err)


@pytest.fixture
def luxos(tmp_path: Path) -> Command:
    """A person with an empty home and a database of their own."""
    return Command(tmp_path / "person")


@pytest.fixture
def quick_luxos(tmp_path: Path, database: Any) -> Command:
    """The same, on a clone of the session's database: for what is not about the database itself."""
    return Command(tmp_path / "person", {"LUXOS_DSN": database.dsn})


@pytest.fixture
def serve_index() -> Iterator[Callable[..., str]]:
    """Starts a package index on loopback that answers every request with a status and a body; gives its address."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    servers = []

    def start(status: int, body: bytes = b"") -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/simple"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
