"""How soon any version of a soul comes back, of a soul that has 1,000 ancestors.

Right after a start of the server each version is read once. Then each is read five times, and counts with its median:
the worst is the worst version, not the worst moment of the machine.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.being import BaseBeing
from luxos.souls.aliases import history
from luxos.souls.registry import Soul, at

VERSIONS = 1001
LINE = (
    "    total = total + rate * {number}  # step {number} of a source that only grows, which is the slowest to read\n"
)
MOST = 0.020


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark: each version the first time after a start of the server, then again."""
    hashes = asyncio.run(_write(machine))
    cold, warm, bare = asyncio.run(_read(machine, hashes))
    whole = f"its row kept whole {statistics.median(bare) * 1000:.1f} ms"
    for what, took in (("the server just started", cold), ("again", warm)):
        said = f"{statistics.median(took) * 1000:.1f} ms, worst {max(took) * 1000:.1f} ms"
        yield Figure(f"any version of 1,001, {what}", said, whole, "20 ms, the worst", max(took) < MOST)


async def _write(machine: Machine) -> list[str]:
    """A soul that grows by a line 1,000 times; the hashes of all its versions."""
    source = "def function(rate):\n    total = 0\n"
    async with open_bench_database(machine, "souls"):
        for number in range(VERSIONS):
            await Soul.register({"type": "function", "tier": "isolated", "source": source}, alias="grown")
            source += LINE.format(number=number)
        return [entry["hash"] for entry in await history("grown") if entry["kind"] == "version"]


async def _read(machine: Machine, hashes: list[str]) -> tuple[list[float], list[float], list[float]]:
    if len(set(hashes)) != VERSIONS:
        raise RuntimeError(f"{len(set(hashes))} versions were written")
    order = random.Random(1).sample(hashes, len(hashes))  # noqa: S311 - it only has to be mixed
    async with open_bench_database(machine, "souls") as database:
        cold = [await _seconds(lambda found=found: at(found)) for found in order]  # type: ignore[misc]
        living = await database.pool.fetchval("SELECT soul FROM base_beings WHERE genesis @> '{\"version\": 1001}'")
        warm: dict[str, list[float]] = {found: [] for found in order}
        bare = []
        for _time in range(5):
            for found in order:
                warm[found].append(await _seconds(lambda found=found: at(found)))  # type: ignore[misc]
                bare.append(await _seconds(lambda: BaseBeing.load(living)))
    return cold, [statistics.median(took) for took in warm.values()], bare


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began
