"""How many tasks of one owner may wait in one queue; beyond that, putting is refused."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from luxos.persistence.queries import queries
from luxos.runtime.tasks.errors import QueueFull

DEPTH = 100_000
CREDIT = 1000
"""How many puts one count is good for; by so much at most does each further process pass the bound."""
_LANES = 10_000


class Bound:
    """Counts now and then, and lends from what was left."""

    def __init__(self, most: int = DEPTH) -> None:
        self.most = most
        self._credit: dict[tuple[str, str], int] = {}
        self._coming: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def room(self, owner: str, queue: str, count: int, connection: Any) -> AsyncIterator[None]:
        """Room for so many, while they are being put; `QueueFull` where there is none."""
        lane = owner, queue
        if self._credit.get(lane, 0) < count:
            await self._count(lane, count, connection)
        self._credit[lane] -= count
        self._coming[lane] += count
        try:
            yield
        finally:
            self._coming[lane] -= count

    async def _count(self, lane: tuple[str, str], count: int, connection: Any) -> None:
        owner, queue = lane
        waiting = await connection.fetchval(queries()["count_waiting"], queue, owner, self.most)
        left = self.most - waiting - self._coming[lane]
        if left < count:
            raise QueueFull(queue=queue, owner=owner, most=self.most)
        if len(self._credit) > _LANES:
            self._credit.clear()
        self._credit[lane] = min(left, max(count, CREDIT))
