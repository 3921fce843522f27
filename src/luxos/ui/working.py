"""Workers of this process: by themselves, as `luxos task work` starts one, or beside the service of `luxos up`."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from luxos.boot import System, system
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.runtime.tasks.working import worker_of
from luxos.ui.defects import defect

_PAUSE = 5.0
"""Seconds before a worker that ended with an error begins anew."""


async def work(settings: Settings, queue: str, until_empty: bool, ready: Callable[[], None]) -> None:
    """Carries out the tasks of a queue until SIGINT or SIGTERM, or until nothing is ready."""
    stop = asyncio.Event()
    with heard(signal.SIGTERM, stop.set), heard(signal.SIGINT, stop.set):
        async with system(settings) as opened:
            await opened.runtime()
            worker = worker_of(queue, settings, opened.runtime)
            ready()
            working = asyncio.create_task(worker.drain() if until_empty else worker.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not working.done():
                working.cancel()
                await asyncio.wait({working})
            if not working.cancelled():
                working.result()


async def keep_working(opened: System, queue: str) -> None:
    """Carries out the tasks of a queue until it is cancelled; a database that is away is waited for."""
    while True:
        try:
            await opened.runtime()
            await worker_of(queue, opened.settings, opened.runtime).run()
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
