"""Work that is waited for to its end, whatever happens meanwhile; blocking work is done beside the event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finished(work: Awaitable[T]) -> T:
    """Awaits work to its end. A cancellation is passed on when the work has ended, never before it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # asked for, so that nobody complains that it was not
        raise cancelled
    return task.result()


async def to_the_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs the function in a thread, and is `finished` with it."""
    return await finished(asyncio.to_thread(function, *args, **kwargs))
