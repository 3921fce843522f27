"""The workers of this process: as many as the machine has use for, each of one owner at a time.

A call that waits for what it asked lends its worker to others, frozen meanwhile; so that calls of
calls never wait in a ring.
"""

import asyncio
import os
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from luxos.runtime.hermetic.confined import confined
from luxos.runtime.hermetic.monty import ResourceLimits
from luxos.runtime.hermetic.quick import LONGEST
from luxos.runtime.hermetic.worker import Worker
from luxos.runtime.threads import to_the_end

_OWNERS = 4
"""Of whom each has a worker for quick calls."""
SIZE = 2 * (os.cpu_count() or 1) + 2
Confined = Callable[[], AbstractContextManager[Path]]
GiveUp = Callable[[], Coroutine[Any, Any, None]]
"""Freezes a call that waits, and gives its worker back."""


class Workers:
    """Made when they are first needed."""

    def __init__(self, size: int = SIZE, confined: Confined = confined) -> None:
        self._size, self._confined = size, confined
        self._all: list[Worker] = []
        self._idle: list[Worker] = []
        self._quick: dict[str, Worker] = {}
        self._wanted: deque[asyncio.Future[Worker]] = deque()
        self._lent: OrderedDict[object, GiveUp] = OrderedDict()
        self._giving: set[asyncio.Task[None]] = set()
        self._launched: Path | None = None
        self._launching = asyncio.Lock()
        self._held = ExitStack()

    async def take(self, owner: str, *, first: bool = False) -> Worker:
        """A worker for a call of this owner; `first` for one that goes on, for others wait for it."""
        program = self._launched or await self._launch()
        worker = self._free(owner)
        if worker is not None:
            return worker
        if len(self._all) < self._size:
            self._all.append(Worker(program))
            return self._all[-1]
        place: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        (self._wanted.appendleft if first else self._wanted.append)(place)
        self.call_back()
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give(place.result())
            raise

    def quick(self, owner: str, limits: ResourceLimits) -> Worker | None:
        """This owner's worker for calls that are carried out at once, where it is ready; else it is made so."""
        worker = self._quick.get(owner)
        if worker is None and self._launched is not None:
            worker = self._quick[owner] = Worker(self._launched, LONGEST)
            worker.later(partial(worker.make_ready, owner, limits))
            if len(self._quick) > _OWNERS:
                self._quick.pop(next(iter(self._quick))).leave()
        return worker if worker is not None and worker.ready else None

    def give(self, worker: Worker) -> None:
        """Takes a worker back, at the end of a call or in its middle."""
        worker.later(worker.end)
        while self._wanted:
            if not (place := self._wanted.popleft()).done():
                place.set_result(worker)
                return
        self._idle.append(worker)

    def lend(self, who: object, give_up: GiveUp) -> None:
        """Says that a call waits: its worker is called back where another one needs it."""
        self._lent[who] = give_up
        if self._wanted:
            self.call_back()

    def keep(self, who: object) -> None:
        """Says that the call waits no more."""
        self._lent.pop(who, None)

    def call_back(self) -> None:
        """Has the call that waits for the longest give up its worker."""
        if self._lent:
            _who, give_up = self._lent.popitem(last=False)
            giving = asyncio.create_task(give_up())
            self._giving.add(giving)
            giving.add_done_callback(self._giving.discard)

    async def close(self) -> None:
        """Ends all workers."""
        await asyncio.gather(*self._giving, return_exceptions=True)
        every = (*self._all, *self._quick.values())
        await asyncio.gather(*(worker.close() for worker in every), return_exceptions=True)
        self._all, self._idle, self._quick, self._launched = [], [], {}, None
        self._held.close()

    def _free(self, owner: str) -> Worker | None:
        own = [worker for worker in self._idle if worker.owner in (owner, None)]
        other = self._idle[:1] if len(self._all) >= self._size else []
        ready = [worker for worker in reversed(own) if worker.ready]
        for worker in (*ready, *own, *other):
            self._idle.remove(worker)
            return worker
        return None

    async def _launch(self) -> Path:
        async with self._launching:
            if self._launched is None:
                self._launched = await to_the_end(self._held.enter_context, self._confined())
            return self._launched
