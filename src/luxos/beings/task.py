"""`TaskBeing`: something that is to be done, and goes from one status to the next by rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, cast

from luxos.beings.being import BaseBeing
from luxos.beings.errors import TaskNotReady
from luxos.beings.record import Row
from luxos.beings.shared import Now
from luxos.beings.typed import as_json
from luxos.persistence.json_codec import decode

Status = Literal["todo", "doing", "done", "failed"]
NEXT: Mapping[str, tuple[str, ...]] = {
    "todo": ("doing",),
    "doing": ("done", "failed", "todo"),
    "failed": ("todo",),
    "done": (),
}
"""What a task may become from each status; one that was given up is to be done again."""
ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "status": {"py_type": 'Literal["todo", "doing", "done", "failed"]', "default": "todo"},
    "priority": {"py_type": "int", "default": 0},
    "due": {"py_type": "datetime | None", "default": None},
    "result": {"py_type": "Any", "default": None},
}


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
        if (now := self.status) != (was := self._was or "todo"):
            self._check_next(was, now)

    def _written(self, now: Now, row: Row) -> None:
        super()._written(now, row)
        self._was = decode(now["attributes"]).get("status", "todo")

    def _check_next(self, was: str, wanted: str) -> None:
        allowed = NEXT.get(was, ())
        if wanted not in allowed:
            raise TaskNotReady(soul=self.soul, status=was, wanted=wanted, allowed=", ".join(allowed) or "-")
