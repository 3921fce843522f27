"""`Tasks`: putting into queues, one or many; cancelling, and sending again what failed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict, TaskInvalid, TaskNotReady
from luxos.beings.queued import IO, NEXT, Status
from luxos.beings.record import identified
from luxos.beings.task import TaskBeing
from luxos.beings.values import encoded
from luxos.persistence.json_codec import Encoded
from luxos.persistence.listening import CHANNEL
from luxos.persistence.queries import queries
from luxos.persistence.retrying import in_transaction
from luxos.runtime.faultpoints import reach
from luxos.runtime.tasks.batches import Batches
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
        self._puts: Batches[Wanted, TaskBeing] = Batches(_put_waiting, lambda wanted: wanted.size)

    async def put(  # noqa: PLR0913 - each is a word of what a task is
        self,
        who: str | UUID,
        *args: Any,
        queue: str = IO,
        priority: int = 0,
        key: str | None = None,
        at: datetime | None = None,
        retries: int = 3,
        deadline: datetime | None = None,
        permissions: Iterable[str] = (),
        connection: Any = None,
        **kwargs: Any,
    ) -> TaskBeing:
        """The task of calling `who` with these arguments; it is on the disk when this returns.

        It begins at the moment `at` or later, and is given up at `deadline`; of those that wait, the higher `priority`
        (-100 to 100) goes first. Under a `key` it is put once, whoever puts it: the task that was put first is given,
        or `TaskDiffers` where it calls something else or may do something else. Its run is granted `permissions` and no
        others. `QueueFull`, `TaskInvalid` or `BeingInvalid`: nothing was put.
        With a `connection` it becomes part of the caller's transaction.
        """
        options: dict[str, Any] = {"queue": queue, "priority": priority, "key": key, "retries": retries}
        options |= {"due": deadline, "permissions": permissions}
        task = TaskBeing.call(who, args, kwargs, **options, owner=self._owner)
        return await self.put_task(task, at=at, connection=connection)

    async def put_task(self, task: TaskBeing, *, at: datetime | None = None, connection: Any = None) -> TaskBeing:
        """Puts what `TaskBeing.call` made, as `put` does."""
        wanted = Wanted.of(task, at)
        if connection is not None:
            async with connection.transaction():
                (found,) = await self._put([wanted], connection)
        else:
            async with self._bound.room(*wanted.lane, 1, BaseBeing._pool()):
                found = await self._puts.put(wanted)
        reach("tasks.put")
        return found

    async def put_all(
        self, tasks: Iterable[TaskBeing], *, at: datetime | None = None, connection: Any = None
    ) -> list[UUID]:
        """Puts what `TaskBeing.call` made, all of it or nothing, in this order; otherwise as `put`."""
        wanted = [Wanted.of(task, at) for task in tasks]
        work = partial(self._put_all, wanted)
        if connection is None:
            await in_transaction(BaseBeing._pool(), work)
        else:
            async with connection.transaction():
                await work(connection)
        return [one.task.soul for one in wanted]

    async def cancel(self, soul: UUID, *, connection: Any = None) -> TaskBeing:
        """Has a task never be done, or not again; whoever carries it out is stopped. `TaskNotReady` where it ended."""
        return await _changed("cancel_task", soul, "cancelled", NEXT, connection)

    async def send_again(self, soul: UUID, *, connection: Any = None) -> TaskBeing:
        """Has a task that failed be tried again from its first attempt; `TaskNotReady` for any other."""
        return await _changed("send_task_again", soul, "todo", {"failed": NEXT["failed"]}, connection)

    async def _put_all(self, wanted: Sequence["Wanted"], connection: Any) -> None:
        for start in range(0, len(wanted), _MANY):
            await self._put(wanted[start : start + _MANY], connection)

    async def _put(self, wanted: Sequence["Wanted"], connection: Any) -> list[TaskBeing]:
        async with AsyncExitStack() as held:
            for (owner, queue), count in sorted(Counter(one.lane for one in wanted).items()):
                await held.enter_async_context(self._bound.room(owner, queue, count, connection))
            found = await _inserted(wanted, connection, alone=False)
        for one in found:
            if isinstance(one, Exception):
                raise one
        return cast(list[TaskBeing], found)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task that is to be put, as it goes into the statement."""

    task: TaskBeing
    genesis: Encoded
    attributes: Encoded
    at: int | None

    @classmethod
    def of(cls, task: TaskBeing, at: datetime | None) -> "Wanted":
        """`BeingInvalid` for what is no JSON."""
        moment = None if at is None else microseconds(at)
        return cls(task, encoded("genesis", task.genesis), encoded("attributes", task.attributes), moment)

    @property
    def lane(self) -> tuple[str, str]:
        """Whose it is, and in which queue."""
        return str(self.task.owner), str(self.task.queue)

    @property
    def size(self) -> int:
        """Bytes that it takes in a statement."""
        return len(self.genesis)

    def as_it_is(self, found: TaskBeing) -> TaskBeing | TaskDiffers:
        """The task that has its UUID, which may have been put before."""
        if found.same == self.task.same:
            return found
        return TaskDiffers(key=self.task.genesis["key"], queue=self.task.queue, soul=found.soul)


async def _put_waiting(wanted: Sequence[Wanted]) -> list[TaskBeing | Exception]:
    """Workers hear of them as soon as they are committed; then they are waited for until they are on the disk."""
    reach("tasks.putting")
    async with BaseBeing._borrowed(None) as lent:
        found = await _inserted(wanted, lent, alone=True)
        reach("tasks.committed")
        await lent.execute(queries()["flush_commits"])
    return found


async def _inserted(wanted: Sequence[Wanted], connection: Any, *, alone: bool) -> list[TaskBeing | Exception]:
    """The tasks as they are there; `alone` where the statement is a transaction of its own."""
    columns = [
        list(column) for column in zip(*((w.task.soul, w.genesis, w.attributes, w.at) for w in wanted), strict=True)
    ]
    rows = await connection.fetch(queries()["put_tasks"], *columns, CHANNEL, alone)
    found = {row["soul"]: TaskBeing._of(row) for row in rows}
    before = [one.task.soul for one in wanted if one.task.soul not in found]
    found |= {task.soul: task for task in await TaskBeing.load_many(before, connection=connection)} if before else {}
    return [one.as_it_is(found[one.task.soul]) for one in wanted]


async def _changed(
    query: str, soul: UUID, wanted: Status, rules: Mapping[str, Sequence[str]], connection: Any
) -> TaskBeing:
    soul = identified(soul)
    memory = TaskBeing(soul=soul)
    memory.remember("again" if wanted == "todo" else wanted)
    allowed = [status for status, following in rules.items() if wanted in following]
    async with BaseBeing._borrowed(connection) as lent:
        row = await lent.fetchrow(queries()[query], soul, allowed, memory.memories, CHANNEL)
        task = await TaskBeing.load(soul, connection=lent)
    if row is None:
        if task.status in allowed and task.queue is not None:
            raise BeingConflict(soul=soul, field="attributes.status")
        raise TaskNotReady(soul=soul, status=task.status, wanted=wanted, allowed=", ".join(rules.get(task.status, ())))
    return task


def microseconds(moment: datetime) -> int:
    """A moment as tasks keep it; one that says no zone is in UTC."""
    if not isinstance(moment, datetime):
        raise TaskInvalid(field="at", reason="moment")
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
