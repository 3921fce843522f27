"""`Tasks`: putting into queues, one or many; cancelling, and sending again what failed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict, TaskInvalid, TaskNotReady
from luxos.beings.queued import IO, NEXT, Status
from luxos.beings.task import TaskBeing
from luxos.beings.values import encoded
from luxos.persistence.listening import CHANNEL
from luxos.persistence.queries import queries
from luxos.persistence.retrying import in_transaction
from luxos.runtime.faultpoints import reach
from luxos.runtime.tasks.bound import DEPTH, Bound
from luxos.runtime.tasks.errors import TaskDiffers

_MANY = 5000
"""How many go in one statement."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Tasks:
    """The queues as one owner sees them; nobody has more than `most` tasks waiting in one queue."""

    def __init__(self, *, owner: str | None = None, most: int = DEPTH) -> None:
        self._owner, self._bound = owner, Bound(most)

    async def put(
        self,
        who: str | UUID,
        *args: Any,
        queue: str = IO,
        priority: int = 0,
        key: str | None = None,
        at: datetime | None = None,
        retries: int = 3,
        deadline: datetime | None = None,
        connection: Any = None,
        **kwargs: Any,
    ) -> TaskBeing:
        """The task of calling `who` with these arguments; it is on the disk when this returns.

        It begins at the moment `at` or later, and is given up at `deadline`; of those that wait, the higher `priority`
        (-100 to 100) goes first. Under a `key` it is put once, whoever puts it: the task that was put first is given,
        or `TaskDiffers` where it calls something else. `QueueFull`, `TaskInvalid` or `BeingInvalid`: nothing was put.
        With a `connection` it becomes part of the caller's transaction.
        """
        options: dict[str, Any] = {"queue": queue, "priority": priority, "key": key, "retries": retries}
        task = TaskBeing.call(who, args, kwargs, **options, due=deadline, owner=self._owner)
        return await self.put_task(task, at=at, connection=connection)

    async def put_task(self, task: TaskBeing, *, at: datetime | None = None, connection: Any = None) -> TaskBeing:
        """Puts what `TaskBeing.call` made, as `put` does."""
        if connection is not None:
            async with connection.transaction():
                found = await self._put([task], at, connection)
        else:
            async with BaseBeing._borrowed(None) as lent, self._bound.room(*_lane(task), 1, lent):
                rows = await lent.fetch(queries()["put_tasks"], *_columns([task], at), CHANNEL, True)
                found = {row["soul"]: TaskBeing._of(row) for row in rows} or await _there([task], lent)
                await lent.execute(queries()["flush_commits"])
        reach("tasks.put")
        return found[task.soul]

    async def put_all(
        self, tasks: Iterable[TaskBeing], *, at: datetime | None = None, connection: Any = None
    ) -> list[UUID]:
        """Puts what `TaskBeing.call` made, all of it or nothing, in this order; otherwise as `put`."""
        wanted = list(tasks)
        work = partial(self._put_all, wanted, at)
        if connection is None:
            await in_transaction(BaseBeing._pool(), work)
        else:
            async with connection.transaction():
                await work(connection)
        return [task.soul for task in wanted]

    async def cancel(self, soul: UUID, *, connection: Any = None) -> TaskBeing:
        """Has a task never be done, or not again; whoever carries it out is stopped. `TaskNotReady` where it ended."""
        return await _changed("cancel_task", soul, "cancelled", NEXT, connection)

    async def send_again(self, soul: UUID, *, connection: Any = None) -> TaskBeing:
        """Has a task that failed be tried again from its first attempt; `TaskNotReady` for any other."""
        return await _changed("send_task_again", soul, "todo", {"failed": NEXT["failed"]}, connection)

    async def _put_all(self, wanted: Sequence[TaskBeing], at: datetime | None, connection: Any) -> None:
        for start in range(0, len(wanted), _MANY):
            await self._put(wanted[start : start + _MANY], at, connection)

    async def _put(self, wanted: Sequence[TaskBeing], at: datetime | None, connection: Any) -> Mapping[UUID, TaskBeing]:
        lanes = Counter(map(_lane, wanted))
        async with AsyncExitStack() as held:
            for (owner, queue), count in sorted(lanes.items()):
                await held.enter_async_context(self._bound.room(owner, queue, count, connection))
            rows = await connection.fetch(queries()["put_tasks"], *_columns(wanted, at), CHANNEL, False)
        if len(rows) < len(wanted):
            return await _there(wanted, connection)
        return {row["soul"]: TaskBeing._of(row) for row in rows}


def _lane(task: TaskBeing) -> tuple[str, str]:
    return str(task.owner), str(task.queue)


def _columns(wanted: Sequence[TaskBeing], at: datetime | None) -> tuple[Any, ...]:
    """The arguments of `put_tasks`."""
    return (
        [task.soul for task in wanted],
        [encoded("genesis", task.genesis) for task in wanted],
        [encoded("attributes", task.attributes) for task in wanted],
        [None if at is None else microseconds(at)] * len(wanted),
    )


async def _there(wanted: Sequence[TaskBeing], connection: Any) -> dict[UUID, TaskBeing]:
    """The tasks as they are there, some put before; `TaskDiffers` where one of those is not what is wanted now."""
    found = {
        task.soul: task for task in await TaskBeing.load_many([task.soul for task in wanted], connection=connection)
    }
    for task in wanted:
        if found[task.soul].same != task.same:
            raise TaskDiffers(key=task.genesis["key"], queue=task.queue, soul=task.soul)
    return found


async def _changed(
    query: str, soul: UUID, wanted: Status, rules: Mapping[str, Sequence[str]], connection: Any
) -> TaskBeing:
    memory = TaskBeing(soul=soul)
    memory.remember("again" if wanted == "todo" else wanted)
    allowed = [status for status, following in rules.items() if wanted in following]
    async with BaseBeing._borrowed(connection) as lent:
        row = await lent.fetchrow(queries()[query], soul, allowed, memory.memories, CHANNEL)
        task = await TaskBeing.load(soul, connection=lent)
    if row is None:
        if task.status in allowed and task.queue is not None:
            raise BeingConflict(soul=soul, field="attributes.status")
        raise TaskNotReady(
            soul=soul, status=task.status, wanted=wanted, allowed=", ".join(rules.get(task.status, ())) or "-"
        )
    return task


def microseconds(moment: datetime) -> int:
    """A moment as tasks keep it; one that says no zone is in UTC."""
    if not isinstance(moment, datetime):
        raise TaskInvalid(field="at", reason="moment")
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
