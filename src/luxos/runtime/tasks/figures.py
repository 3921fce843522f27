"""Queues as beings: how much waits, for how long, and how much is done; counted when somebody asks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.queued import CPU, IO
from luxos.beings.static import CORE_OWNER
from luxos.persistence.queries import queries

MINUTE = 60.0
"""Seconds over which what was done is counted."""
_QUEUES = UUID("0f5b7d1c-8f0e-4b55-9a33-2d5e5c1f9e10")


@dataclass(frozen=True)
class Figures:
    """A queue as it is now. Times in seconds; of the last minute where it says so."""

    queue: str
    waiting: int
    """Tasks that wait, also for their moment."""
    ready: int
    """Those of them that could begin now: the depth."""
    doing: int
    dead: int
    """Dead letters: tasks that failed, and are looked at by a person."""
    workers: int
    longest: float | None
    """For how long the first of those that are ready has been waiting."""
    wait: float | None
    """How long half of those done in the last minute had waited at the most, from when they were ready."""
    wait_p99: float | None
    """The same for 99 of 100."""
    per_second: float
    """How many were done in a second, in the last minute."""
    trouble: Mapping[str, Any] | None = None
    """Why nobody works it (code, message, details), and `since` when; nothing where somebody does, or never did."""

    @property
    def soul(self) -> UUID:
        """The being of the queue."""
        return queue_being(self.queue)

    def as_json(self) -> dict[str, Any]:
        return {"soul": str(self.soul), **asdict(self)}


def queue_being(name: str) -> UUID:
    """The being of the queue with this name."""
    return uuid5(_QUEUES, name)


async def figures() -> list[Figures]:
    """All queues in which something is, or was, and LuxOS's own; their beings remember the figures."""
    async with BaseBeing._borrowed(None) as lent:
        rows = await lent.fetch(queries()["queue_figures"], [IO, CPU], int(MINUTE * 1e6))
        found = [_figures(row) for row in rows]
        told = await lent.fetch(
            queries()["tell_queues"],
            [one.soul for one in found],
            [{"type": "queue", "name": one.queue, "owner": CORE_OWNER} for one in found],
            [_counted(one) for one in found],
        )
    troubles = {row["soul"]: row["trouble"] for row in told}
    return [replace(one, trouble=troubles[one.soul]) for one in found]


async def is_served(queue: str) -> bool:
    """Whether LuxOS serves a queue by itself, or somebody does now."""
    if queue in (IO, CPU):
        return True
    async with BaseBeing._borrowed(None) as lent:
        return bool(await lent.fetchval(queries()["queue_served"], queue))


def _figures(row: Mapping[str, Any]) -> Figures:
    counts: dict[str, Any] = {name: row[name] for name in ("queue", "waiting", "ready", "doing", "dead", "workers")}
    times: dict[str, Any] = {
        name: None if row[name] is None else row[name] / 1e6 for name in ("longest", "wait", "wait_p99")
    }
    return Figures(**counts, **times, per_second=row["done"] / MINUTE)


def _counted(one: Figures) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name not in ("queue", "trouble")}
