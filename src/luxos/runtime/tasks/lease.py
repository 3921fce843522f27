"""Who still works: a row per worker with a moment until which it counts as alive, by the database's clock."""

import os
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from luxos.beings.being import BaseBeing
from luxos.beings.owner import system_user
from luxos.beings.task import TaskBeing
from luxos.persistence.queries import queries
from luxos.persistence.retrying import in_transaction
from luxos.runtime.tasks.ahead import put_right
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.ending import failed, write
from luxos.runtime.tasks.errors import WorkerLost

SECONDS = 30.0
_MICROSECONDS = 1_000_000
_MANY = 500


@dataclass
class Lease:
    """A worker's lease on a queue's tasks; once lost it is lost for good, and the worker goes on under a new one."""

    queue: str
    seconds: float = SECONDS
    worker: UUID = field(default_factory=uuid4)
    renewed: float = 0.0
    """When it was renewed, or was about to be, by this process's own clock."""

    @property
    def every(self) -> float:
        """Seconds between two renewals."""
        return self.seconds / 3

    @property
    def is_over(self) -> bool:
        """Whether the others may take this worker for dead: it has not reached the database for too long."""
        return time.monotonic() > self.renewed + self.seconds

    async def begin(self) -> None:
        """Counts as alive from now on."""
        began = time.monotonic()
        genesis = {"type": "worker", "name": self.queue, "owner": system_user()}
        told = {"queue": self.queue, "host": socket.gethostname(), "pid": os.getpid()}
        await self._run("begin_lease", self.worker, genesis, told, self._microseconds)
        self.renewed = began

    async def renew(self) -> bool:
        """Counts as alive for longer; `False` where somebody took this worker for dead."""
        began = time.monotonic()
        async with BaseBeing._borrowed(None) as lent:
            if await lent.fetchval(queries()["renew_lease"], self.worker, self._microseconds) is None:
                return False
        self.renewed = began
        return True

    async def end(self) -> None:
        """Is gone; what it still held may be taken at once."""
        await self._run("end_lease", self.worker)

    async def held(self) -> Mapping[UUID, int]:
        """What the tables say that it holds: tasks and their tokens."""
        async with BaseBeing._borrowed(None) as lent:
            rows = await lent.fetch(queries()["tasks_of_worker"], self.queue, self.worker)
        return {row["soul"]: row["token"] for row in rows}

    @property
    def _microseconds(self) -> int:
        return int(self.seconds * _MICROSECONDS)

    async def _run(self, query: str, *arguments: Any) -> None:
        async with BaseBeing._borrowed(None) as lent:
            await lent.execute(queries()[query], *arguments)


async def leases(workers: Iterable[UUID]) -> Mapping[UUID, bool]:
    """Those of these workers that have a lease, and whether it still counts."""
    async with BaseBeing._borrowed(None) as lent:
        rows = await lent.fetch(queries()["leases"], list(workers))
    return {row["soul"]: row["counts"] for row in rows}


async def take_over(backoff: Backoff) -> int:
    """Ends leases that are over, then the attempts of tasks whose worker has none, of all queues; how many they were.

    In this order, each for itself: whoever renews meanwhile has a row, and whoever has none can renew no more. What a
    clock left behind that was ahead is put right before.
    """
    pool, count = BaseBeing._pool(), 0
    await put_right()
    await pool.execute(queries()["end_leases_that_are_over"])
    while rows := await pool.fetch(queries()["abandoned_tasks"], _MANY):
        lost = [failed(TaskBeing._of(row), WorkerLost(), backoff) for row in rows]
        ended = await in_transaction(pool, partial(write, lost))
        count += len(ended)
        if not ended:
            break
    return count
