"""A worker: claims as many tasks of a queue as it can begin at once, carries them out, and writes how they ended."""

import asyncio
import inspect
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.queued import IO
from luxos.beings.task import TaskBeing
from luxos.runtime.faultpoints import reach
from luxos.runtime.tasks import ending
from luxos.runtime.tasks.away import GONE, PAUSE, outlast
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.claiming import Claiming
from luxos.runtime.tasks.ending import Ending, Endings
from luxos.runtime.tasks.errors import LeaseLost, TaskOverdue, WorkFailed
from luxos.runtime.tasks.lease import SECONDS, Lease, take_over
from luxos.runtime.tasks.queue import microseconds

CarryOut = Callable[..., Awaitable[Any]]
"""`carry_out(task)` gives the result, a JSON value. Where it has a parameter `connection`, it is given one, and what it
does over it and the task's end are one transaction."""
BOUND = 64
POLL = 5.0
"""Seconds after which the table is looked into though nothing was heard of."""
_GATHER = 0.002
"""Seconds in which a worker that is busy lets more places become free, so that it claims more at once."""
_KEPT = 4
"""Connections of the pool that are left for claims, ends and the lease, where each task has one of its own."""


@dataclass(eq=False)
class _Running:
    task: TaskBeing
    since: int
    """The database's moment of the claim."""
    work: "asyncio.Task[None] | None" = field(default=None, init=False)
    lost: bool = field(default=False, init=False)
    """Whether it is somebody else's now, or nobody's: nothing of it is written any more."""

    def lose(self) -> None:
        """Stops it; its end is not written."""
        self.lost = True
        if self.work is not None:
            self.work.cancel()


class _Undone(Exception):
    """Takes back a transaction whose task is somebody else's."""


