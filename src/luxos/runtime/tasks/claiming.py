"""What of a queue is ready, and taking it: a look into the index, an order of turns, and one statement that takes."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.persistence.queries import queries
from luxos.runtime.faultpoints import reach
from luxos.runtime.tasks.turns import Lane, Turns
from luxos.souls.aliases import row_of

_LANES = 1000
"""How many lanes are looked at in one go; the next look begins after the last of them."""
_BEGINNING = ("", "", None)
_WEIGHTS_LAST = 1.0
"""Seconds for which the energy of what is called is taken to be the same."""
_MICROSECONDS = 1e6
_BUSY = 0.005
"""Seconds after which is looked again where somebody else was faster with everything that was ready."""


class Claiming:
    """The claims of one worker on one queue."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.wait: float | None = None
        """After a claim: seconds until something that waits for its moment is ready, where that is known."""
        self.more = False
        """After a claim: whether there may be more that is ready than it has seen, or than it took."""
        self._turns = Turns()
        self._after: tuple[str, str, Any] = _BEGINNING
        self._lanes = 1
        self._weights: dict[str, float] = {}
        self._weighed = 0.0

    async def claim(
        self, worker: UUID, count: int, running: Mapping[str, int], share: int
    ) -> list[tuple[TaskBeing, int]]:
        """Takes up to `count` tasks in the order of their turns; each with the database's moment of the claim."""
        async with BaseBeing._borrowed(None) as lent:
            while True:
                lanes = await self._look(count, lent)
                order = self._turns.order(lanes, await self._weighed_by(lanes, lent), running, share)
                if not order:
                    return []
                rows = await lent.fetch(queries()["claim_tasks"], order, count, worker)
                self.more = self.more or len(rows) < len(order)
                if rows:
                    break
                await asyncio.sleep(_BUSY)
        reach("tasks.claimed")
        self._turns.took((row["soul"] for row in rows), self._weights)
        return [(TaskBeing._of(row), row["now"]) for row in rows]

    async def ready(self, count: int) -> int:
        """How many tasks could begin now, up to about so many; nothing is taken."""
        async with BaseBeing._borrowed(None) as lent:
            return sum(len(lane.souls) for lane in await self._look(count, lent))

    async def _look(self, count: int, connection: Any) -> list[Lane]:
        """The lanes in which something is ready, with about twice what is wanted, since others take from them too."""
        each = max(1, 2 * count // self._lanes)
        rows = await connection.fetch(queries()["look_for_tasks"], self.queue, each, *self._after, _LANES)
        if not rows and self._after != _BEGINNING:
            self._after = _BEGINNING
            return await self._look(count, connection)
        last = rows[-1] if len(rows) == _LANES else None
        self._after = _BEGINNING if last is None else (last["owner"], last["who"], last["priority"])
        ready = [Lane(row["owner"], row["who"], row["priority"], row["souls"]) for row in rows if row["souls"]]
        waits = [(row["first"] - row["now"]) / _MICROSECONDS for row in rows if not row["souls"]]
        self.wait = 0.0 if last is not None and not ready else min((wait for wait in waits if wait > 0), default=None)
        self.more = last is not None or any(len(lane.souls) == each for lane in ready)
        self._lanes = max(1, len(ready))
        return ready

    async def _weighed_by(self, lanes: Iterable[Lane], connection: Any) -> Mapping[str, float]:
        """The energy of what is called, at most a second old."""
        if time.monotonic() > self._weighed + _WEIGHTS_LAST:
            self._weights, self._weighed = {}, time.monotonic()
        new = sorted({lane.who for lane in lanes} - self._weights.keys())
        if new:
            rows = await connection.fetch(queries()["energies"], new, [_row_of(who) for who in new])
            self._weights |= dict.fromkeys(new, 100.0) | {row["who"]: float(row["energy"] or 0) for row in rows}
        return self._weights


def _row_of(who: str) -> UUID:
    """The being's row, or the alias's; a hash has none, and weighs like what is new."""
    try:
        return UUID(who)
    except ValueError:
        return row_of(who)
