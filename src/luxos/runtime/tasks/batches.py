"""Writing what came meanwhile in one go, so that many wait for the disk once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

import asyncpg

from luxos.errors import LuxError
from luxos.runtime.tasks.away import GONE

Item = TypeVar("Item")
Result = TypeVar("Result")
_REFUSED = (asyncpg.PostgresError, LuxError)
_MOST, _BYTES = 500, 16_000_000


class Batches(Generic[Item, Result]):
    """`write` takes items and gives a result for each, in their order: a value, or the error that it is to raise.

    Where a batch is refused its items are written one by one, so that one does not keep the others. `at_once` batches
    are on their way at the most; with two, what comes does not wait for the disk that others wait for.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        size: Callable[[Item], int],
        at_once: int = 1,
    ) -> None:
        self._write, self._size, self._at_once = write, size, at_once
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writers: set[asyncio.Task[None]] = set()

    async def put(self, item: Item) -> Result:
        """The result of an item, once it is on the disk; an error where it could not be written."""
        written: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if len(self._writers) < self._at_once:
            writer = asyncio.create_task(self._write_all())
            self._writers.add(writer)
        return await asyncio.shield(written)

    async def finish(self) -> None:
        """Waits until everything is written that is to be."""
        while self._writers:
            await asyncio.wait(self._writers)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._written(self._taken())
        finally:
            self._writers.remove(cast("asyncio.Task[None]", asyncio.current_task()))

    def _taken(self) -> list[tuple[Item, "asyncio.Future[Result]"]]:
        """What goes next: the first that wait, up to a number and to so many bytes."""
        count, left = 0, _BYTES
        for item, _written in self._waiting[:_MOST]:
            left -= self._size(item)
            if count and left < 0:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _written(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._write([item for item, _written in batch])
        except Exception as error:
            if len(batch) > 1 and isinstance(error, _REFUSED) and not isinstance(error, GONE):
                for one in batch:
                    await self._written([one])
                return
            results = [error] * len(batch)
        for (_item, written), result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                written.set_exception(result)
                written.exception()  # whoever waited may be gone
            else:
                written.set_result(result)
