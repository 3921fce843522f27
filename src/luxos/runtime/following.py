"""Following a run that some process carries out: its steps, as they are written down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

from luxos.errors import LuxError
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.runs import Run
from luxos.runtime.steps import Step
from luxos.runtime.wanting import FOLLOW, FOLLOWED, news, want_of

_LOOK = 1.0
"""Seconds between two looks where no notice comes: for a person who waits."""


async def follow(runtime: Runtime, run: Run) -> AsyncIterator[Step]:
    """Every attempt of a step once when it is open, and once when it has ended; ends when nobody carries the run out.

    Of a step that was tried again, only the newest attempt is told.
    """
    reading = _Reading(runtime, run)
    with runtime.database.pool.listening.heard(str(run.soul)) as heard:
        said_at = -FOLLOWED
        while True:
            goes_on = (await runtime.runs.find(str(run.soul))).status == "running"
            if goes_on and asyncio.get_running_loop().time() - said_at > FOLLOWED / 2:
                said_at = asyncio.get_running_loop().time()
                with suppress(LuxError):  # then it is only told later
                    await want_of(runtime.database, run.soul, {FOLLOW: uuid4().hex})
            for step in await reading.new():
                yield step
            if not goes_on:
                return
            await news(heard, _LOOK)


class _Reading:
    """How far a run was read."""

    def __init__(self, runtime: Runtime, run: Run) -> None:
        self._database, self._run = runtime.database, run
        self._seq = 0
        self._open: set[Any] = set()

    async def new(self) -> list[Step]:
        """What was not told yet."""
        rows = await self._database.pool.fetch(self._database.queries["newer_steps"], self._run.soul, self._seq)
        steps = [Step(row["id"], row["target_soul"], row["genesis"], row["attributes"]) for row in rows]
        return [step for step in steps if self._is_new(step)]

    def _is_new(self, step: Step) -> bool:
        if "chain" in step.attributes:
            self._seq = int(step.attributes["chain"]["seq"])
            self._open.discard(step.attributes["attempt"])
            return True
        known = step.attributes["attempt"] in self._open
        self._open.add(step.attributes["attempt"])
        return not known
