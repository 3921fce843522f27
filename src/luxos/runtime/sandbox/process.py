"""Starts a confined process, reads what it says, and ends its whole tree: by itself, at a limit, or when cancelled."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from luxos.errors import reason_of
from luxos.runtime.sandbox import cgroup, held
from luxos.runtime.sandbox.confinement import Completed, EndedBy, Limits
from luxos.runtime.sandbox.errors import SandboxFailed
from luxos.runtime.sandbox.limits import Room, impose, over, size_of
from luxos.runtime.threads import finished, to_the_end

OnOutput = Callable[[str, bytes], None]
OnLimited = Callable[[], None]
CHUNK = 65536
GRACE = 10.0
"""Seconds for a supervisor to end its tree."""


@dataclass(frozen=True)
class Launch:
    """How a backend wants its process started.

    The process writes JSON lines to `status` (`child-pid` first, `exit-code` last) and waits, before it runs the
    command, for a byte from `gate`: in between the limits are put on it.
    """

    backend: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    status: int
    gate: int
    inherited: tuple[int, ...]
    growing: tuple[Path, ...] = ()
    """Folders whose growth is limited."""
    channel: int | None = None
    """Its standard input, and still the caller's."""
    group: cgroup.ControlGroup | None = None
    """What the whole tree is put into; without one its memory is watched."""
    early: bool = False
    """The process that waits is the command's own, and is let go before it is in its group."""
    supervised: bool = False
    """Not a PID namespace, but a process that puts the limits on its command and, at SIGTERM, ends the whole tree."""


