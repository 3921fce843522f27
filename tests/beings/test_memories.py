"""Memories are one stream, in order and complete, however many there are, whoever writes and whatever is cut off."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings import memories
from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingUnknown
from luxos.beings.memories import CHAPTER, VOLUME, WINDOW, Window, append, count, forget, history, settle
from luxos.persistence.database import Database


@pytest.fixture
async def soul(database: Database) -> UUID:
    being = BaseBeing(soul=uuid4(), genesis={"type": "note"})
    await being.save()
    return being.soul


async def numbers(soul: UUID, **how: Any) -> list[int]:
    return [memory["number"] async for memory in history(soul, **how) if "number" in memory]


async def fill(soul: UUID, amount: int, first: int = 0) -> None:
    for number in range(first, first + amount):
        await append(soul, "counted", number=number)


async def window(database: Database, soul: UUID) -> list[Any]:
    found: list[Any] = await database.pool.fetchval("SELECT memories FROM base_beings WHERE soul = $1", soul)
    return found


@pytest.mark.parametrize("amount", [0, 1, WINDOW, WINDOW + 1, WINDOW + 2, 100, VOLUME + WINDOW + 3])
async def test_the_stream_is_complete_and_in_order(database: Database, soul: UUID, amount: int) -> None:
    await fill(soul, amount)
    assert await numbers(soul) == list(range(amount))
    assert await numbers(soul, backwards=True) == list(range(amount))[::-1]
    assert await count(soul) == amount
    assert len(await window(database, soul)) <= WINDOW + 1


async def test_chapters_become_a_volume(database: Database, soul: UUID) -> None:
    await fill(soul, 2 * VOLUME + WINDOW)
    rows = await database.pool.fetch(
        "SELECT (attributes ->> 'first')::int AS first, (attributes ->> 'count')::int AS count FROM relationships "
        "WHERE tags @> '{memory}' ORDER BY 1"
    )
    assert [tuple(row) for row in rows][:2] == [(0, VOLUME), (VOLUME, VOLUME)]
    beings = await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{memory}'")
    assert beings == len(rows)


@pytest.mark.parametrize("backwards", [False, True])
async def test_it_reads_from_any_number(soul: UUID, backwards: bool) -> None:
    await fill(soul, 70)
    for start in (0, 1, CHAPTER - 1, CHAPTER, 40, 69):
        wanted = list(range(start, -1, -1)) if backwards else list(range(start, 70))
        assert await numbers(soul, start=start, backwards=backwards) == wanted
    assert await numbers(soul, start=-1) == []
    assert await numbers(soul, start=70) == []


@pytest.mark.parametrize("backwards", [False, True])
async def test_it_reads_from_any_moment(database: Database, backwards: bool) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    being = BaseBeing(soul=uuid4(), genesis={"type": "note"})
    await being.save()
    for number in range(60):
        at = (began + timedelta(hours=number)).isoformat()
        await database.pool.execute(
            "UPDATE base_beings SET memories = memories || jsonb_build_object('at', $2::text, 'kind', 'x', 'number', "
            "$3::int) WHERE soul = $1",
            *(being.soul, at, number),
        )
        await settle(being.soul)
    for hour in (-1, 0, 1, 7, 8, 30, 59, 60):
        moment = began + timedelta(hours=hour)
        wanted = [n for n in range(60) if (n <= hour if backwards else n >= hour)]
        assert await numbers(being.soul, start=moment, backwards=backwards) == (wanted[::-1] if backwards else wanted)


async def test_a_being_that_holds_its_window_adds_what_it_remembers(soul: UUID) -> None:
    being = await BaseBeing.load(soul)
    for number in range(50):
        being.remember("counted", number=number)
        await being.save()
    assert await numbers(soul) == list(range(50))
    other = await BaseBeing.load(soul)
    assert len(other.memories) <= WINDOW + 1
    being.remember("counted", number=50)
    other.remember("counted", number=51)
    await being.save()
    await other.save()
    assert await numbers(soul) == list(range(52))


async def test_writers_at_once_lose_nothing_and_readers_see_each_once(soul: UUID) -> None:
    async def write(writer: int) -> None:
        for number in range(60):
            await append(soul, "counted", writer=writer, number=number)

    async def read() -> None:
        for _time in range(10):
            seen = [(memory["writer"], memory["number"]) async for memory in history(soul)]
            assert len(seen) == len(set(seen))
            for writer in range(6):
                own = [number for who, number in seen if who == writer]
                assert own == list(range(len(own)))

    await asyncio.gather(*(write(writer) for writer in range(6)), read())
    assert len([memory async for memory in history(soul)]) == 360


@pytest.mark.parametrize("cut", range(4))
async def test_a_move_that_is_cut_off_loses_nothing(
    database: Database, soul: UUID, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement number `cut` of a move fails: the transaction is as if it had never begun."""
    await database.pool.execute(
        "UPDATE base_beings SET memories = (SELECT jsonb_agg(jsonb_build_object('at', '2026-01-01', 'kind', 'x', "
        "'number', n) ORDER BY n) FROM generate_series(0, 39) AS n) WHERE soul = $1",
        soul,
    )
    real, made = memories._write, 0

    async def failing(*arguments: Any) -> None:
        nonlocal made
        made += 1
        if made > cut:
            raise ArithmeticError
        await real(*arguments)

    monkeypatch.setattr(memories, "_write", failing)
    if cut < 3:
        with pytest.raises(ArithmeticError):
            await settle(soul)
        assert len(await window(database, soul)) == 40
        assert await database.pool.fetchval("SELECT count(*) FROM relationships") == 0
    else:
        await settle(soul)
    assert await numbers(soul) == list(range(40))


async def test_a_move_without_its_transaction_would_show(database: Database, soul: UUID) -> None:
    """The negative control: a chapter that was written while the window was not cut gives memories twice."""
    await fill(soul, 60)
    whole = await numbers(soul)
    head, *rest = await window(database, soul)
    await database.pool.execute(
        "UPDATE base_beings SET memories = $2 WHERE soul = $1", soul, [{**head, "count": head["count"] - 8}, *rest]
    )
    assert await numbers(soul) != whole


async def test_forgetting_removes_whole_old_chapters_and_says_so(database: Database, soul: UUID) -> None:
    await fill(soul, 100)
    gone = await forget(soul, keep=50)
    assert 0 < gone <= 50
    assert await numbers(soul) == list(range(gone, 100))
    assert await numbers(soul, backwards=True) == list(range(99, gone - 1, -1))
    assert await numbers(soul, start=3) == list(range(gone, 100))
    last = [memory async for memory in history(soul)][-1]
    assert (last["kind"], last["count"]) == ("forgotten", gone)
    assert Window.of(await window(database, soul)).forgotten == gone
    await fill(soul, 40, first=100)
    assert await numbers(soul) == list(range(gone, 140))
    assert await forget(soul, before=datetime(2000, 1, 1, tzinfo=UTC), keep=0) == 0


async def test_a_being_that_is_not_there_has_no_memories(database: Database) -> None:
    for call in (append(uuid4(), "x"), settle(uuid4()), count(uuid4()), forget(uuid4())):
        with pytest.raises(BeingUnknown):
            await call
    with pytest.raises(BeingUnknown):
        await numbers(uuid4())