class Worker:
    """Carries out the tasks of one queue, `bound` at a time.

    With a `soul` it has that lease and no other: where it is lost, the worker ends with `LeaseLost`.
    """

    def __init__(
        self,
        carry_out: CarryOut,
        *,
        queue: str = IO,
        bound: int = BOUND,
        lease: float = SECONDS,
        backoff: Backoff | None = None,
        soul: UUID | None = None,
    ) -> None:
        self.queue, self.bound = queue, bound
        self._carry_out, self._backoff = carry_out, backoff or Backoff()
        self._takes_connection = "connection" in inspect.signature(carry_out).parameters
        self._soul, self._lease = soul, Lease(queue, lease)
        self._claiming, self._endings = Claiming(queue), Endings()
        self._running: dict[UUID, _Running] = {}
        self._unsure = False
        """Whether the tables may say that this worker has what it does not carry out: a claim's answer was lost."""
        self._freed = asyncio.Event()
        self._keeping: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Works until it is cancelled; then gives back what it has not finished."""
        await self._work(math.inf)

    async def drain(self, idle: float = 0.0) -> None:
        """Works until nothing is ready and nothing runs, for `idle` seconds; what is to begin later is left."""
        await self._work(idle)

    async def _work(self, most_idle: float) -> None:
        pool = BaseBeing._pool()
        if self._takes_connection:
            self.bound = max(1, min(self.bound, pool.get_max_size() - _KEPT))
        async with self._alive():
            with pool.listening.heard(f"tasks:{self.queue}") as self._freed:
                quiet: float | None = None
                while True:
                    self._freed.clear()
                    self._check_keeping()
                    idle = not self._running  # else what is ready may have been left because of its owner's share
                    if await self._fill():
                        continue
                    quiet = (quiet or time.monotonic()) if idle and not self._running else None
                    left = math.inf if quiet is None else quiet + most_idle - time.monotonic()
                    if left <= 0:
                        return
                    await self._rest(left)

    async def _fill(self) -> bool:
        """Claims what there is room for and begins it; whether to look again at once."""
        if self._running:
            await asyncio.sleep(_GATHER)
        free = self.bound - len(self._running)
        if not free:
            return False
        try:
            await self._settle_doubts()
            running = Counter(str(one.task.owner) for one in self._running.values())
            claimed = await self._claiming.claim(self._lease.worker, free, running, self.bound - self.bound // 4)
        except GONE as error:
            self._unsure = True
            await outlast(error, self._lease.held)
            return True
        for task, now in claimed:
            one = _Running(task, now)
            self._running[task.soul] = one
            one.work = asyncio.create_task(self._carried(one))
        return bool(claimed) and self._claiming.more

    async def _rest(self, most: float) -> None:
        wait = self._claiming.wait if len(self._running) < self.bound else None
        with suppress(TimeoutError):
            async with asyncio.timeout(max(min(POLL if wait is None else wait, POLL, most), 0.001)):
                await self._freed.wait()

    async def _settle_doubts(self) -> None:
        """Gives back what the tables say that this worker has, and it does not carry out."""
        if not self._unsure:
            return
        ours = {soul for soul, one in self._running.items() if not one.lost}
        for soul in (await self._lease.held()).keys() - ours:
            await self._endings.put(ending.given_back(await TaskBeing.load(soul)))
        self._unsure = False

    async def _carried(self, one: _Running) -> None:
        """One attempt, from its first instruction until its end is written."""
        try:
            found = await self._attempted(one)
            if found is not None and not one.lost:
                await self._written(one, found)
        finally:
            if self._running.get(one.task.soul) is one:
                del self._running[one.task.soul]
            self._freed.set()

    async def _attempted(self, one: _Running) -> Ending | None:
        """How it ended; nothing where that is written already, or is not ours to write."""
        left = _seconds_left(one)
        try:
            if left is not None and left <= 0:
                raise TaskOverdue(due=one.task.due)
            async with asyncio.timeout(left) as limit:
                return await (self._in_transaction if self._takes_connection else self._alone)(one)
        except asyncio.CancelledError:
            if not _is_cancelled():  # it says so itself
                return ending.failed(one.task, WorkFailed(kind="CancelledError", said=""), self._backoff)
            if not one.lost:
                await self._give_back(one)
            raise
        except TimeoutError as error:
            late = TaskOverdue(due=one.task.due) if limit.expired() else error
            return ending.failed(one.task, late, self._backoff)
        except _Undone:
            return None
        except Exception as error:
            return ending.failed(one.task, error, self._backoff)

    async def _alone(self, one: _Running) -> Ending | None:
        found = ending.done(one.task, await self._carry_out(one.task))
        reach("tasks.carried")
        return found

    async def _in_transaction(self, one: _Running) -> Ending | None:
        """What it did over the connection and its end, both or neither."""
        async with BaseBeing.transaction() as connection:
            found = ending.done(one.task, await self._carry_out(one.task, connection=connection))
            reach("tasks.carried")
            if not await ending.write([found], connection):
                raise _Undone
            reach("tasks.ending")
        reach("tasks.ended")
        return None

    async def _written(self, one: _Running, found: Ending) -> None:
        """Writes an end, however long the database is away; one that it does not take is a failure."""
        try:
            await self._put(found)
        except asyncpg.PostgresError as error:
            await self._put(ending.failed(one.task, error, self._backoff))

    async def _put(self, found: Ending) -> None:
        while True:
            try:
                await self._endings.put(found)
                return
            except GONE:
                await asyncio.sleep(PAUSE)

    async def _give_back(self, one: _Running) -> None:
        with suppress(*GONE):
            await self._endings.put(ending.given_back(one.task))

    @asynccontextmanager
    async def _alive(self) -> AsyncIterator[None]:
        """A lease for the length of the block, renewed meanwhile; at the end nothing is left running."""
        await self._begin()
        self._keeping = [asyncio.create_task(self._keep()), asyncio.create_task(self._hear_cancelled())]
        for task in self._keeping:
            task.add_done_callback(lambda _task: self._freed.set())
        try:
            yield
        finally:
            for task in self._keeping:
                task.cancel()
            await self._stop()
            await asyncio.gather(*self._keeping, return_exceptions=True)
            with suppress(*GONE):
                self._unsure = True  # a claim may have been cut off
                await self._settle_doubts()
                await self._lease.end()

    def _check_keeping(self) -> None:
        """Raises what kept its lease from being renewed: without one, nothing that it claims is its own."""
        for task in self._keeping:
            if task.done():
                task.result()

    async def _begin(self) -> None:
        self._lease = Lease(self.queue, self._lease.seconds, self._soul or uuid4())
        await self._lease.begin()
        await take_over(self._backoff)

    async def _stop(self) -> None:
        """Ends what runs, which gives it back."""
        works = [one.work for one in self._running.values() if one.work is not None]
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await self._endings.finish()

    async def _keep(self) -> None:
        """Renews the lease; where it is lost, ends everything and goes on under a new one."""
        while True:
            await asyncio.sleep(self._lease.every)
            try:
                if await self._lease.renew():
                    await take_over(self._backoff)
                    await self._lose_what_is_not_ours()
                else:
                    await self._start_anew()
            except GONE:
                if self._lease.is_over:
                    self._lose_all()
                    self._unsure = True

    async def _start_anew(self) -> None:
        self._lose_all()
        if self._soul is not None:
            raise LeaseLost
        await self._begin()

    def _lose_all(self) -> None:
        for one in self._running.values():
            one.lose()

    async def _hear_cancelled(self) -> None:
        with BaseBeing._pool().listening.heard(f"cancelled:{self.queue}") as heard:
            while True:
                await heard.wait()
                heard.clear()
                with suppress(*GONE):
                    await self._lose_what_is_not_ours()

    async def _lose_what_is_not_ours(self) -> None:
        """Stops what was cancelled, or taken over."""
        before = dict(self._running)
        held = await self._lease.held()
        for soul, one in before.items():
            if held.get(soul) != one.task.token:
                one.lose()


def _is_cancelled() -> bool:
    """Whether somebody asked for this task of the event loop to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _seconds_left(one: _Running) -> float | None:
    """Until the task is overdue, by the database's clock as of the claim."""
    due: datetime | None = one.task.due
    return None if due is None else max((microseconds(due) - one.since) / 1e6, 0.0)
