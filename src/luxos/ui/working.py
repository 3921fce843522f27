"""Workers of this process: by themselves, as `luxos task work` starts one, or beside the service of `luxos up`."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from uuid import UUID

from luxos.beings.queued import CPU, IO
from luxos.boot import System, system
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.runtime.tasks.cluster import check_cluster
from luxos.runtime.tasks.pool import IDLE
from luxos.runtime.tasks.schedules import Scheduler
from luxos.runtime.tasks.working import Works, worker_of, worker_process
from luxos.ui.defects import defect

_PAUSE = 5.0
"""Seconds before what ended with an error begins anew."""
_PROCESS = "luxos.ui.worker"
_TOLD = "LUXOS_"
"""How the variables begin that a process of the cluster is told."""


async def work(settings: Settings, queue: str, until_empty: bool, ready: Callable[[], None]) -> None:
    """Carries out the tasks of a queue until SIGINT or SIGTERM, or until nothing is ready."""
    stop = asyncio.Event()
    with heard(signal.SIGTERM, stop.set), heard(signal.SIGINT, stop.set):
        async with system(settings) as opened:
            if queue == CPU:
                await check_cluster(settings)
            await opened.runtime()
            worker, scheduler = _worker(queue, opened), Scheduler(settings.queue_depth)
            ready()
            await scheduler.fire()
            scheduling = asyncio.create_task(scheduler.run())
            await _until(stop, worker.drain() if until_empty else worker.run())
            scheduling.cancel()


async def work_alone(settings: Settings, queue: str, soul: UUID) -> None:
    """Carries out tasks of a queue under a lease, one at a time, until SIGTERM, or until there was nothing for long."""
    stop = asyncio.Event()
    with heard(signal.SIGTERM, stop.set):
        async with system(settings) as opened:
            await opened.runtime()
            await _until(stop, worker_process(queue, settings, opened.runtime, soul).drain(IDLE))


async def _until(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Does something to its end, or until `stop` is set."""
    carrying, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({carrying, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not carrying.done():
        carrying.cancel()
        await asyncio.wait({carrying})
    if not carrying.cancelled():
        carrying.result()


def _worker(queue: str, opened: System) -> Works:
    told = {name: value for name, value in os.environ.items() if name.startswith(_TOLD)}
    return worker_of(queue, opened.settings, opened.runtime, _PROCESS, told)


def working(opened: System) -> list[Callable[[], Awaitable[None]]]:
    """What the LuxOS in the background does besides answering: a worker for each of its queues, and what is due."""
    settings = opened.settings
    workers = [_worker(queue, opened).run for queue in (IO, CPU)]
    return [*workers, Scheduler(settings.queue_depth).run]


async def keep(opened: System, work: Callable[[], Awaitable[None]]) -> None:
    """Does something until it is cancelled; a database or a cluster that is away is waited for.

    The log (standard error) says so once; whoever asks (`luxos queue`, `luxos doctor`) is told too. Where ending the
    work fails, the error takes the place of the cancellation, and it is over all the same.
    """
    said, itself = "", asyncio.current_task()
    while True:
        try:
            await opened.runtime()
            await work()
        except LuxError as error:
            if str(error) != said:
                said = str(error)
                sys.stderr.write(f"{said}\n")
        except Exception as error:
            defect(error)
        if itself is not None and itself.cancelling():
            return
        await asyncio.sleep(_PAUSE)


@contextmanager
def heard(number: signal.Signals, then: Callable[[], object]) -> Iterator[None]:
    """A signal does something of ours for the length of the block, in place of ending the process."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(number, then)
    try:
        yield
    finally:
        loop.remove_signal_handler(number)
