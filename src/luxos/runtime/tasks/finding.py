"""Looking for tasks: one by its name, or some of them, the newest first."""

import re
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingAmbiguous
from luxos.beings.task import TaskBeing
from luxos.persistence.queries import queries
from luxos.runtime.tasks.errors import TaskUnknown

_BEGINNING = re.compile(r"[0-9a-f]{4,32}")
_SHOWN = 5


async def find_task(name: str) -> TaskBeing:
    """The task whose UUID begins so, with four digits or more; `TaskUnknown`, or `BeingAmbiguous` for several."""
    digits = name.strip().lower().replace("-", "")
    if not _BEGINNING.fullmatch(digits):
        raise TaskUnknown(name=name)
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    async with BaseBeing._borrowed(None) as lent:
        found = await lent.fetch(queries()["tasks_between"], first, last, _SHOWN + 1)
    if not found:
        raise TaskUnknown(name=name)
    if len(found) > 1:
        shown = ", ".join(str(row["soul"]) for row in found[:_SHOWN])
        raise BeingAmbiguous(name=name, candidates=shown + (", …" if len(found) > _SHOWN else ""))
    return await TaskBeing.load(found[0]["soul"])


async def newest_tasks(status: str | None, queue: str | None, limit: int) -> list[TaskBeing]:
    """Tasks of a status and of a queue, or of any, the newest first."""
    async with BaseBeing._borrowed(None) as lent:
        rows = await lent.fetch(
            queries()["newest_tasks" if status is None else "tasks_of_status"], queue, limit, status
        )
    return [TaskBeing._of(row) for row in rows]
