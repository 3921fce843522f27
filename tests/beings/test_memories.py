"""Memories: every one is read back, once and in order, whatever is written, settled, bound or cut off meanwhile."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plugins.cutting import Cut, Cutting

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingStatic, BeingUnknown
from luxos.beings.memories import (
    CHAPTER,
    VOLUME,
    WINDOW,
    Forgotten,
    append,
    forget_before,
    history,
    numbered,
    overfull,
    settle,
)
from luxos.persistence.database import Database
from luxos.persistence.queries import queries

START = datetime(2026, 1, 1, tzinfo=UTC)


def memory(number: int) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=number)).isoformat(), "kind": "event", "n": number}


async def being_with(count: int) -> UUID:
    """A being that went through `count` things, one after the other."""
    being = BaseBeing(genesis={"type": "note"}, memories=[memory(number) for number in range(min(count, WINDOW))])
    await being.save()
    for number in range(WINDOW, count):
        await append(being.soul, memory(number))
    return being.soul


async def quickly(count: int) -> UUID:
    """The same, as one save of everything; the window is as long as it would be."""
    being = BaseBeing(genesis={"type": "note"}, memories=[memory(number) for number in range(count)])
    await being.save()
    await settle(being.soul)
    return being.soul


async def told(soul: UUID, **how: Any) -> list[int]:
    return [entry["n"] async for entry in history(soul, **how)]


async def faults(database: Database) -> list[Any]:
    return [dict(row) for row in await database.pool.fetch(queries()["check_memories"])]


async def shape(database: Database, soul: UUID) -> list[tuple[int, int, int]]:
    """Of each chapter: its first number, how many it says it holds, and how many it holds."""
    rows = await database.pool.fetch(
        "SELECT (r.attributes ->> 'first')::INT, (r.attributes ->> 'count')::INT, jsonb_array_length(b.memories)"
        " FROM relationships r JOIN base_beings b ON b.soul = r.target_soul"
        " WHERE r.source_soul = $1 AND r.tags @> '{memory}' ORDER BY 1",
        soul,
    )
    return [tuple(row) for row in rows]


async def window(database: Database, soul: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await database.pool.fetchval("SELECT memories FROM base_beings WHERE soul = $1", soul)
    return found


@pytest.mark.parametrize("count", [0, 1, WINDOW, WINDOW + 1, WINDOW + CHAPTER, WINDOW + CHAPTER + 1, 100])
async def test_appended_one_by_one_all_are_read(database: Database, count: int) -> None:
    soul = await being_with(count)
    assert await told(soul) == list(range(count))
    assert await told(soul, backwards=True) == list(reversed(range(count)))
    assert not overfull(await window(database, soul))
    assert await faults(database) == []


async def test_numbers_are_those_of_the_order_of_appending(database: Database) -> None:
    soul = await being_with(0)
    assert [await append(soul, memory(number)) for number in range(40)] == list(range(40))
    assert [(number, entry["n"]) async for number, entry in numbered(soul)] == [(n, n) for n in range(40)]


async def test_chapters_become_volumes(database: Database) -> None:
    count = 2 * VOLUME + 3 * CHAPTER + WINDOW
    soul = await quickly(count)
    loose = [(2 * VOLUME + part * CHAPTER, CHAPTER, CHAPTER) for part in range(3)]
    assert await shape(database, soul) == [(0, VOLUME, VOLUME), (VOLUME, VOLUME, VOLUME), *loose]
    assert await told(soul) == list(range(count))
    assert await told(soul, backwards=True) == list(reversed(range(count)))
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{memory}'") == 5


async def test_one_by_one_and_at_once_end_the_same(database: Database) -> None:
    count = VOLUME + WINDOW + 5 * CHAPTER + 3
    slow, fast = await being_with(count), await quickly(count)
    assert await shape(database, slow) == await shape(database, fast)
    assert await window(database, slow) == await window(database, fast)
    assert len(await window(database, slow)) == 1 + WINDOW - CHAPTER + 3


async def test_settling_twice_is_settling_once(database: Database) -> None:
    soul = await quickly(100)
    before = await window(database, soul), await shape(database, soul)
    await settle(soul)
    assert (await window(database, soul), await shape(database, soul)) == before
    await settle(uuid4())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(0, 3 * VOLUME),
    begin=st.integers(0, 3 * VOLUME + 10),
    backwards=st.booleans(),
    by_moment=st.booleans(),
)
async def test_from_any_number_or_moment_onwards_and_backwards(
    database: Database, count: int, begin: int, backwards: bool, by_moment: bool
) -> None:
    soul = await quickly(count)
    since = START + timedelta(seconds=begin) if by_moment else begin
    wanted = [n for n in range(count) if (n <= begin if backwards else n >= begin)]
    assert await told(soul, since=since, backwards=backwards) == (wanted[::-1] if backwards else wanted)


async def test_a_moment_is_found_however_it_was_written(database: Database) -> None:
    texts = ["2026-01-01T00:00:01+00:00", "2026-01-01T00:00:01.000000+00:00", "2026-01-01T00:00:01.5+00:00"]
    texts += ["2026-01-01T00:00:01.500000+00:00", "2026-01-01T00:00:02+00:00"]
    being = BaseBeing(genesis={}, memories=[{"at": at, "kind": "x", "n": n} for n, at in enumerate(texts)])
    await being.save()
    second = datetime(2026, 1, 1, 0, 0, 1)  # without a zone: in UTC
    assert await told(being.soul, since=second) == [0, 1, 2, 3, 4]
    assert await told(being.soul, since=second, backwards=True) == [1, 0]
    half = second + timedelta(milliseconds=500)
    assert await told(being.soul, since=half) == [2, 3, 4]
    assert await told(being.soul, since=half, backwards=True) == [3, 2, 1, 0]


async def test_values_move_into_chapters_as_they_are(database: Database) -> None:
    what = {"i": 1, "f": 1.0, "big": 2**70, "e": 1e22, "t": 'zażółć "{}" \\', "none": None, "in": [{"x": []}]}
    being = BaseBeing(genesis={}, memories=[{"at": "a", "kind": "x", **what, "n": n} for n in range(40)])
    await being.save()
    await settle(being.soul)
    found = [entry async for entry in history(being.soul)]
    assert found == [{"at": "a", "kind": "x", **what, "n": n} for n in range(40)]
    assert {(type(entry["i"]), type(entry["f"]), type(entry["e"])) for entry in found} == {(int, float, float)}


async def test_each_once_and_in_order_while_others_write_and_settle(database: Database) -> None:
    """Six writers, who settle whenever they like, and readers from all sides."""
    soul, each, chance = await being_with(0), 120, random.Random(7)  # noqa: S311 - it only has to be mixed
    done = asyncio.Event()

    async def write(writer: int) -> None:
        for number in range(each):
            await append(soul, {"kind": "w", "writer": writer, "n": number})
            if chance.random() < 0.2:
                await settle(soul)

    async def read(backwards: bool) -> int:
        seen = 0
        while not done.is_set():
            found = [(number, e["writer"], e["n"]) async for number, e in numbered(soul, backwards=backwards)]
            found = found[::-1] if backwards else found
            assert [number for number, _, _ in found] == list(range(len(found)))
            for writer in range(6):
                own = [n for _, who, n in found if who == writer]
                assert own == list(range(len(own)))
            assert len(found) >= seen
            seen = len(found)
        return seen

    readers = [asyncio.create_task(read(backwards)) for backwards in (False, True, False)]
    await asyncio.gather(*(write(writer) for writer in range(6)))
    done.set()
    await asyncio.gather(*readers)
    assert Counter([entry["writer"] async for entry in history(soul)]) == dict.fromkeys(range(6), each)
    assert await faults(database) == []


async def test_a_reader_between_two_pages_goes_on_where_it_was(database: Database) -> None:
    """The page it has is older than the chapters it goes on in: they were bound into volumes meanwhile."""
    soul = await quickly(VOLUME - CHAPTER + WINDOW)
    reader = numbered(soul)
    first = [await anext(reader) for _ in range(VOLUME // 2)]
    for number in range(VOLUME - CHAPTER + WINDOW, 2 * VOLUME):
        await append(soul, memory(number))
    rest = [pair async for pair in reader]
    assert (
        [number for number, _ in first + rest] == [entry["n"] for _, entry in first + rest] == list(range(2 * VOLUME))
    )


async def test_a_being_that_was_loaded_before_a_move_adds_what_it_remembers(database: Database) -> None:
    being = await BaseBeing.load(await quickly(3))
    for number in range(3, 60):
        being.memories.append(memory(number))
        await being.save()
    assert await told(being.soul) == list(range(60))
    other = await BaseBeing.load(being.soul)
    assert not overfull(other.memories)
    being.memories.append(memory(60))
    other.memories.append(memory(61))
    await being.save()
    await other.save()
    assert await told(being.soul) == list(range(62))


async def test_cut_off_between_any_two_writes_nothing_is_lost(database: Database) -> None:
    count = 2 * VOLUME + WINDOW
    being = BaseBeing(genesis={})
    await being.save()
    entries = [memory(number) for number in range(count)]
    await database.pool.execute("UPDATE base_beings SET memories = $2 WHERE soul = $1", being.soul, entries)
    for allowed in range(20):
        connection = await asyncpg.connect(database.dsn)
        await _codecs(connection)
        cutting = Cutting(connection, allowed)
        try:
            await settle(being.soul, connection=cutting)
        except (Cut, asyncpg.InterfaceError):
            assert await told(being.soul) == list(range(count))
            assert await shape(database, being.soul) == []
            assert await faults(database) == []
            continue
        finally:
            connection.terminate()
        break
    assert allowed == 3  # what moves the chapters, and what binds each of two volumes
    assert await told(being.soul) == list(range(count))
    assert len(await shape(database, being.soul)) == 2
    assert await faults(database) == []


async def _codecs(connection: Any) -> None:
    from luxos.persistence.pool import prepare

    await prepare(connection)


async def test_the_checks_of_these_tests_find_what_is_lost(database: Database) -> None:
    """Negative control: one memory taken out of a chapter, and one chapter taken away."""
    soul = await quickly(100)
    await database.pool.execute(
        "UPDATE base_beings SET memories = memories - 3 WHERE soul ="
        " (SELECT target_soul FROM relationships WHERE source_soul = $1 AND attributes ->> 'first' = '16')",
        soul,
    )
    assert await told(soul) != list(range(100))
    assert [fault["rule"] for fault in await faults(database)] == ["chapter"]
    await database.pool.execute("DELETE FROM relationships WHERE attributes ->> 'first' = '32'")
    assert {fault["rule"] for fault in await faults(database)} == {"chapter", "gap"}


async def test_chapters_that_something_refers_to_are_not_bound(database: Database) -> None:
    soul = await quickly(VOLUME)
    await database.pool.execute(
        "INSERT INTO relationships (id, source_soul, target_soul, genesis, attributes)"
        " SELECT gen_random_uuid(), source_soul, target_soul, '{}', '{}' FROM relationships"
        " WHERE source_soul = $1 AND attributes ->> 'first' = '80'",
        soul,
    )
    for number in range(VOLUME, VOLUME + WINDOW):
        await append(soul, memory(number))
    assert len(await shape(database, soul)) == VOLUME // CHAPTER
    assert await told(soul) == list(range(VOLUME + WINDOW))


async def test_what_is_no_memory_is_refused(database: Database) -> None:
    soul = await being_with(3)
    bad: list[Any] = [{}, {"kind": "earlier"}, {"kind": "forgotten"}, {"kind": "x", "n": float("nan")}, []]
    for entry in bad:
        with pytest.raises((BeingInvalid, TypeError)):
            await append(soul, entry)
    with pytest.raises(BeingUnknown):
        await append(uuid4(), {"kind": "x"})
    with pytest.raises(BeingUnknown):
        await told(uuid4())
    for since in (-1, 2**64, True):
        with pytest.raises(BeingInvalid):
            await told(soul, since=since)
    assert await told(soul) == [0, 1, 2]


async def test_nothing_is_appended_to_a_core_being(database: Database) -> None:
    core = await database.pool.fetchval("SELECT soul FROM base_beings WHERE tags @> '{core}' LIMIT 1")
    with pytest.raises(BeingStatic):
        await append(core, {"kind": "x"})


async def forgotten(**how: Any) -> list[Forgotten]:
    return [found async for found in forget_before(**how)]


async def test_forgetting_removes_whole_chapters_and_says_so(database: Database) -> None:
    soul = await quickly(100)  # 6 chapters, 4 in the row
    moment = START + timedelta(seconds=30)
    assert await forgotten(moment=moment, soul=soul) == []
    assert await forgotten(moment=moment, keep=0) == [Forgotten(soul, 16, memory(15)["at"])]
    entries = [entry async for entry in numbered(soul)]
    assert [number for number, _ in entries] == list(range(16, 101))
    assert [entry["n"] for _, entry in entries[:-1]] == list(range(16, 100))
    assert entries[-1][1] | {"at": ""} == {"at": "", "kind": "forgotten", "count": 16, "until": memory(15)["at"]}
    assert [number async for number, _ in numbered(soul, backwards=True)] == list(reversed(range(16, 101)))
    assert [number async for number, _ in numbered(soul, since=5)] == list(range(16, 101))
    assert await faults(database) == []


async def test_forgetting_keeps_the_newest_and_adds_up(database: Database) -> None:
    soul = await quickly(100)
    later = START + timedelta(days=1)
    assert [found.count for found in await forgotten(moment=later, keep=70)] == [16]
    assert [found.count for found in await forgotten(moment=later, keep=0)] == [80]
    assert (await window(database, soul))[0]["forgotten"] == 96
    assert await shape(database, soul) == []
    assert await faults(database) == []
    for number in range(100, 150):
        await append(soul, memory(number))
    numbers = [number async for number, _ in numbered(soul)]
    assert numbers == list(range(96, 152))
    assert await faults(database) == []


async def test_forgetting_goes_through_all_beings(database: Database) -> None:
    souls = {await quickly(40) for _ in range(3)} | {await quickly(5)}
    found = await forgotten(moment=START + timedelta(days=1), keep=0)
    assert {one.soul for one in found} < souls
    assert [one.count for one in found] == [32, 32, 32]


async def entries_of(soul: UUID) -> AsyncIterator[dict[str, Any]]:
    async for entry in history(soul):
        yield entry


async def test_writers_lose_nothing_while_the_past_is_forgotten(database: Database) -> None:
    soul = await quickly(VOLUME)

    async def write() -> None:
        for number in range(VOLUME, VOLUME + 200):
            await append(soul, memory(number))

    async def forget() -> int:
        total = 0
        for number in range(0, VOLUME + 80, 40):
            moment = START + timedelta(seconds=number)
            total += sum([found.count async for found in forget_before(moment, soul=soul, keep=0)])
        return total

    _, gone = await asyncio.gather(write(), forget())
    entries = [entry async for entry in entries_of(soul)]
    assert [e["n"] for e in entries if e["kind"] == "event"] == list(range(gone, VOLUME + 200))
    assert sum(e["count"] for e in entries if e["kind"] == "forgotten") == gone > 0
    assert await faults(database) == []
