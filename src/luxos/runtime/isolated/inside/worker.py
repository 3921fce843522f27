"""A worker, the first process behind its walls: it forks one call at a time, and runs nothing of a soul's own.

Its standard input is a socket whose messages LuxOS sends: `B` with a file (the soul: its source, what to import for it,
its hosts, its limits), `C` with a channel, an output and, where there are hosts, one to ask for them by (fork a child
that waits for its call there), and `K` (end the call and all that it started). It says `R` when it is up, and after a
call `D` with how the child ended and whether the worker is as it was: a call that left anything behind has spoilt it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from _socket import CMSG_LEN, MSG_CMSG_CLOEXEC, socket
from contextlib import suppress
from signal import SIG_IGN, SIGINT, signal

from . import call, itself

TYPE_CHECKING = False  # as `typing` has it, which is not imported: a cold call waits for it
if TYPE_CHECKING:
    from typing import Any

FOLDERS = ("/tmp", "/tmp/home", "/dev/shm")  # noqa: S108 - of the sandbox
KILL = 9
MESSAGE, DESCRIPTORS = 16, 3
SLACK = 64 << 20
"""Address space for what is mapped and takes no memory: files, the stacks of threads."""


class Worker:
    """One soul's worker."""

    def __init__(self, control: socket) -> None:
        self._control = control
        self._soul: dict[str, Any] = {}
        self._limits: tuple[tuple[int, int], ...] = ()
        self._child = 0
        self._first = os.getpid() == 1
        self._found = self._seen()

    def serve(self) -> None:
        """Until LuxOS is gone."""
        self._control.send(b"R")
        while True:
            message, descriptors = self._heard()
            if message == b"B":
                self._bind(*descriptors)
            elif message == b"C":
                self._fork(*descriptors)
            elif message == b"K":
                self._end()
            else:
                return

    def _heard(self) -> tuple[bytes, list[int]]:
        message, extra, _flags, _from = self._control.recvmsg(MESSAGE, CMSG_LEN(4 * DESCRIPTORS), MSG_CMSG_CLOEXEC)
        data = b"".join(each[2] for each in extra)
        return message, [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data), 4)]

    def _bind(self, file: int) -> None:
        with open(file, "rb") as told:
            self._soul = json.load(told)
        sys.path += self._soul["paths"]
        if self._soul["hosts"]:
            from . import network

            network.install(self._soul["hosts"])
        for name in self._soul["modules"]:
            try:
                __import__(name)
            except BaseException:  # noqa: S112 - the soul imports it again, and hears of it
                continue
        if not self._first:
            return
        self._soul["compiled"] = call.compiled(self._soul["source"])
        itself.hide()

    def _fork(self, channel: int, output: int, *ways: int) -> None:
        limits = self._soul["limits"]
        size, _, _, _, _, data, _ = (
            int(pages) * resource.getpagesize() for pages in itself.read("/proc/self/statm").split()
        )
        seconds = int(limits["seconds"]) + 2
        bounds = {
            resource.RLIMIT_DATA: data + limits["memory"],
            resource.RLIMIT_AS: size + limits["memory"] + SLACK,
            resource.RLIMIT_CPU: seconds,
        }
        self._child = os.fork()
        if self._child:
            for number in (channel, output, *ways):
                os.close(number)
            return
        self._control.close()
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        os.setsid()
        itself.lower(bounds)
        if ways:
            from . import network

            network.use(*ways)
        call.answer(channel, self._soul)

    def _end(self) -> None:
        """Ends all other processes of the namespace; without one the walls end with their first process."""
        told = 0
        with suppress(ProcessLookupError):
            os.kill(-1 if self._first else self._child, KILL)
        while True:
            try:
                child, status = os.waitpid(-1, 0)
            except ChildProcessError:
                break
            if child == self._child:
                told = os.waitstatus_to_exitcode(status)
        self._control.send(b"D" + json.dumps([told, self._first and self._found == self._seen()]).encode())

    def _seen(self) -> list[object]:
        """What a call could leave to the next one: files; and limits of this process, which a child inherits."""
        kept: list[object] = [itself.read("/proc/self/limits")]
        kept += [os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)]
        for folder in FOLDERS:
            try:
                status = os.stat(folder)  # noqa: PTH116 - as below
                kept += [status.st_mode, status.st_ctime_ns, status.st_mtime_ns, sorted(os.listdir(folder))]  # noqa: PTH208 - pathlib costs 3 ms
            except OSError:
                kept.append(None)
        return kept


def main() -> None:
    """Serves until LuxOS is gone."""
    signal(SIGINT, SIG_IGN)
    control = socket(fileno=os.dup(0))
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    Worker(control).serve()
