"""What works on the queues of LuxOS itself: by the dispatcher, here, or in processes for what computes."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from luxos.beings.queued import CPU
from luxos.config import LOCAL, Settings
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.tasks.carrying import Carrier
from luxos.runtime.tasks.cluster import cluster
from luxos.runtime.tasks.pool import Engine, Pool
from luxos.runtime.tasks.processes import processes
from luxos.runtime.tasks.worker import Worker

Opened = Callable[[], Awaitable[Runtime]]
"""Gives the runtime as it is then, for a database may be opened anew meanwhile."""


class Works(Protocol):
    """Has the tasks of one queue carried out."""

    async def run(self) -> None:
        """Until it is cancelled."""

    async def drain(self) -> None:
        """Until nothing is ready."""


def worker_of(queue: str, settings: Settings, opened: Opened, module: str, environment: Mapping[str, str]) -> Works:
    """What works on a queue: for `cpu` processes that run `module`, of this machine or of the cluster, one task each.

    Any other queue is worked by this process. `environment` is what a process of the cluster needs of this one's.
    """
    if queue != CPU:
        return Worker(Carrier(opened), queue=queue, lease=settings.task_lease)
    engine: Callable[[], AbstractAsyncContextManager[Engine]] = processes(module, queue)
    if settings.cluster != LOCAL:
        engine = cluster(settings.cluster, module, queue, environment)
    return Pool(engine, queue, lease=settings.task_lease)


def worker_process(queue: str, settings: Settings, opened: Opened, soul: UUID) -> Worker:
    """The worker of one such process: one task at a time, under the lease that it was given."""
    return Worker(Carrier(opened), queue=queue, bound=1, lease=settings.task_lease, soul=soul)
