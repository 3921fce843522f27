"""Worker processes of a queue: begun where there is work, and replaced where one dies or hangs.

Each is a worker with one place and a lease of its own, so what it has is safe as any worker's is: by its lease and by
the token of each claim, in the database. An *engine* only says where a process is and ends it.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

from luxos.beings.being import BaseBeing
from luxos.errors import LuxError
from luxos.persistence.queries import queries
from luxos.runtime.tasks import trouble
from luxos.runtime.tasks.away import GONE, outlast
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.claiming import Claiming
from luxos.runtime.tasks.errors import ProcessesFail
from luxos.runtime.tasks.lease import SECONDS, leases, take_over
from luxos.runtime.tasks.worker import POLL

IDLE = 60.0
"""Seconds after which a process that finds nothing to do ends."""
_GATHER = 0.02
"""Seconds in which a process that has nothing to do takes what was just put, so that none is begun for it."""
_FAILURES = 5
"""So many processes that end one after the other before they have begun to work are no accident."""
_COMING = 30.0
"""Seconds within which one that was begun counts as on its way; it may have been placed where nothing is any more."""
_GRACE = 15.0
"""Seconds in which a process gives back what it has, and ends."""
_REAPED = 5.0
"""Seconds in which one that was killed is no more."""


class Process(Protocol):
    """A process of an engine."""

    async def wait(self) -> str | None:
        """Waits until it is no more; gives how it ended where it did not end by itself in good order."""

    async def stop(self) -> None:
        """Asks it to give back what it has and to end."""

    async def kill(self) -> None:
        """Ends it at once, even if it hangs."""


class Engine(Protocol):
    """Where processes can be."""

    async def room(self) -> int:
        """How many there can be now, at least one."""

    async def begin(self, worker: UUID) -> Process:
        """Begins one, that works under this lease."""


@dataclass(eq=False)
class _Watched:
    """A process as its pool sees it."""

    worker: UUID
    process: Process
    waiting: "asyncio.Task[str | None]"
    since: float = field(default_factory=time.monotonic, init=False)
    began: bool = field(default=False, init=False)
    """Whether it had its lease once."""
    silent: float | None = field(default=None, init=False)
    """Since when its lease has been over, or gone, by this process's own clock."""

    @property
    def is_coming(self) -> bool:
        """Whether it will soon be at work."""
        return not self.began and time.monotonic() < self.since + _COMING


