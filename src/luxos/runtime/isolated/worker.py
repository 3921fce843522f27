"""One worker: a process behind walls, in which calls of one soul run one at a time, each in a child of its own."""

import ast
import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from luxos.beings.parsing import tree_of
from luxos.runtime.code import Code, CodeLimits
from luxos.runtime.isolated.line import Line
from luxos.runtime.sandbox import Confinement, Limits, python_paths, run
from luxos.runtime.sandbox.bubblewrap import memory_file
from luxos.runtime.sandbox.errors import SandboxFailed
from luxos.runtime.threads import finished

INSIDE = Path(__file__).with_name("inside")
PYTHON = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
_START = "import sys; sys.path.insert(0, sys.argv[1]); from inside.worker import main; del sys.path[0]; main()"
GRACE = 5.0
"""Seconds in which a worker is up, or done with a call that was ended; after that it is given up."""
UP = 30.0
MEBIBYTE = 1 << 20
CERTIFICATES = tuple(
    path for path in map(Path, ("/etc/ssl/certs", "/etc/pki/ca-trust/extracted", "/etc/pki/tls/certs")) if path.is_dir()
)
"""Folders of certificates, and of no keys; what lies in /usr is there anyway."""
PROCESSES = 32
FOR_EVER = 1e8
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Threads of libraries would each take address space, and more of the processor than one call has."""


@dataclass(frozen=True)
class Walls:
    """What the walls of a worker depend on, so that one that is started ahead fits many souls."""

    memory: int
    environment: Path | None = None
    has_hosts: bool = False
    """Whether its soul names hosts, and so needs to see whose certificates this machine trusts."""

    @classmethod
    def of(cls, limits: CodeLimits, environment: Path | None = None, *, has_hosts: bool = False) -> "Walls":
        return cls(max(256 * MEBIBYTE, 4 * limits.memory), environment, has_hosts)

    def around(self, channel: int) -> Confinement:
        shown = (*([self.environment] if self.environment else []), *(CERTIFICATES if self.has_hosts else ()))
        return Confinement(
            argv=(str(PYTHON), "-I", "-S", "-B", "-c", _START, str(INSIDE.parent)),
            readable=(INSIDE.parent, *python_paths(PYTHON), *shown),
            environment=ENVIRONMENT,
            limits=Limits(
                seconds=FOR_EVER,
                memory=1024 * MEBIBYTE + self.memory,
                processes=PROCESSES,
                file_size=64 * MEBIBYTE,
                open_files=256,
                output=4096,
                temporary=64 * MEBIBYTE,
            ),
            channel=channel,
            keeper=True,
        )


@lru_cache(maxsize=1)
def _compile_inside() -> None:
    """Has what runs behind the walls compiled, where that was not done: there it can be written nowhere, and costs a
    cold call 10 ms."""
    for file in () if sys.dont_write_bytecode else INSIDE.glob("*.py"):
        SourceFileLoader(file.stem, str(file)).get_code(file.stem)


COMMON = Walls.of(CodeLimits())
"""Those of souls that ask for nothing of their own."""


class Worker:
    """Started ahead, then bound to one soul of one owner for good."""

    def __init__(self, walls: Walls) -> None:
        self.walls = walls
        self.bound: object = None
        self._hosts: tuple[str, ...] = ()
        self.used = 0.0
        _compile_inside()
        self._control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._line: Line | None = None
        self._up: asyncio.Future[None] = self._loop.create_future()
        self._missing = {"limits", "worker"}
        """What is not up yet."""
        self._done: asyncio.Future[tuple[int, bool]] | None = None
        self._process = asyncio.create_task(self._run(inside.fileno()))
        self._process.add_done_callback(lambda _: inside.close())
        self._loop.add_reader(self._control, self._hear)

    async def _run(self, inside: int) -> None:
        try:
            ended = await run(self.walls.around(inside), on_limited=partial(self._has, "limits"))
            lines = ended.stderr.decode(errors="replace").strip().splitlines()
            self._failed(SandboxFailed(reason=lines[-1] if lines else f"{ended.ended_by or ended.exit_code}."))
        except Exception as error:
            self._failed(error)

    def _has(self, part: str) -> None:
        self._missing.discard(part)
        if not self._missing and not self._up.done():
            self._up.set_result(None)

    def _failed(self, error: Exception) -> None:
        if not self._up.done():
            self._up.set_exception(error)
            self._up.exception()  # asked for, so that nobody complains where no one waits
        if self._done is not None and not self._done.done():
            self._done.set_result((-9, False))

    @property
    def lives(self) -> bool:
        return not self._process.done()

    @property
    def is_up(self) -> bool:
        return self._up.done() and self.lives

    async def up(self) -> None:
        """Waits until it can be used; `SandboxFailed`, `SandboxMissing`."""
        async with asyncio.timeout(UP):
            await asyncio.shield(self._up)

    def bind(self, who: object, code: Code) -> None:
        """Gives it the soul that it is for."""
        self.bound, self._hosts = who, code.hosts
        limits = {name: getattr(code.limits, name) for name in ("seconds", "memory", "result", "recursion")}
        soul = {
            "source": code.source,
            "entry": code.signature.name,
            "limits": limits,
            "hosts": list(code.hosts),
            "modules": _imported(code.source),
            "paths": [str(self.walls.environment)] if self.walls.environment else [],
        }
        file = memory_file(json.dumps(soul).encode())
        try:
            self._tell(b"B", file)
        finally:
            os.close(file)

    def prepare(self) -> None:
        """Has it fork a child that waits for the next call."""
        line = Line(self._hosts)
        try:
            self._tell(b"C", *line.theirs)
        finally:
            line.given()
        self._line = line

    @property
    def line(self) -> Line:
        """The line to the child that waits."""
        assert self._line is not None  # noqa: S101 - prepared
        return self._line

    async def end_call(self) -> int | None:
        """Ends the call with all its processes; how its first one ended, `None` where nobody knows.

        The worker is closed where it is not as it was before the call.
        """
        self._done = self._loop.create_future()
        self._tell(b"K")
        status: int | None = None
        as_before = False
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                status, as_before = await self._done
        await self._hang_up()
        if not as_before:
            await self.close()
        return status

    def _tell(self, message: bytes, *descriptors: int) -> None:
        with suppress(OSError):  # it is gone, or stuck: whoever waits for it will see
            socket.send_fds(self._control, [message], descriptors)

    def _hear(self) -> None:
        try:
            message = self._control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if message == b"R":
            self._has("worker")
        elif message[:1] == b"D" and self._done is not None and not self._done.done():
            self._done.set_result(_told(message[1:]))
        elif not message:
            self._loop.remove_reader(self._control)
            if self._done is not None and not self._done.done():
                self._done.set_result((-9, False))

    async def close(self) -> None:
        """Ends it, with everything in it."""
        if self._control.fileno() < 0:
            return
        self._loop.remove_reader(self._control)
        self._control.close()
        self._process.cancel()
        await finished(asyncio.gather(self._process, return_exceptions=True))
        if not self._up.done():
            self._up.cancel()
        await self._hang_up()

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.close()


def _told(said: bytes) -> tuple[int, bool]:
    """A worker says how a call ended; what it says otherwise is nothing."""
    try:
        status, as_before = json.loads(said)
        return int(status), as_before is True
    except (ValueError, TypeError, RecursionError):
        return -9, False


def _imported(source: str) -> list[str]:
    """The modules that a source imports when it is loaded, and `asyncio` where it has use for it."""
    tree = tree_of(source)
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(each.name for each in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module] = None
    if any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(tree)):
        found["asyncio"] = None
    found.pop("__future__", None)
    return list(found)
