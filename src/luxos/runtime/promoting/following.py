"""What a process does beside the calls of souls whose promotion goes on: compares, counts, and looks what is due.

None of it is waited for by a caller, none of it can fail a call, and there is never more of it than `WAITING` calls:
what comes beyond that is not compared.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from luxos.beings.function import FunctionBeing
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.call import Call
from luxos.runtime.codes import Codes, Known
from luxos.runtime.promoting.moving import look
from luxos.runtime.promoting.promotion import Promotion
from luxos.runtime.promoting.shadow import Heard, Verdict, compared
from luxos.runtime.promoting.words import sentence
from luxos.runtime.tiers import Tiers
from luxos.souls.archive import Archive
from luxos.souls.resolving import resolve
from luxos.souls.versions import FOLLOWED

WAITING = 64
_LATER = (LuxError, asyncpg.PostgresError)
"""What a look may fail with; the next one does what it did not."""
Say = Callable[[str], None]
"""Told what became of a promotion."""


class Following:
    """The promotions that calls of this process belong to."""

    def __init__(self, database: Database, home: Path, tiers: Tiers, codes: Codes) -> None:
        self._database, self._archive = database, Archive(home)
        self._tiers, self._codes = tiers, codes
        self._shadows: dict[UUID, tuple[Promotion, Known] | None] = {}
        self._again: set[UUID] = set()
        self._wanted: set[UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn, self._looking = asyncio.Lock(), asyncio.Lock()

    async def shadowing(self, call: Call) -> tuple[Promotion, Known] | None:
        """The promotion in whose shadow a call is to be done over, with the candidate; `None` for most calls."""
        soul = followed(call)
        if soul is None or call.frozen is not None:
            return None
        if soul not in self._shadows:
            try:
                self._shadows[soul] = await self._read(soul)
            except _LATER:
                return None
        return self._shadows[soul]

    def compare(self, promotion: Promotion, candidate: Known, heard: Heard, say: Say) -> None:
        """Has a live call done over, in its turn."""
        if len(self._tasks) < WAITING:
            self._begin(self._compare(promotion, candidate, heard, say))

    def failed(self, call: Call, say: Say) -> None:
        """Has it looked whether the budget is used up, once the failure of a call is on record."""
        soul = followed(call)
        if soul is not None:
            self._begin(self._after(call, soul, say))

    async def settle(self) -> None:
        """Waits for what is under way; then looks again at what was counted meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        again, self._again = self._again, set()
        for soul in again:
            with suppress(*_LATER):
                await look(soul, self._archive)

    async def look_at_all(self) -> list[Promotion]:
        """Does what is due of every promotion that goes on; gives those whose status changed."""
        async with self._database.pool.acquire() as connection:
            rows = await connection.fetch(self._database.queries["open_promotions"])
        found = []
        for row in rows:
            with suppress(*_LATER):
                found.append(await look(row["soul"], self._archive))
        return [one for one in found if one is not None]

    async def _read(self, soul: UUID) -> tuple[Promotion, Known] | None:
        promotion = await Promotion.find(soul)
        if promotion is None or promotion.status != "shadowing":
            return None
        candidate = await resolve(promotion.to)
        return None if candidate is None else (promotion, self._codes.of(candidate))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _compare(self, promotion: Promotion, candidate: Known, heard: Heard, say: Say) -> None:
        soul = promotion.row.soul
        with suppress(*_LATER):
            async with self._turn:
                if self._shadows.get(soul) is None:
                    return
                verdict = await compared(self._tiers, heard, candidate, promotion.terms.slower)
                told = await self._count(soul, verdict)
            if told is None:
                self._shadows[soul] = None
            elif told["differences"] or told["equal"] >= promotion.terms.calls:
                self._shadows[soul] = None
                await self._look(soul, say)

    async def _count(self, soul: UUID, verdict: Verdict) -> dict[str, Any] | None:
        """Adds what a call said; gives what is counted by now, or `None` where the promotion goes on no more."""
        differences = [] if verdict.difference is None else [verdict.difference]
        counts = int(verdict.equal), int(verdict.unsure), int(verdict.slow)
        async with self._database.pool.acquire() as connection:
            told: dict[str, Any] | None = await connection.fetchval(
                self._database.queries["count_shadow"], soul, *counts, differences
            )
        return told

    async def _after(self, call: Call, soul: UUID, say: Say) -> None:
        """A failure that is only counted is on record later, at the latest when the run is given up."""
        if call.record is None or call.record.last is None:
            self._again.add(soul)
            return
        with suppress(*_LATER):
            await asyncio.shield(call.record.last)
            await self._look(soul, say)

    async def _look(self, soul: UUID, say: Say) -> None:
        """One look at a time; of those that wait for the same promotion one looks for all."""
        if soul in self._wanted:
            return
        self._wanted.add(soul)
        try:
            await self._looking.acquire()
        finally:
            self._wanted.discard(soul)  # what comes from now on is not seen by this look
        try:
            moved = await look(soul, self._archive)
        finally:
            self._looking.release()
        if moved is not None:
            self._shadows.pop(soul, None)
            say(sentence(moved))


def followed(call: Call) -> UUID | None:
    """The promotion that follows the calls of what is called; none where somebody changed what the row says."""
    told = call.callee.genesis.get(FOLLOWED) if isinstance(call.callee, FunctionBeing) else None
    with suppress(ValueError):
        return UUID(told) if isinstance(told, str) else None
    return None
