"""The lock of a workspace: many readers or one writer."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime.staging import WorkspaceLock


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_writer_is_alone_and_everybody_has_their_turn(writers: list[bool]) -> None:
    asyncio.run(_all_have_their_turn(writers))


async def _all_have_their_turn(writers: list[bool]) -> None:
    lock, inside, served = WorkspaceLock(), [], 0

    async def use(writer: bool) -> None:
        nonlocal served
        async with lock.writing() if writer else lock.reading():
            inside.append(writer)
            for _pause in range(3):
                await asyncio.sleep(0)
                assert inside == [True] if writer else True not in inside
            inside.remove(writer)
            served += 1

    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(use(writer))
    assert served == len(writers)


async def test_readers_are_together() -> None:
    lock, both = WorkspaceLock(), asyncio.Barrier(2)

    async def read() -> None:
        async with lock.reading():
            await asyncio.wait_for(both.wait(), 5)

    await asyncio.gather(read(), read())
