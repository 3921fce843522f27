"""How an attempt ended, and writing it: in batches, each under the token of its claim."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.errors import EnergyExhausted
from luxos.beings.memories import WINDOW, settle
from luxos.beings.task import TaskBeing
from luxos.beings.values import encoded
from luxos.errors import Exit, LuxError
from luxos.persistence.json_codec import Encoded
from luxos.persistence.listening import CHANNEL
from luxos.persistence.queries import queries
from luxos.persistence.retrying import as_statement
from luxos.runtime.faultpoints import reach
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.batches import Batches
from luxos.runtime.tasks.errors import TaskOverdue, WorkFailed

_MICROSECONDS = 1_000_000
_LONGEST = 1000
"""Characters that are kept of an error that has no sentence of its own."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of a task that `worker` held under `token`."""

    soul: UUID
    token: int
    worker: str | None
    change: Encoded
    """The attributes that change."""
    wait: float | None = None
    """Seconds until it may begin again; nothing where there is nothing more to do."""
    memories: Sequence[Mapping[str, Any]] = ()


def done(task: TaskBeing, result: Any) -> Ending:
    """It was carried out; `BeingInvalid` for a result that is no JSON."""
    return _ending(task, encoded("result", {"status": "done", "result": result}))


def failed(task: TaskBeing, error: Exception, backoff: Backoff) -> Ending:
    """An attempt failed: another one follows, unless it was the last, or no other would end otherwise.

    What has no energy waits until there is some, and that is no attempt.
    """
    told = _told(error)
    memory = {"at": datetime.now(UTC).isoformat(), "kind": "attempt", "number": task.attempt, "error": told}
    if (rest := _until_energy(error)) is not None:
        return _ending(task, encoded("state", {"status": "todo", "attempt": task.attempt - 1}), rest)
    if task.attempt > task.retries or _is_final(error):
        return _ending(task, encoded("state", {"status": "failed", "result": told}), memories=[memory])
    return _ending(task, encoded("state", {"status": "todo"}), backoff.wait(task.attempt), [memory])


def given_back(task: TaskBeing) -> Ending:
    """It was not carried out, and that is no attempt: whoever is free takes it."""
    return _ending(task, encoded("state", {"status": "todo", "attempt": task.attempt - 1}), 0.0)


def _ending(
    task: TaskBeing, change: Encoded, wait: float | None = None, memories: Sequence[Mapping[str, Any]] = ()
) -> Ending:
    return Ending(task.soul, task.token, task.attributes.get("worker"), change, wait, memories)


async def write(endings: Sequence[Ending], connection: Any) -> set[UUID]:
    """Writes endings; gives the tasks that were still held so, and leaves the others alone."""
    rows = await _write(endings, connection)
    for soul in _overfull(rows):
        await settle(soul, connection=connection)
    return {row["soul"] for row in rows}


async def _write(endings: Sequence[Ending], connection: Any) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = await connection.fetch(
        queries()["end_attempts"],
        [ending.soul for ending in endings],
        [ending.token for ending in endings],
        [ending.change for ending in endings],
        [None if ending.wait is None else int(ending.wait * _MICROSECONDS) for ending in endings],
        [encoded("memories", list(ending.memories)) for ending in endings],
        CHANNEL,
        [ending.worker for ending in endings],
    )
    return rows


def _overfull(rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    return [row["soul"] for row in rows if row["remembered"] > WINDOW]


class Endings(Batches[Ending, bool]):
    """Writes what ended meanwhile in one statement; each gives whether its task was still held so.

    Two are on their way at once, so the end of one owner's task does not wait for those of another's flood.
    """

    def __init__(self) -> None:
        super().__init__(_written, lambda ending: len(ending.change), at_once=2)


async def _written(endings: Sequence[Ending]) -> list[bool | Exception]:
    reach("tasks.ending")
    rows = await as_statement(BaseBeing._pool(), partial(_write, endings))
    reach("tasks.ended")
    for soul in _overfull(rows):
        with suppress(LuxError, asyncpg.PostgresError):  # the end is written; the window is longer until the next one
            await settle(soul)
    held = {row["soul"] for row in rows}
    return [ending.soul in held for ending in endings]


def _told(error: Exception) -> dict[str, Any]:
    if not isinstance(error, LuxError):
        error = WorkFailed(kind=type(error).__name__, said=str(error)[:_LONGEST])
    return error.as_json()


def _is_final(error: Exception) -> bool:
    """Whether the same again would end the same: what is called or given is wrong, or it is too late."""
    return isinstance(error, TaskOverdue) or (
        isinstance(error, LuxError) and error.exit_code in (Exit.USAGE, Exit.NEEDS_PERSON)
    )


def _until_energy(error: Exception) -> float | None:
    """Seconds until there is enough energy again; nothing for any other error, or where it does not come back."""
    until = error.details.get("until") if isinstance(error, EnergyExhausted) else None
    return None if until is None else max((until - datetime.now(UTC)).total_seconds(), 1.0)
