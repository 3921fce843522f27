"""The isolated tier: functions that people, models and evolution wrote, in CPython, in workers behind walls."""

import asyncio
from pathlib import Path

from luxos.runtime.code import Answer, Code, Ended, Given
from luxos.runtime.environments import environment
from luxos.runtime.isolated import failures
from luxos.runtime.isolated.running import HungUp, Running
from luxos.runtime.isolated.slots import SIZE, Slot, Slots
from luxos.runtime.isolated.worker import Walls
from luxos.runtime.isolated.workers import IDLE, Workers
from luxos.runtime.said import over_limit
from luxos.runtime.threads import finished

MOST = 128
"""Calls that are on their way at once, those that wait for others counted in."""


class Isolated:
    """A `Tier`; nothing is started before the first call. `cache` is where environments are kept."""

    def __init__(self, cache: Path, size: int = SIZE, idle: int = IDLE, most: int = MOST) -> None:
        self._cache = cache
        self._slots = Slots(size)
        self._workers = Workers(idle)
        self._most, self._calls = most, 0

    async def call(self, code: Code, given: Given, answer: Answer, deadline: float) -> Ended:
        """Calls a soul's function; see `Tier`. `CodeLost` where its process ended, and not by itself."""
        if self._calls >= self._most:
            raise over_limit(code, "calls", self._most)
        self._calls += 1
        timer = asyncio.timeout_at(deadline)
        try:
            async with timer, Slot(self._slots) as slot:
                return await self._called(code, given, answer, slot)
        except TimeoutError:
            if not timer.expired():
                raise
            raise over_limit(code, "deadline") from None
        finally:
            self._calls -= 1

    async def _called(self, code: Code, given: Given, answer: Answer, slot: Slot) -> Ended:
        shown = await environment(self._cache, code.name, code.requirements) if code.requirements else None
        worker = await self._workers.take(code, Walls.of(code.limits, shown, has_hosts=bool(code.hosts)))
        running = Running(code, answer, worker.line, slot)
        try:
            result = await running.run(given)
        except HungUp:
            lost = failures.ended(code, await finished(self._workers.give(worker)))
            lost.printed = running.said()
            raise lost from None
        except BaseException:
            await finished(self._workers.give(worker))
            raise
        self._workers.give(worker)
        return result

    async def close(self) -> None:
        """Ends all workers."""
        await self._workers.close()
