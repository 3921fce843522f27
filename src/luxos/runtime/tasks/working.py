"""The workers of LuxOS itself: each carries out one queue's tasks by the dispatcher."""

import os
from collections.abc import Awaitable, Callable

from luxos.beings.queued import CPU
from luxos.config import Settings
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.tasks.carrying import Carrier
from luxos.runtime.tasks.worker import BOUND, Worker


def worker_of(queue: str, settings: Settings, opened: Callable[[], Awaitable[Runtime]]) -> Worker:
    """A worker for a queue: of `cpu` one task at a time for each core, of any other as many as a worker carries.

    Code runs in processes of the sandbox whatever the queue; the queue says only how many of them at once.
    """
    places = max(1, len(os.sched_getaffinity(0))) if queue == CPU else BOUND
    return Worker(Carrier(opened), queue=queue, bound=places, lease=settings.task_lease)
