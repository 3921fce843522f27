"""Workers of this process: by themselves, as `luxos task work` starts one, or beside the service of `luxos up`."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from luxos.beings.queued import CPU, IO
from luxos.boot import System, system
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.runtime.tasks.schedules import Scheduler
from luxos.runtime.tasks.working import worker_of
from luxos.ui.defects import defect

_PAUSE = 5.0
"""Seconds before what ended with an error begins anew."""


async def work(settings: Settings, queue: str, until_empty: bool, ready: Callable[[], None]) -> None:
    """Carries out the tasks of a queue until SIGINT or SIGTERM, or until nothing is ready."""
    stop = asyncio.Event()
    with heard(signal.SIGTERM, stop.set), heard(signal.SIGINT, stop.set):
        async with system(settings) as opened:
            await opened.runtime()
            worker, scheduler = worker_of(queue, settings, opened.runtime), Scheduler(settings.queue_depth)
            ready()
            await scheduler.fire()
            scheduling = asyncio.create_task(scheduler.run())
            carrying = asyncio.create_task(worker.drain() if until_empty else worker.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({carrying, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            scheduling.cancel()
            if not carrying.done():
                carrying.cancel()
                await asyncio.wait({carrying})
            if not carrying.cancelled():
                carrying.result()


def working(opened: System) -> list[Callable[[], Awaitable[None]]]:
    """What the LuxOS in the background does besides answering: a worker for each of its queues, and what is due."""
    settings = opened.settings
    workers = [worker_of(queue, settings, opened.runtime).run for queue in (IO, CPU)]
    return [*workers, Scheduler(settings.queue_depth).run]


async def keep(opened: System, work: Callable[[], Awaitable[None]]) -> None:
    """Does something until it is cancelled; a database that is away is waited for."""
    while True:
        try:
            await opened.runtime()
            await work()
        except LuxError:
            pass  # whoever asks next is told
        except Exception as error:
            defect(error)
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
