"""A writer of one being in a process of its own; run by test_writers.py.

`writer.py DSN SOUL TASKS SECONDS` writes for that long with so many tasks, then prints how often each wrote, as JSON.
"""

import asyncio
import json
import sys
import time
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict
from luxos.persistence.address import Address
from luxos.persistence.pool import Pool


async def write(soul: UUID, number: int, seconds: float) -> dict[str, int]:
    """Saves, updates and conflicts in turn; what was acknowledged is counted, and must be found in the row."""
    done = {"energy": 0, "memories": 0, "updates": 0, "guarded": 0, "refused": 0}
    until = time.monotonic() + seconds
    mine = await BaseBeing.load(soul)
    while time.monotonic() < until:
        mine.energy_level += 1
        mine.remember("wrote", by=number)
        await mine.save()
        done["energy"] += 1
        done["memories"] += 1
        await mine.update(_count)
        done["updates"] += 1
        done["guarded" if await _guarded(soul) else "refused"] += 1
    return done


def _count(being: BaseBeing) -> None:
    being.self_awareness["calls"] += 1
    being.energy_level -= 2


async def _guarded(soul: UUID) -> bool:
    """Counts on by what it read; `False` where another one did so meanwhile."""
    fresh = await BaseBeing.load(soul)
    fresh.attributes["n"] += 1
    try:
        await fresh.save()
    except BeingConflict:
        return False
    return True


async def writers(dsn: str, soul: UUID, numbers: range, seconds: float) -> list[dict[str, int]]:
    """Several of them at once, each with a connection when it needs one."""
    async with Pool(Address.of_dsn(dsn), None, size=len(numbers)) as pool:
        BaseBeing.db_pool = pool
        return await asyncio.gather(*(write(soul, number, seconds) for number in numbers))


if __name__ == "__main__":
    given, being, first, tasks, length = sys.argv[1:]
    span = range(int(first), int(first) + int(tasks))
    print(json.dumps(asyncio.run(writers(given, UUID(being), span, float(length)))))
