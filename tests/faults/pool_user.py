"""A worker process of LuxOS whose tasks do what these tests need, in the transaction of their end."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from tests.faults.working_user import do_one_thing_wrongly

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.config import Settings
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.lease import Lease
from luxos.runtime.tasks.worker import Worker
from luxos.ui import worker as program
from luxos.ui import working

MODULE = "tests.faults.pool_user"
CONTROL = "LUXOS_TEST_CONTROL"
AT_ONCE = Backoff(first=0.0)


async def effect(task: TaskBeing, connection: Any) -> int:
    """What a task does: `note NUMBER WHAT`, where WHAT says how its first attempt goes wrong."""
    number, what = task.args
    if task.token == 1 and what == "stalls":
        await asyncio.sleep(600)
    if task.token == 1 and what == "stops":
        os.kill(os.getpid(), signal.SIGSTOP)
    told = {"type": "effect", "number": number, "token": task.token, "pid": os.getpid()}
    await BaseBeing(genesis=told).save(connection=connection)
    while what == "meets" and await at_work() < 2:  # noqa: ASYNC110 - they are other processes
        await asyncio.sleep(0.02)
    return int(number)


async def at_work() -> int:
    """How many tasks are being done now."""
    found: int = await BaseBeing._pool().fetchval(
        "SELECT count(*) FROM base_beings WHERE tags @> '{task}' AND attributes ->> 'status' = 'doing'"
    )
    return found


def process(queue: str, settings: Settings, opened: Callable[[], Awaitable[Any]], soul: UUID) -> Worker:
    return Worker(effect, queue=queue, bound=1, lease=settings.task_lease, backoff=AT_ONCE, soul=soul)


def without_a_fence() -> None:
    """The negative control: a lease is not checked, and an end is written whoever has the task."""

    async def renewed(self: Lease) -> bool:
        return True

    do_one_thing_wrongly("no fence")
    Lease.renew = renewed  # type: ignore[method-assign]


if __name__ == "__main__":
    working.worker_process = process
    if os.environ.get(CONTROL):
        without_a_fence()
    sys.exit(program.main())
