"""Sixteen writers of one being: whatever was acknowledged is there, once, and nothing else.

The negative control writes without the guard, and loses updates.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.beings.writer import write

from luxos.beings.being import BaseBeing
from luxos.beings.memories import history
from luxos.persistence.database import Database

pytestmark = pytest.mark.slow

WRITERS = 16
SHORT, LONG = 2.0, 10.0


async def one_being() -> BaseBeing:
    being = BaseBeing(attributes={"n": 0}, self_awareness={"calls": 0}, energy_level=1000)
    await being.save()
    return being


async def check(being: BaseBeing, said: list[dict[str, int]]) -> None:
    """The row's sums are those of the writers."""
    total: Counter[str] = Counter()
    for one in said:
        total.update(one)
    found = await BaseBeing.load(being.soul)
    assert len(said) == WRITERS
    assert total["guarded"] > 0
    assert total["refused"] > 0, "they never met"
    assert found.attributes["n"] == total["guarded"]
    assert found.self_awareness["calls"] == total["updates"]
    assert found.energy_level == 1000 + total["energy"] - 2 * total["updates"]
    by = Counter([memory["by"] async for memory in history(being.soul)])
    assert by == Counter({number: one["memories"] for number, one in enumerate(said)})


@pytest.mark.parametrize("seconds", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
async def test_sixteen_tasks_lose_nothing(database: Database, seconds: float) -> None:
    being = await one_being()
    said = await asyncio.gather(*(write(being.soul, number, seconds) for number in range(WRITERS)))
    await check(being, said)


@pytest.mark.parametrize("seconds", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
async def test_four_processes_lose_nothing(database: Database, seconds: float) -> None:
    being, each = await one_being(), WRITERS // 4
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).with_name("writer.py"))),
            *(database.dsn, str(being.soul), str(first), str(each), str(seconds)),
            stdout=asyncio.subprocess.PIPE,
        )
        for first in range(0, WRITERS, each)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * 4
    await check(being, [one for output, _error in outputs for one in json.loads(output)])


async def test_without_the_guard_updates_are_lost(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests above would see: the same writers, and an UPDATE that does not look."""
    being = await one_being()

    async def unguarded(self: BaseBeing, *, connection: object = None) -> None:
        await database.pool.execute(
            "UPDATE base_beings SET attributes = attributes || $2 WHERE soul = $1", self.soul, self.attributes
        )

    async def count(times: int) -> None:
        for _time in range(times):
            fresh = await BaseBeing.load(being.soul)
            fresh.attributes["n"] += 1
            await fresh.save()

    monkeypatch.setattr(BaseBeing, "save", unguarded)
    await asyncio.gather(*(count(20) for _writer in range(WRITERS)))
    assert (await BaseBeing.load(being.soul)).attributes["n"] < 20 * WRITERS
