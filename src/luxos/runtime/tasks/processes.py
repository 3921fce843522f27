"""The engine of one machine: processes that are children of this one, and end when it ends, however it does."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from uuid import UUID


def processes(module: str, queue: str) -> Callable[[], AbstractAsyncContextManager["Processes"]]:
    """Opens the engine; `module` is what a process runs, with a queue, a worker and its parent's id as arguments."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Processes]:
        yield Processes([sys.executable, "-m", module, queue])

    return opened


class Processes:
    """One process for each core."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    async def room(self) -> int:
        """How many cores this process may use."""
        return max(1, len(os.sched_getaffinity(0)))

    async def begin(self, worker: UUID) -> "Child":
        """A session of its own keeps a Ctrl+C of the terminal from it, for its parent stops it."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            str(worker),
            str(os.getpid()),
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        return Child(process)


class Child:
    """A child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def wait(self) -> str | None:
        """Waits for its end; gives its exit code, or minus the signal, where that is not 0."""
        code = await self._process.wait()
        return str(code) if code else None

    async def stop(self) -> None:
        """SIGTERM."""
        self._send(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
