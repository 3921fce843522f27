"""`TaskBeing`: something that is to be done, and goes from one status to the next by rules.

One that names what it calls can be put into a queue (`runtime/tasks/`): its genesis says what is to be done, and its
attributes how far it is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.errors import TaskInvalid, TaskNotReady
from luxos.beings.owner import system_user
from luxos.beings.queued import IO, NEXT, Status
from luxos.beings.record import Row
from luxos.beings.shared import Now
from luxos.beings.typed import as_json, check_as, declared
from luxos.beings.values import check_text, encoded
from luxos.persistence.json_codec import canonical, decode

ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "status": {"py_type": 'Literal["todo", "doing", "done", "failed", "cancelled"]', "default": "todo"},
    "priority": {"py_type": "int", "default": 0},
    "due": {"py_type": "datetime | None", "default": None},
    "result": {"py_type": "Any", "default": None},
}
_QUEUED = declared(
    {
        "attributes": {
            **ATTRIBUTES,
            **{name: {"py_type": "int", "default": 0} for name in ("attempt", "token")},
            **{name: {"py_type": "int | None", "default": None} for name in ("at", "began", "ended")},
            "worker": {"py_type": "UUID | None", "default": None},
        }
    }
)
"""Attributes of tasks in queues. Moments are microseconds since 1970, by the database's clock: `at` is from when on it
may begin, `began` when its last attempt did, `ended` when there was nothing more to do."""
TAG = "task"
"""The tag of tasks in queues."""
PRIORITIES = range(-100, 101)
RETRIES = range(51)
_TASKS = UUID("b6d1a1f2-6f0e-4d43-9a0b-6a7f5f1f3c02")
_QUEUE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_LONGEST_NAME, _LONGEST_KEY = 500, 1000


@dataclass(eq=False, kw_only=True)
class TaskBeing(BaseBeing):
    """A task; of several that start it at once, one gets it and the others `TaskNotReady`."""

    kind: ClassVar[str | None] = "task"
    _was: str | None = field(default=None, init=False, repr=False)

    @classmethod
    def of(cls, name: str, *, priority: int = 0, due: datetime | None = None, **attributes: Any) -> "TaskBeing":
        """A task to do that is not saved yet; a higher `priority` is more urgent; further attributes are declared."""
        own = {key: {"py_type": "Any"} for key in attributes}
        declarations = {**own, **{key: dict(each) for key, each in ATTRIBUTES.items()}}
        given = as_json({**attributes, "priority": priority, "due": due})
        return cls(genesis={"type": "task", "name": name, "attributes": declarations}, attributes=given)

    @classmethod
    def call(  # noqa: PLR0913 - each is a word of what a task is
        cls,
        who: str | UUID,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        queue: str = IO,
        priority: int = 0,
        key: str | None = None,
        retries: int = 3,
        due: datetime | None = None,
        owner: str | None = None,
        permissions: Iterable[str] = (),
    ) -> "TaskBeing":
        """A task that calls a being, for a queue; not put yet. `TaskInvalid` or `BeingInvalid` for what it cannot be.

        Under a `key`, all tasks of an owner and a queue are one. After `due` no attempt begins, and one that runs ends.
        Its run is granted `permissions` and no others.
        """
        whose = owner or cls.default_owner or system_user()
        _check_call(str(who), queue, key, priority, retries)
        arguments = as_json({"args": list(args), "kwargs": dict(kwargs or {})})
        encoded("arguments", arguments)
        genesis: dict[str, Any] = {"type": "task", "name": str(who), "owner": whose, "queue": queue}
        genesis |= {"who": str(who), "key": key}
        if granted := _granted(permissions):
            genesis["permissions"] = granted
        state = {"status": "todo", "priority": priority, "attempt": 0, "token": 0, "due": _moment(due)}
        return cls(
            soul=uuid4() if key is None else uuid5(_TASKS, canonical([whose, queue, key])),
            tags=[TAG],
            genesis={**genesis, "arguments": arguments, "retries": retries},
            attributes=state,
        )

    @property
    def queue(self) -> str | None:
        """The queue that it is in; nothing for a task that is in none."""
        queue = self.genesis.get("queue")
        return queue if isinstance(queue, str) and TAG in self.tags else None

    @property
    def who(self) -> str:
        """What it calls: a UUID, a hash or an alias."""
        return str(self.genesis["who"])

    @property
    def args(self) -> list[Any]:
        """The arguments without names."""
        return list(self.genesis["arguments"]["args"])

    @property
    def kwargs(self) -> dict[str, Any]:
        """The arguments with names."""
        return dict(self.genesis["arguments"]["kwargs"])

    @property
    def retries(self) -> int:
        """How many attempts may follow the first one."""
        return int(self.genesis.get("retries", 0))

    @property
    def permissions(self) -> list[str]:
        """What its run is granted, sorted."""
        return list(self.genesis.get("permissions", ()))

    @property
    def attempt(self) -> int:
        """How many attempts began since it was put, or sent again."""
        return int(self.attributes.get("attempt", 0))

    @property
    def token(self) -> int:
        """How often it was claimed: only who claimed it last may write how it ended."""
        return int(self.attributes.get("token", 0))

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """What is still remembered of attempts that did not succeed: `{at, kind, number, error}`, the oldest first."""
        return [memory for memory in self.memories if memory.get("kind") == "attempt"]

    @property
    def same(self) -> str:
        """What has to be equal for two tasks under one key to be the same."""
        return canonical([*(self.genesis.get(name) for name in ("who", "arguments")), self.permissions])

    @property
    def status(self) -> Status:
        """Where it stands."""
        return cast(Status, self.attributes.get("status", "todo"))

    @property
    def priority(self) -> int:
        """The higher, the more urgent."""
        return int(self.attributes.get("priority", 0))

    @property
    def due(self) -> datetime | None:
        """By when it is to be done."""
        due = self.attributes.get("due")
        return None if due is None else datetime.fromisoformat(due)

    @property
    def result(self) -> Any:
        """What came of it: of a done task its result, of a failed one the reason."""
        return self.attributes.get("result")

    async def start(self, *, connection: Any = None) -> None:
        """Takes it: from todo to doing."""
        await self._become("doing", None, connection)

    async def finish(self, result: Any = None, *, connection: Any = None) -> None:
        """From doing to done, for good."""
        await self._become("done", result, connection)

    async def fail(self, reason: Any, *, connection: Any = None) -> None:
        """From doing to failed."""
        await self._become("failed", reason, connection)

    async def give_back(self, *, connection: Any = None) -> None:
        """From doing or failed back to todo."""
        await self._become("todo", None, connection)

    async def cancel(self, *, connection: Any = None) -> None:
        """From todo, doing or failed to cancelled, for good."""
        await self._become("cancelled", None, connection)

    async def _become(self, status: Status, result: Any, connection: Any) -> None:
        def change(task: TaskBeing) -> None:
            task._check_next(task.status, status)
            task.attributes |= {"status": status, "result": as_json(result)}
            task.remember(status)

        await self.update(change, connection=connection)

    def _take(self, row: Row) -> None:
        super()._take(row)
        self._was = self.status

    def _check(self) -> None:
        super()._check()
        if self.queue is not None:
            check_as(self.soul, _QUEUED, self.attributes)
        if (now := self.status) != (was := self._was or "todo"):
            self._check_next(was, now)

    def _written(self, now: Now, row: Row) -> None:
        super()._written(now, row)
        self._was = decode(now["attributes"]).get("status", "todo")

    def _check_next(self, was: str, wanted: str) -> None:
        allowed = NEXT.get(was, ())
        if wanted not in allowed:
            raise TaskNotReady(soul=self.soul, status=was, wanted=wanted, allowed=", ".join(allowed))


def _check_call(who: str, queue: str, key: str | None, priority: int, retries: int) -> None:
    """Raises where a task cannot be put so."""
    if not (isinstance(queue, str) and _QUEUE.fullmatch(queue)):
        raise TaskInvalid(field="queue", reason="queue", value=str(queue)[:80])
    for name, text, longest in (("who", who, _LONGEST_NAME), ("key", "-" if key is None else key, _LONGEST_KEY)):
        check_text(name, text)
        if not 0 < len(text) <= longest:
            raise TaskInvalid(field=name, reason="length", limit=longest)
    for name, number, range_ in (("priority", priority, PRIORITIES), ("retries", retries, RETRIES)):
        if isinstance(number, bool) or not isinstance(number, int) or number not in range_:
            raise TaskInvalid(field=name, reason="range", least=range_.start, most=range_.stop - 1)


def _granted(permissions: Iterable[str]) -> list[str]:
    """Permissions as they are kept: sorted, each once."""
    given = [permissions] if isinstance(permissions, str) else list(permissions)
    for each in given:
        if not (isinstance(each, str) and 0 < len(each) <= _LONGEST_NAME):
            raise TaskInvalid(field="permissions", reason="length", limit=_LONGEST_NAME)
        check_text("permissions", each)
    return sorted(set(given))


def _moment(due: datetime | None) -> str | None:
    """A moment as it is kept; one that says no zone is in UTC."""
    if due is None:
        return None
    if not isinstance(due, datetime):
        raise TaskInvalid(field="due", reason="moment")
    return (due if due.tzinfo else due.replace(tzinfo=UTC)).isoformat()
