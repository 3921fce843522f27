"""The workers of this process: one started ahead for whatever soul comes next, others bound to souls called before."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

from luxos.runtime.code import Code
from luxos.runtime.isolated.worker import COMMON, Walls, Worker
from luxos.runtime.threads import finished

T = TypeVar("T")
IDLE = 16
"""Bound workers that are kept for the next call; more are closed, those first that were used the longest ago."""
REST = 60.0
"""Seconds after which a worker that nobody calls is closed."""
AHEAD = 0.05
"""Seconds after which one is started in the place of one that was taken: the call itself goes first."""


class Workers:
    """Made when they are first needed."""

    def __init__(self, idle: int = IDLE) -> None:
        self._most = idle
        self._all: set[Worker] = set()
        self._ready: OrderedDict[Worker, Hashable] = OrderedDict()
        self._spare: Worker | None = None
        self._ending: dict[asyncio.Task[Any], Hashable] = {}
        self._timers: dict[Callable[..., None], asyncio.TimerHandle] = {}
        self._closed = False

    async def take(self, code: Code, walls: Walls) -> Worker:
        """A worker of this soul of this owner, with a child that waits for a call."""
        while True:
            worker = self._known(code)
            if worker is not None:
                return worker
            ending = [task for task, bound in self._ending.items() if bound == code]
            if not ending or (self._spare is not None and self._spare.is_up and self._spare.walls == walls):
                return await self._new(code, walls)
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)

    def give(self, worker: Worker) -> "asyncio.Task[int | None]":
        """Takes a worker back, and ends all that its call left running; see `Worker.end_call`."""
        return self._in_background(self._ended(worker), worker.bound)

    async def _ended(self, worker: Worker) -> int | None:
        status = await worker.end_call()
        if worker.lives and not self._closed:
            worker.prepare()
            worker.used = asyncio.get_running_loop().time()
            self._ready[worker] = worker.bound
            self._later(REST, self._sweep)
        else:
            await self._drop(worker)
        while len(self._ready) > self._most:
            await self._drop(next(iter(self._ready)))
        return status

    def _known(self, code: Code) -> Worker | None:
        for worker in list(reversed(self._ready)):
            if self._ready[worker] == code:
                del self._ready[worker]
                if worker.lives:
                    return worker
                self._in_background(self._drop(worker), None)
        return None

    async def _new(self, code: Code, walls: Walls) -> Worker:
        spare = self._spare
        if spare is not None and not spare.lives:
            self._spare = None
            self._in_background(self._drop(spare), None)
        if spare is not None and spare.lives and spare.walls == walls:
            worker, self._spare = spare, None
        else:
            worker = self._started(walls)
        try:
            await worker.up()
            worker.bind(code, code)
            worker.prepare()
        except BaseException:
            await finished(self._drop(worker))
            raise
        if walls.environment is None and not walls.has_hosts:
            self._later(AHEAD, self._start_ahead)
        return worker

    def _started(self, walls: Walls) -> Worker:
        worker = Worker(walls)
        self._all.add(worker)
        return worker

    def _start_ahead(self) -> None:
        if self._spare is None:
            self._spare = self._started(COMMON)
            self._spare.used = asyncio.get_running_loop().time()
            self._later(REST, self._sweep)

    async def _drop(self, worker: Worker) -> None:
        self._ready.pop(worker, None)
        self._all.discard(worker)
        await worker.close()

    def _sweep(self) -> None:
        """Closes what rested for too long, and looks again later while anything is left."""
        idle = [*self._ready, *([self._spare] if self._spare else [])]
        for worker in idle:
            if worker.used <= asyncio.get_running_loop().time() - REST:
                self._spare = None if worker is self._spare else self._spare
                self._ready.pop(worker, None)
                self._in_background(self._drop(worker), None)
        if idle:
            self._later(REST, self._sweep)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        """Once, however often it is asked for."""
        if work not in self._timers and not self._closed:
            self._timers[work] = asyncio.get_running_loop().call_later(seconds, self._due, work)

    def _due(self, work: Callable[[], None]) -> None:
        del self._timers[work]
        work()

    def _in_background(self, work: Coroutine[Any, Any, T], bound: Hashable) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._ending[task] = bound
        task.add_done_callback(lambda done: self._ending.pop(done, None))
        return task

    async def close(self) -> None:
        """Ends all workers."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in self._all), return_exceptions=True)
        self._all.clear()
        self._ready.clear()
        self._spare = None