@dataclass
class _Stream:
    """Reads one pipe to its end; keeps the first bytes and drops the rest."""

    name: str
    descriptor: int
    keep: int
    flood: int
    on_output: OnOutput | None
    loop: asyncio.AbstractEventLoop
    kept: bytearray = field(default_factory=bytearray)
    seen: int = 0
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self.flooded: asyncio.Future[None] = self.loop.create_future()
        os.set_blocking(self.descriptor, False)
        self.loop.add_reader(self.descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        self.seen += len(data)
        self.kept += data[: max(0, self.keep - len(self.kept))]
        if self.on_output and not self.failure:
            try:
                self.on_output(self.name, data)
            except Exception as problem:  # the caller's own; raised by `run` once the tree has ended
                self.failure = problem
        if (self.failure or self.seen > self.flood) and not self.flooded.done():
            self.flooded.set_result(None)

    def close(self) -> None:
        if not self.ended.done():
            self.loop.remove_reader(self.descriptor)
            os.close(self.descriptor)
            self.ended.set_result(None)


class _Input:
    """Writes stdin as fast as the child takes it."""

    def __init__(self, descriptor: int, data: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor, self._rest, self._loop = descriptor, memoryview(data), loop
        self._open = True
        os.set_blocking(descriptor, False)
        loop.add_writer(descriptor, self._write)

    def _write(self) -> None:
        try:
            self._rest = self._rest[os.write(self._descriptor, self._rest[:CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # the child closed its end: its right
            self._rest = self._rest[:0]
        if not self._rest:
            self.close()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)


async def run(
    launch: Launch,
    limits: Limits,
    stdin: bytes,
    on_output: OnOutput | None = None,
    on_limited: OnLimited | None = None,
) -> Completed:
    """Runs to the end of the whole tree; cancelling kills the tree, waits for its end, and is passed on.

    `SandboxFailed` when the walls could not be built.
    """
    started = time.monotonic()
    tree = await _Tree.start(launch, limits, stdin, on_output)
    try:
        if on_limited is not None:
            on_limited()
        ended_by = await tree.supervise(max(0.0, limits.seconds - (time.monotonic() - started)))
    finally:
        await finished(tree.finish())
    tree.check()
    if ended_by is None and launch.growing and size_of(launch.growing) > tree.allowed:
        ended_by = "workspace"
    return tree.completed(ended_by, time.monotonic() - started)


class _Tree:
    """The processes of one run."""

    def __init__(self, launch: Launch, limits: Limits, popen: "subprocess.Popen[bytes]") -> None:
        self._launch, self._limits, self._popen = launch, limits, popen
        self._loop = asyncio.get_running_loop()
        self._pidfd = os.pidfd_open(popen.pid)
        self._exited: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._pidfd, self._reap)
        self._first: int | None = None
        self._namespace: int | None = None
        self._killed = False
        self._said = b""
        self._before = size_of(launch.growing) if launch.growing else 0
        self.allowed = limits.workspace + self._before
        self._room = Room(launch.growing)

    @classmethod
    async def start(cls, launch: Launch, limits: Limits, stdin: bytes, on_output: OnOutput | None) -> "_Tree":
        tree = cls(launch, limits, _started(launch, has_input=bool(stdin)))
        tree._connect(stdin, on_output)
        try:
            await tree._let_go()
        except BaseException:
            await finished(tree.finish())
            raise
        return tree

    def _connect(self, stdin: bytes, on_output: OnOutput | None) -> None:
        popen, limits, loop = self._popen, self._limits, self._loop
        assert popen.stdout is not None  # noqa: S101 - they are pipes
        assert popen.stderr is not None  # noqa: S101
        self._out = _Stream("stdout", _taken(popen.stdout), limits.output, limits.flood, on_output, loop)
        self._err = _Stream("stderr", _taken(popen.stderr), limits.output, limits.flood, on_output, loop)
        self._input = _Input(_taken(popen.stdin), stdin, loop) if popen.stdin else None
        self._status = _Stream("status", self._launch.status, CHUNK, CHUNK, self._on_status, loop)
        self._pid_known: asyncio.Future[None] = loop.create_future()

    def _on_status(self, _: str, data: bytes) -> None:
        self._said += data
        if not self._pid_known.done() and b"\n" in self._said:
            self._pid_known.set_result(None)

    async def _let_go(self) -> None:
        """Waits for the process behind the walls, puts the limits on it, and opens the gate."""
        await asyncio.wait({self._pid_known, self._status.ended}, return_when=asyncio.FIRST_COMPLETED)
        pid = self._find_first()
        if pid is None:
            return
        group = self._launch.group
        with suppress(ProcessLookupError):
            if not self._launch.supervised:
                impose(pid, self._limits)
            if group and not self._launch.early:
                group.add(pid)
        with suppress(BrokenPipeError):
            os.write(self._launch.gate, b"!")
        if group and self._launch.early:
            with suppress(ProcessLookupError):
                await to_the_end(group.add, pid)  # the kernel takes 10 ms for it, in which others run

    def _find_first(self) -> int | None:
        """The number of the process behind the walls, once known; it waits at the gate, so it is still its own."""
        if not self._pid_known.done():
            return None
        facts = json.loads(self._said.partition(b"\n")[0])
        self._namespace = facts.get("pid-namespace")
        if self._first is None:
            with suppress(ProcessLookupError):
                self._first = os.pidfd_open(facts["child-pid"])
        return int(facts["child-pid"])

    def _reap(self) -> None:
        if self._popen.poll() is not None and not self._exited.done():
            self._loop.remove_reader(self._pidfd)
            self._exited.set_result(None)

    async def supervise(self, seconds: float) -> EndedBy | None:
        """Waits for the end, or for the first limit that is reached."""
        limits: dict[asyncio.Future[None], EndedBy] = {self._out.flooded: "output", self._err.flooded: "output"}
        watchers: list[asyncio.Task[None]] = []
        for name, used, bound in self._watched():
            watchers.append(asyncio.create_task(over(used, bound)))
            limits[watchers[-1]] = name
        try:
            done, _ = await asyncio.wait({self._exited, *limits}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
        if self._exited in done:
            return None
        return next((limits[future] for future in limits if future in done), "timeout")

    def _watched(self) -> Iterator[tuple[EndedBy, Callable[[], int], int]]:
        """What is counted here, for no limit of the kernel's holds it: name, how, and bound."""
        if self._launch.growing:
            yield "workspace", self._grown, self.allowed
        if self._namespace is not None and self._launch.group is None:
            yield "memory", partial(held.memory, self._namespace), self._limits.memory
            if os.geteuid() == 0:  # whom the kernel exempts from `RLIMIT_NPROC`
                yield "processes", partial(held.processes, self._namespace), self._limits.processes

    def _grown(self) -> int:
        """What is there, or, where the tree has ways to hide files, what the disk has less."""
        there = size_of(self._launch.growing)
        if self._namespace is None:
            return there
        there += held.removed(self._namespace)
        missing = self._before + self._room.missing()
        return missing if missing > self.allowed >= there and held.hides_files(self._namespace) else there

    async def finish(self) -> None:
        """Kills what still runs and gives everything back; afterwards no process of the tree lives."""
        if not self._exited.done():
            self._killed = True
            await self._end_all()
        await self._await_first()
        streams = (self._out, self._err, self._status)
        await asyncio.wait({stream.ended for stream in streams}, timeout=GRACE)
        for stream in streams:
            stream.close()
        if self._input:
            self._input.close()
        os.close(self._launch.gate)
        os.close(self._pidfd)
        if self._first is not None:
            os.close(self._first)

    async def _await_first(self) -> None:
        """bwrap ends when its command does; the namespace's first process, killed by that, only after all others."""
        if self._first is None:
            return
        self._send(signal.SIGKILL)
        ended = asyncio.Event()
        self._loop.add_reader(self._first, ended.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), GRACE)
        self._loop.remove_reader(self._first)
        with suppress(ChildProcessError):  # it is ours to bury only where we are a container's first process
            os.waitid(os.P_PIDFD, self._first, os.WEXITED | os.WNOHANG)  # noqa: ASYNC222 - it does not wait

    async def _end_all(self) -> None:
        # bwrap's child asks to die with its parent only after some steps; killed before, bwrap would leave it behind.
        known: set[asyncio.Future[None]] = {self._pid_known, self._status.ended, self._exited}
        await asyncio.wait(known, timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
        self._find_first()
        if self._launch.supervised:
            self._send(signal.SIGTERM)
            await asyncio.wait({self._exited}, timeout=GRACE)
        self._send(signal.SIGKILL)
        await self._exited

    def _send(self, number: signal.Signals) -> None:
        for descriptor in (self._first, self._pidfd):
            if descriptor is not None:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, number)

    def check(self) -> None:
        """Raises what went wrong beside the command itself."""
        problem = self._out.failure or self._err.failure
        if problem:
            raise problem
        if not self._killed and b'"exit-code"' not in self._said and self._not_found() is None:
            raise SandboxFailed(reason=_last_line(bytes(self._err.kept)))

    def _not_found(self) -> int | None:
        """The shell's exit code when the command itself could not be started."""
        line = _last_line(bytes(self._err.kept))
        if b'"exit-code"' in self._said or ": execvp " not in line:
            return None
        return 127 if line.endswith("No such file or directory.") else 126

    def completed(self, ended_by: EndedBy | None, seconds: float) -> Completed:
        code = self._not_found() or self._popen.returncode
        if self._killed or code < 0:
            code = 128 + signal.SIGKILL if self._killed else 128 - code
        if ended_by is None and code > 128 and code - 128 in set(signal.Signals):
            ended_by = "signal"
        streams = (self._out, self._err)
        return Completed(
            exit_code=code,
            stdout=bytes(self._out.kept),
            stderr=bytes(self._err.kept),
            truncated=any(stream.seen > len(stream.kept) for stream in streams),
            ended_by=ended_by,
            seconds=seconds,
            backend=self._launch.backend,
        )


def _started(launch: Launch, has_input: bool) -> "subprocess.Popen[bytes]":
    """The backend's process; `SandboxFailed`, with nothing left open, where the system starts none."""
    try:
        return subprocess.Popen(
            launch.argv,
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL if launch.channel is None else launch.channel,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(launch.environment),
            cwd="/",
            pass_fds=launch.inherited,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        os.close(launch.status)
        os.close(launch.gate)
        raise SandboxFailed(reason=f"{reason_of(error)} ({launch.argv[0]}).") from error
    finally:
        for descriptor in launch.inherited:
            os.close(descriptor)


def _taken(pipe: Any) -> int:
    """The descriptor of a pipe, now ours to close."""
    descriptor = os.dup(pipe.fileno())
    os.set_inheritable(descriptor, False)
    pipe.close()
    return descriptor


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"]
    return lines[-1].removesuffix(".") + "."
