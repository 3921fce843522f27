"""Commands of LuxOS that begin at once: forks of a process that has everything imported (`warm_process.py`).

A command so begun is a process of its own, with its own environment, folder and streams, and can be killed like any
other one. What is about the start of a process, its signals, or what it imports, starts one from nothing.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import TextIO

LANGUAGES = ("pl", "en")
AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")
"""The beginnings of variables that only a new interpreter heeds."""
NUMBER = 4
"""Bytes of a number that the process says: its own, and the code with which it ended."""


def is_possible(environment: Mapping[str, str]) -> bool:
    """Whether a fork does the same in this environment as a new process."""
    return environment.get("LUXOS_LANG") in LANGUAGES and not any(name.startswith(AT_START) for name in environment)


class Forked:
    """One of them, with what tests use of `subprocess.Popen`. Nothing can be typed into it."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], cwd: Path, script: Path | None = None
    ) -> None:
        """`luxos` with these arguments, or a script with them."""
        self.args = [str(script or "luxos"), *arguments]
        self.returncode: int | None = None
        self.stdout, out = _pipe()
        self.stderr, err = _pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        self._connection, theirs = socket.socketpair()
        given = (nothing, out, err, theirs.detach())
        socket.send_fds(_warm(environment["LUXOS_LANG"]), [b"c"], given)
        for each in given:
            os.close(each)
        command = {"script": script and str(script), "arguments": arguments, "cwd": str(cwd)}
        self._connection.sendall(f"{json.dumps({**command, 'environment': dict(environment)})}\n".encode())
        self.pid = self._number()

    def _number(self) -> int:
        told = self._connection.recv(NUMBER, socket.MSG_WAITALL)
        assert len(told) == NUMBER, f"{self.args}: the process of which it is a fork has ended"
        return int.from_bytes(told, sys.byteorder, signed=True)

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.returncode = self._number()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            select.select([self._connection], [], [], timeout)
        if (code := self.poll()) is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it still says until both of its streams end."""
        said = ["", ""]

        def listen(place: int, stream: TextIO) -> None:
            said[place] = stream.read()

        listening = [Thread(target=listen, args=each, daemon=True) for each in enumerate((self.stdout, self.stderr))]
        deadline = None if timeout is None else time.monotonic() + timeout
        for each in listening:
            each.start()
        for each in listening:
            each.join(deadline and deadline - time.monotonic())
        self.wait(deadline and max(0.0, deadline - time.monotonic()))
        if any(each.is_alive() for each in listening):
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout)
        self.close()
        return said[0], said[1]

    def close(self) -> None:
        """Hears nothing more of it."""
        for stream in (self.stdout, self.stderr, self._connection):
            stream.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _pipe() -> tuple[TextIO, int]:
    """What is read here, and where it is written there."""
    reading, writing = os.pipe()
    return os.fdopen(reading, encoding="utf-8"), writing


@lru_cache(maxsize=len(LANGUAGES))
def _warm(language: str) -> socket.socket:
    """The input of the process that speaks a language; it ends with this one at the latest."""
    ours, theirs = socket.socketpair()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with theirs:
        process = subprocess.Popen(
            ["env", "--default-signal=INT", sys.executable, "-m", "tests.plugins.warm_process"],
            cwd=Path(__file__).parents[2],
            env={**kept, "LUXOS_LANG": language},
            stdin=theirs,
            stdout=subprocess.DEVNULL,
        )
    atexit.register(_end, process, ours)
    return ours


def _end(process: "subprocess.Popen[bytes]", its_input: socket.socket) -> None:
    its_input.close()
    process.wait()
