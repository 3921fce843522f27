"""One Monty process behind walls, and the thread that drives it: the walls fall with the thread that built them."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from luxos.runtime.hermetic.monty import Monty, MontyError, MontySession, ResourceLimits
from luxos.runtime.threads import finished

T = TypeVar("T")
_Job = tuple[asyncio.AbstractEventLoop | None, "asyncio.Future[Any] | None", Callable[[], Any]]
GRACE = 0.1
"""Seconds beyond the time that code has, in which it ends by itself; arithmetic with huge numbers does not."""
THREAD = "luxos-hermetic"
POLICY: Any = {"sleep": "call_host"}


class Worker:
    """Runs one call at a time, all of one owner; a new owner gets a new process.

    `longest` are the seconds after which a process that does not answer is ended, beside the limits of a call.
    What stands under "in the thread" is called by work that is given to `do` only.
    """

    def __init__(self, program: Path, longest: float | None = None) -> None:
        self._longest = longest
        self.owner: str | None = None
        self.ready = False
        """Whether the next call finds a session made for it."""
        self._program = program
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._pool: Monty | None = None
        self._session: MontySession | None = None
        self._used = False
        self._limits: ResourceLimits | None = None
        self._process = -1
        self._ended, self._dying, self._lock = False, False, Lock()
        self._thread = Thread(target=self._serve, name=THREAD, daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives; cancelling kills the process, and waits until the work has noticed."""
        self._ended = False
        done = self.begun(work)
        try:
            return await done
        except asyncio.CancelledError:
            self.kill()
            await finished(self.begun(lambda: None))
            raise

    def later(self, work: Callable[[], None]) -> None:
        """Has something done after a call, whose work has ended; nobody is told how it ended.

        If the call was ended with its process, that process is used no more, though it may not have noticed yet; and
        no process that is begun from here on is ended for it.
        """
        with self._lock:
            self._dying, self._ended = self._dying or self._ended, False
        self._jobs.put((None, None, work))

    async def close(self) -> None:
        """Ends the process and the thread."""
        with suppress(MontyError):
            await finished(self.begun(self._shut))
        self._jobs.put(None)

    @property
    def session(self) -> MontySession:
        """The session that was begun last."""
        assert self._session is not None  # noqa: S101 - asked for in a call only
        return self._session

    def leave(self) -> None:
        """Ends the process and the thread, after all that was begun; nobody waits for it."""
        self.later(self._shut)
        self._jobs.put(None)

    def begun(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Has work done, in the language of who asks for it; cancelling does not end it."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._jobs.put((loop, done, partial(copy_context().run, work)))
        return done

    def kill(self) -> None:
        """Ends the process, at once or as soon as it has begun."""
        with self._lock:
            self._ended = True
            if self._process >= 0:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._process, signal.SIGKILL)

    # In the thread.

    def begin(self, owner: str, limits: ResourceLimits) -> MontySession:
        """A session that nothing was run in, in a process of this owner's."""
        if self.owner != owner:
            self._shut()
            self.owner = owner
        session = self._session
        if session is None or self._used or self._limits != limits:
            session = self._checkout(limits)
        self._used, self.ready = True, False
        return session

    def make_ready(self, owner: str, limits: ResourceLimits) -> None:
        """Makes the first session."""
        with suppress(MontyError, OSError, RuntimeError):
            self.begin(owner, limits)
            self.end()

    def end(self) -> None:
        """Gives up the session with all that is in it, and makes the next one."""
        limits = self._limits
        if limits is None:
            return
        with suppress(MontyError, OSError, RuntimeError):
            self._checkout(limits)
            self.ready = True

    def _checkout(self, limits: ResourceLimits) -> MontySession:
        with self._lock:
            dying, self._dying = self._dying, False
        if dying:
            self._drop()
        self._leave()
        if self._pool is None:
            self._pool = Monty(
                binary_path=self._program,
                max_processes=1,
                request_timeout=self._longest,
                feed_duration_limit_grace=GRACE,
            )
            self._pool.__enter__()
        session = self._pool.checkout(script_name="soul.py", limits=limits, os_policy=POLICY)
        session.__enter__()
        self._session, self._limits, self._used = session, limits, False
        process = os.pidfd_open(session.worker_pid or 0)
        with self._lock:
            self._process = process
            if self._ended:
                signal.pidfd_send_signal(process, signal.SIGKILL)
        return session

    def _leave(self) -> None:
        with self._lock:
            process, self._process = self._process, -1
        if process >= 0:
            os.close(process)
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None, None, None)

    def _shut(self) -> None:
        self._leave()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def _drop(self) -> None:
        """Gives a process up that is ending, whatever it says to that."""
        for leave in (self._leave, self._shut):
            with suppress(MontyError, OSError, RuntimeError):
                leave()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, done, work = job
            result: Any = None
            error: BaseException | None = None
            try:
                result = work()
            except BaseException as problem:
                error = problem
            if loop is not None and done is not None:
                with suppress(RuntimeError):  # the loop is closed: nobody waits
                    loop.call_soon_threadsafe(_settle, done, result, error)
            del job, done, work, result, error


def _settle(done: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
