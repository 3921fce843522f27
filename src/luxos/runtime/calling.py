"""`lux.execution`: calls by a Python program, each a step of the run that the program's session is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from luxos.errors import LuxError
from luxos.persistence.errors import DatabaseLost, NotOpen
from luxos.runtime.approved import Approve
from luxos.runtime.call import Hear, Manner, Recording
from luxos.runtime.dispatcher import Runtime, Who
from luxos.runtime.errors.calls import OptionUnknown
from luxos.runtime.errors.runs import RunTaken
from luxos.runtime.events import Listener
from luxos.runtime.execution import Execution, Unrecorded
from luxos.runtime.faultpoints import reach
from luxos.runtime.heeded import Heed
from luxos.runtime.places import own_workspace
from luxos.runtime.scope import BREADTH, CALLS, DEPTH, SECONDS, Tree


@dataclass(frozen=True)
class Options:
    """How calls are made; see docs/reference/calling.md."""

    recording: Recording = "full"
    seconds: float = SECONDS
    depth: int = DEPTH
    breadth: int = BREADTH
    calls: int = CALLS
    energy: int | None = None
    retries: int = 0
    printed: Hear | None = None
    """Told what code prints."""

    def but(self, **changes: Any) -> Options:
        """The same with changes; `OptionUnknown` for what is no option, or no value of one."""
        known = {each.name for each in fields(self)}
        for name, value in changes.items():
            if name not in known or not _is_option(name, value):
                raise OptionUnknown(name=name, value=repr(value)[:60])
        return replace(self, **changes)

    def manner(self) -> Manner:
        """How one call is made."""
        return Manner(self.recording, self.retries, hear=self.printed)

    def tree(self) -> Tree:
        """The limits of one call and of all that it calls."""
        return Tree(self.seconds, self.depth, self.breadth, self.calls, self.energy)


def _is_option(name: str, value: Any) -> bool:
    if name == "recording":
        return value in ("full", "summary", "off")
    if name in ("energy", "printed") and value is None:
        return True
    if name == "printed":
        return callable(value)
    kinds = (int, float) if name == "seconds" else (int,)
    least = 0 if name == "retries" else 1e-9
    return isinstance(value, kinds) and not isinstance(value, bool) and value >= least


class SessionRun:
    """The run of a session: made at its first recorded call, held until the session ends."""

    def __init__(
        self,
        runtime: Runtime,
        goal: str,
        workspace: Path | None = None,
        permissions: Iterable[str] = (),
        approve: Approve | None = None,
        listener: Listener = lambda event: None,
    ) -> None:
        self._runtime, self._goal, self._workspace = runtime, goal, workspace
        self._permissions, self._approve, self._listener = sorted(permissions), approve, listener
        self._held = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._execution: Execution | None = None
        self._heed: Heed | None = None
        self._heeding: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def soul(self) -> UUID | None:
        """The run's UUID; nothing before its first call."""
        return None if self._execution is None else self._execution.run.soul

    async def execution(self) -> Execution:
        """The dispatcher of the run."""
        if self._execution is None:
            async with self._turn:
                if self._execution is None:
                    self._execution = await self._begin()
        return self._execution

    def check_open(self) -> None:
        """Raises `NotOpen` after its end, and `RunGivenUp` where somebody had it stopped."""
        if self._ended:
            raise NotOpen
        if self._heed is not None and self._heed.wanted is not None:
            raise self._heed.error()

    async def end(self, status: str) -> None:
        """Gives the run up, with the status that it ended with, unless it was stopped before."""
        self._ended = True
        if self._heeding is not None:
            if self._heed is None or not self._heed.over.is_set():
                self._heeding.cancel()
            await asyncio.wait({self._heeding})
        await self._give_up(status)

    async def leave(self, execution: Execution) -> None:
        """Leaves a run of which no more can be recorded as it is, to be resumed; the next call begins another one."""
        if self._execution is execution:
            self._execution, held, self._held = None, self._held, AsyncExitStack()
            if self._heeding is not None:
                self._heeding.cancel()
            with suppress(LuxError):
                await held.aclose()

    async def _give_up(self, status: str) -> None:
        execution, self._execution = self._execution, None
        if execution is None:
            return
        async with self._held:
            await execution.close()
            reach("run.closed")
            await self._runtime.runs.update(execution.run.soul, status=execution.heed.status or status)
            reach("run.ended")

    async def _give_up_when_wanted(self, heed: Heed) -> None:
        """Gives the run up as soon as its last call was cut off, for somebody waits to go on with it."""
        await heed.over.wait()
        with suppress(LuxError):  # then it is as if this process had died
            await self._give_up("failed")

    async def _begin(self) -> Execution:
        runtime, soul = self._runtime, uuid4()
        await self._held.enter_async_context(runtime.runs.claimed(soul))
        workspace = self._workspace
        if workspace is None:
            workspace = own_workspace(runtime, soul)
            workspace.mkdir(parents=True, mode=0o700)
        told = {"permissions": self._permissions, "calls": True, "machine": runtime.machine.as_json()}
        run = await runtime.runs.create(soul, self._goal, "", workspace, runtime.owner, told)
        execution = Execution(runtime, run, {}, self._listener, self._approve)
        self._heed = execution.heed
        self._heeding = asyncio.create_task(self._give_up_when_wanted(self._heed))
        return execution


class Calls:
    """Calls beings: `await execution(vat, 100)`, by the being, its UUID, a hash or an alias."""

    def __init__(self, runtime: Runtime, run: SessionRun, options: Options | None = None) -> None:
        self._runtime, self._run, self._options = runtime, run, options or Options()
        self._unrecorded = Unrecorded(runtime)

    async def __call__(self, who: Who, *args: Any, **kwargs: Any) -> Any:
        """Calls a function and gives its result, a JSON value; what it may take is said by `but`."""
        self._run.check_open()
        options = self._options
        if options.recording == "off":
            return await self._unrecorded.call(who, args, kwargs, tree=options.tree(), manner=options.manner())
        execution = await self._run.execution()
        try:
            return await execution.call(who, args, kwargs, tree=options.tree(), manner=options.manner())
        except (DatabaseLost, RunTaken):
            if self._runtime.runs.recorder.is_broken(execution.run.soul):
                await self._run.leave(execution)
            raise

    def but(self, **options: Any) -> Calls:
        """The same with other options, those of `Options`: `seconds`, `recording`, `printed`, and others."""
        return Calls(self._runtime, self._run, self._options.but(**options))


@asynccontextmanager
async def session_run(runtime: Runtime, goal: str, **how: Any) -> AsyncIterator[SessionRun]:
    """A run for the length of the block; `how` is what `SessionRun` takes."""
    run = SessionRun(runtime, goal, **how)
    try:
        yield run
    except (asyncio.CancelledError, KeyboardInterrupt):
        await run.end("stopped")
        raise
    except BaseException:
        await run.end("failed")
        raise
    await run.end("done")
