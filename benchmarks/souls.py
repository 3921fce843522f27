"""How soon any version of a soul comes back, of a soul that has 1,000 ancestors.

Each version is read once right after a start of the server, for three starts; then five times more. It counts with its
median: the worst is the worst version, not the worst moment of the machine.
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
    """The seconds of each version after a start and later, and those of reading the newest from its living being."""
    if len(set(hashes)) != VERSIONS:
        raise RuntimeError(f"{len(set(hashes))} versions were written")
    order = random.Random(1).sample(hashes, len(hashes))  # noqa: S311 - it only has to be mixed
    cold: list[list[float]] = []
    starts = set()
    for _start in range(3):
        await asyncio.sleep(3)  # until the guardian has stopped the server
        async with open_bench_database(machine, "souls") as database:
            starts.add(await database.pool.fetchval("SELECT pg_postmaster_start_time()"))
            cold.append([await _seconds(lambda found=found: at(found)) for found in order])  # type: ignore[misc]
    if len(starts) != len(cold):
        raise RuntimeError("the server was not started anew")
    warm: list[list[float]] = []
    bare: list[float] = []
    async with open_bench_database(machine, "souls") as database:
        living = await database.pool.fetchval("SELECT soul FROM base_beings WHERE genesis @> '{\"version\": 1001}'")
        for _time in range(5):
            warm.append([])
            for found in order:
                warm[-1].append(await _seconds(lambda found=found: at(found)))  # type: ignore[misc]
                bare.append(await _seconds(lambda: BaseBeing.load(living)))
    return _medians(cold), _medians(warm), bare


def _medians(rounds: list[list[float]]) -> list[float]:
    """For each version the median of its rounds."""
    return [statistics.median(took) for took in zip(*rounds, strict=True)]


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began
