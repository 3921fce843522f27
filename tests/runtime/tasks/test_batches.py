"""Batches: how many are on their way at once, and that none is lost or keeps the others."""

import asyncio
from collections.abc import Sequence

import pytest

from luxos.errors import LuxError
from luxos.runtime.tasks.batches import Batches
from luxos.runtime.tasks.ending import Endings


class Disk:
    """Writes batches that are as slow as it is told."""

    def __init__(self) -> None:
        self.began: list[list[int]] = []
        self.open = asyncio.Event()
        self.most = self.now = 0

    async def write(self, items: Sequence[int]) -> list[int | Exception]:
        self.began.append(list(items))
        self.now += 1
        self.most = max(self.most, self.now)
        if -1 in items:
            await self.open.wait()
        await asyncio.sleep(0.001)
        self.now -= 1
        if 13 in items:
            raise LuxError(reason="refused")
        return [10 * item for item in items]


async def test_an_end_does_not_wait_for_the_ends_of_others() -> None:
    """The flood's batch hangs at the disk; the other's end is written all the same. With one at a time it is not."""
    assert Endings()._at_once == 2
    disk = Disk()
    for at_once, ends in ((2, True), (1, False)):
        batches = Batches(disk.write, lambda _item: 1, at_once)
        flood = asyncio.create_task(batches.put(-1))
        await asyncio.sleep(0.01)
        other = asyncio.create_task(batches.put(1))
        await asyncio.wait([other], timeout=0.2)
        assert other.done() is ends
        disk.open.set()
        assert await asyncio.gather(flood, other) == [-10, 10]
        disk.open.clear()


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_all_are_written_once_in_no_more_batches_than_may_be_on_their_way(at_once: int) -> None:
    disk = Disk()
    batches = Batches(disk.write, lambda _item: 1, at_once)
    puts = []
    for number in range(100):
        puts.append(asyncio.create_task(batches.put(number)))
        await asyncio.sleep(0)
    found = await asyncio.gather(*puts, return_exceptions=True)
    await batches.finish()
    assert [value for value in found if not isinstance(value, LuxError)] == [10 * n for n in range(100) if n != 13]
    assert disk.most == at_once
    written = [item for batch in disk.began for item in batch]
    assert set(written) == set(range(100))
    assert not batches._writers
