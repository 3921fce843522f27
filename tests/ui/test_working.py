"""What LuxOS in the background does besides answering ends when it is told to."""

import asyncio
from types import SimpleNamespace
from typing import Any

from luxos.persistence.errors import DatabaseLost
from luxos.ui.working import keep


async def test_an_error_in_its_ending_keeps_nothing_at_work() -> None:
    """The database goes away while a worker gives back what it has: `luxos up` went on for ever after `luxos down`."""
    begun = asyncio.Event()

    async def runtime() -> None:
        return

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise DatabaseLost(reason="dropped") from None

    opened: Any = SimpleNamespace(runtime=runtime)
    kept = asyncio.create_task(keep(opened, work))
    await begun.wait()
    kept.cancel()
    done, _pending = await asyncio.wait({kept}, timeout=2)
    kept.cancel()
    assert done == {kept}