class Pool:
    """The worker processes of one queue, as many as the engine has room for."""

    def __init__(
        self,
        engine: Callable[[], AbstractAsyncContextManager[Engine]],
        queue: str,
        *,
        lease: float = SECONDS,
        backoff: Backoff | None = None,
    ) -> None:
        self.queue = queue
        self._opened, self._lease, self._backoff = engine, lease, backoff or Backoff()
        self._claiming = Claiming(queue)
        self._processes: dict[UUID, _Watched] = {}
        self._given_up: set[asyncio.Task[str | None]] = set()
        self._failures = 0
        self._is_worked = False
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Works until it is cancelled; then its processes give back what they have not finished."""
        await self._work(until_empty=False)

    async def drain(self) -> None:
        """Works until nothing is ready and no task runs here; what is to begin later is left."""
        await self._work(until_empty=True)

    async def _work(self, until_empty: bool) -> None:
        """Works; where it cannot, for there are no processes, the queue's being says so until somebody can."""
        self._is_worked = False
        try:
            await self._work_with_engine(until_empty)
        except GONE:
            raise
        except LuxError as error:
            with suppress(*GONE):
                await trouble.tell(self.queue, error)
            raise

    async def _work_with_engine(self, until_empty: bool) -> None:
        async with self._opened() as engine:
            with BaseBeing._pool().listening.heard(f"tasks:{self.queue}") as self._stirred:
                try:
                    await self._keep_at_work(engine, until_empty)
                finally:
                    await self._stop()

    async def _keep_at_work(self, engine: Engine, until_empty: bool) -> None:
        while True:
            self._stirred.clear()
            try:
                await self._look_after()
                await asyncio.sleep(_GATHER)
                ready = await self._begin_where_wanted(engine)
                await self._tell_it_is_worked(ready)
                if until_empty and not ready and not await self._is_anything_left():
                    return
            except GONE as error:
                await outlast(error, self._look_after)
                continue
            await self._rest(until_empty)

    async def _tell_it_is_worked(self, ready: int) -> None:
        """There are processes, as far as they are wanted: what kept the queue from being worked is over."""
        if not self._is_worked and (not ready or any(one.began for one in self._processes.values())):
            await trouble.over(self.queue)
            self._is_worked = True

    async def _begin_where_wanted(self, engine: Engine) -> int:
        """Begins a process for each task that is ready, as far as there is room; how many tasks are ready.

        Those that are on their way count for a task each.
        """
        room = await engine.room()
        ready = await self._claiming.ready(room)
        coming = sum(one.is_coming for one in self._processes.values())
        for _number in range(min(ready - coming, room - len(self._processes))):
            worker = uuid4()
            process = await engine.begin(worker)
            waiting = asyncio.create_task(process.wait())
            waiting.add_done_callback(lambda _ended: self._stirred.set())
            self._processes[worker] = _Watched(worker, process, waiting)
        return ready

    async def _is_anything_left(self) -> bool:
        """Whether a task is ready, or runs in one of its processes; both as of one moment."""
        return bool(await BaseBeing._pool().fetchval(queries()["is_anything_left"], self.queue, list(self._processes)))

    async def _rest(self, until_empty: bool) -> None:
        wait = self._claiming.wait
        wait = POLL if wait is None else min(POLL, max(wait, 0.001))
        if self._processes:
            wait = min(wait, self._lease / 3, 0.2 if until_empty else POLL)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._stirred.wait()

    async def _look_after(self) -> None:
        """Ends what hangs; what ended with tasks in its hands loses them at once."""
        ended = [one for one in self._processes.values() if one.waiting.done()]
        alive = await leases(self._processes)
        lost = False
        for one in list(self._processes.values()):
            one.began = one.began or one.worker in alive
            if one in ended:
                lost = await self._ended(one, left=one.worker in alive) or lost
            elif one.began and not alive.get(one.worker):
                await self._doubt(one)
            else:
                one.silent = None
        if lost or self._processes:
            await take_over(self._backoff)

    async def _ended(self, one: _Watched, *, left: bool) -> bool:
        """Whether it left its lease behind."""
        del self._processes[one.worker]
        reason = one.waiting.result()
        if left:
            await BaseBeing._pool().execute(queries()["end_lease"], one.worker)
        if one.began or reason is None:
            self._failures = 0
        else:
            self._failures += 1
            if self._failures >= _FAILURES:
                raise ProcessesFail(queue=self.queue, reason=reason)
        return left

    async def _doubt(self, one: _Watched) -> None:
        """One without a lease is about to end by itself, or hangs: then it is ended, and no more waited for."""
        now = time.monotonic()
        if one.silent is None:
            one.silent = now
        elif now > one.silent + self._lease / 3:
            del self._processes[one.worker]
            self._given_up.add(one.waiting)
            one.waiting.add_done_callback(self._given_up.discard)
            await one.process.kill()

    async def _stop(self) -> None:
        """Stops all processes; what one did not give back in time is lost to it."""
        ending = list(self._processes.values())
        for one in ending:
            await one.process.stop()
        await _ended_within(_GRACE, [one.waiting for one in ending])
        for one in ending:
            if not one.waiting.done():
                await one.process.kill()
        waiting = {*self._given_up, *(one.waiting for one in ending)}
        await _ended_within(_REAPED, waiting)
        with suppress(*GONE, LuxError):
            await self._look_after()
        for ended in waiting:
            ended.cancel()
        self._processes.clear()


async def _ended_within(seconds: float, waiting: Collection["asyncio.Task[str | None]"]) -> None:
    if waiting:
        await asyncio.wait(waiting, timeout=seconds)
