"""Two LuxOS of different versions on one database: the older is refused with a sentence, and writes no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.plugins.command import Command

from luxos.beings import energy, memories
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.find import find
from luxos.beings.relationship import RelationshipBeing
from luxos.config import Settings
from luxos.errors import Exit
from luxos.persistence.database import Database, open_database
from luxos.persistence.errors import DatabaseBusy, DatabaseLost, DatabaseNewer
from luxos.persistence.pool import prepare
from luxos.persistence.queries import queries
from luxos.persistence.schema import SCHEMA_BEING, VERSION, Schema
from luxos.runtime.tasks.queue import Tasks

pytest_plugins = ("tests.plugins.command",)
UP = """
UPDATE base_beings SET attributes = (attributes - 'count') || jsonb_build_object('number', attributes -> 'count')
WHERE tags @> '{counted}';
"""
DOWN = UP.replace("count'", "number'").replace("'number', attributes -> 'number", "'count', attributes -> 'number")
KEPT = "SELECT array_agg(b::TEXT ORDER BY soul) FROM base_beings b"


@pytest.fixture
def newer(tmp_path: Path) -> Schema:
    """The schema after ours: what was called `count` is called `number`."""
    (tmp_path / f"{VERSION + 1:03}_renamed.up.sql").write_text(UP)
    (tmp_path / f"{VERSION + 1:03}_renamed.down.sql").write_text(DOWN)
    return Schema(VERSION + 1, tmp_path)


@pytest.fixture
async def admin(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The newer LuxOS, on its way in."""
    connection = await asyncpg.connect(**database.address.arguments())
    await prepare(connection)
    yield connection
    await connection.close()


async def counted(number: int = 0) -> BaseBeing:
    being = BaseBeing(tags=["counted"], genesis={"type": "note"}, attributes={"count": number})
    await being.save()
    return being


async def refused(doing: Callable[[], Awaitable[object]]) -> None:
    """It is `DatabaseNewer`; what the old connections were cut off from is told once as lost."""
    with pytest.raises((DatabaseNewer, DatabaseLost)) as caught:
        await doing()
    if caught.type is not DatabaseNewer:
        with pytest.raises(DatabaseNewer):
            await doing()


async def test_a_session_of_the_older_version_is_refused_whatever_it_does(
    database: Database, newer: Schema, admin: asyncpg.Connection
) -> None:
    being, other = await counted(1), await counted(2)
    await asyncio.gather(*(database.pool.execute("SELECT pg_sleep(0.05)") for _ in range(5)))
    await newer.ensure(admin)
    before = await admin.fetchval(KEPT)
    assert len(before) == 3

    async def read() -> None:
        async for _being in find(tags=["counted"]):
            pass

    async def forget() -> None:
        async for _forgotten in memories.forget_before(datetime.now(UTC), soul=being.soul, keep=0):
            pass

    being.attributes["count"] = 5
    fresh = [BaseBeing(genesis={"type": "note"}) for _ in range(3)]
    doings: list[Callable[[], Awaitable[object]]] = [
        being.save,
        lambda: other.update(lambda one: one.attributes.update(count=9)),
        lambda: save_all(fresh),
        RelationshipBeing(source_soul=being.soul, target_soul=other.soul).save,
        forget,
        lambda: energy.gain(being.soul, 1),
        lambda: Tasks(owner="ala", most=9).put("vat", 1),
        lambda: BaseBeing.load(being.soul),
        read,
    ]
    for doing in doings:
        await refused(doing)
    assert await admin.fetchval(KEPT) == before


async def test_what_the_older_version_was_in_the_middle_of_is_not_there(
    database: Database, newer: Schema, admin: asyncpg.Connection
) -> None:
    being = await counted(1)

    async def change() -> None:
        async with BaseBeing.transaction() as lent:
            being.attributes["count"] = 2
            await being.save(connection=lent)
            await asyncio.wait_for(newer.ensure(admin), 5)

    with pytest.raises(DatabaseLost):
        await change()
    kept = await admin.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", being.soul)
    assert kept == {"number": 1}
    being.attributes["count"] = 3
    await refused(being.save)


async def test_a_stream_of_the_older_version_ends_with_a_sentence(
    database: Database, newer: Schema, admin: asyncpg.Connection
) -> None:
    await save_all([BaseBeing(tags=["counted"], genesis={"type": "n"}, attributes={"count": n}) for n in range(2500)])
    seen = []

    async def read() -> None:
        async for being in find(tags=["counted"]):
            seen.append(being.attributes)
            if len(seen) == 1:
                await newer.ensure(admin)

    with pytest.raises((DatabaseLost, DatabaseNewer)):
        await read()
    assert 0 < len(seen) < 2500
    assert all("count" in attributes for attributes in seen)


async def test_writers_of_the_older_version_lose_nothing_that_they_were_told(
    database: Database, newer: Schema, admin: asyncpg.Connection
) -> None:
    told = await written_meanwhile(newer, admin)
    rows = await admin.fetch("SELECT soul, attributes FROM base_beings WHERE tags @> '{counted}'")
    assert [row["attributes"] for row in rows if "count" in row["attributes"]] == []
    for row in rows:
        lowest, highest = told[row["soul"]]
        assert lowest <= row["attributes"]["number"] <= highest


async def test_without_an_end_of_the_older_sessions_they_write_on(
    database: Database, newer: Schema, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: then rows are of the older shape in the newer database."""
    monkeypatch.setitem(queries()._texts, "end_sessions", "SELECT $1::TEXT")
    await counted(1)
    await newer.ensure(admin)
    being = await counted(2)
    kept = await admin.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", being.soul)
    assert kept == {"count": 2}


async def written_meanwhile(newer: Schema, admin: asyncpg.Connection) -> dict[Any, tuple[int, int]]:
    """Eight writers count until they are refused; for each being the number that was told, and that was tried."""
    beings = [await counted() for _ in range(8)]
    told = {being.soul: (0, 0) for being in beings}

    async def write(being: BaseBeing) -> None:
        for number in range(1, 1_000_000):
            told[being.soul] = (told[being.soul][0], number)
            being.attributes["count"] = number
            with suppress(DatabaseLost):
                await being.save()
                told[being.soul] = (number, number)

    writing = [asyncio.create_task(write(being)) for being in beings]
    await asyncio.sleep(0.3)
    await newer.ensure(admin)
    ended = await asyncio.wait_for(asyncio.gather(*writing, return_exceptions=True), 30)
    assert all(low > 0 for low, _high in told.values())
    assert {type(error) for error in ended} == {DatabaseNewer}
    return told


async def test_two_newer_ones_come_in_at_once(database: Database, newer: Schema, admin: asyncpg.Connection) -> None:
    others = [await asyncpg.connect(**database.address.arguments()) for _ in range(4)]
    for other in others:
        await prepare(other)
    await asyncio.gather(*(newer.ensure(one) for one in (admin, *others)))
    row = await admin.fetchrow("SELECT attributes, memories FROM base_beings WHERE soul = $1", SCHEMA_BEING)
    assert (row["attributes"]["version"], len(row["memories"])) == (VERSION + 1, 1)
    for other in others:
        await other.close()


async def test_somebody_else_in_the_tables_keeps_the_newer_one_out(
    database: Database, newer: Schema, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(queries()._texts, "limit_wait_for_locks", "SET LOCAL lock_timeout = '100ms'")
    being = await counted(1)
    person = await asyncpg.connect(**database.address.arguments())
    async with person.transaction():
        await person.execute("SELECT FROM base_beings")
        with pytest.raises(DatabaseBusy):
            await newer.ensure(admin)
    await person.close()
    with suppress(DatabaseLost):  # its connection was cut, and it is let in again
        await being.save()
    being.attributes["count"] = 2
    await being.save()
    assert (await BaseBeing.load(being.soul)).attributes == {"count": 2}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("pl", "Ta baza danych ma schemat 4, a ten LuxOS zna schematy do 3"), ("en", "This database has schema 4")],
)
async def test_an_older_program_is_refused_at_the_door(
    database: Database, newer: Schema, admin: asyncpg.Connection, quick_luxos: Command, language: str, sentence: str
) -> None:
    await counted(1)
    await newer.ensure(admin)
    before = await admin.fetchval(KEPT)
    ended = await asyncio.to_thread(quick_luxos, "being", "find", LUXOS_LANG=language)
    assert (ended.code, ended.out) == (Exit.NEWER_DATABASE, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert await admin.fetchval(KEPT) == before


async def test_after_the_way_back_the_older_version_goes_on(
    settings_with_database: Settings, database: Database, newer: Schema, admin: asyncpg.Connection
) -> None:
    being = await counted(1)
    await newer.ensure(admin)
    with pytest.raises(DatabaseNewer):
        async with open_database(settings_with_database):
            pass
    async with admin.transaction():
        await newer.migrate(admin, VERSION + 1, VERSION)
    with suppress(DatabaseLost):
        await being.save()
    being.attributes["count"] = 2
    await being.save()
    async with open_database(settings_with_database) as opened:
        kept = await opened.pool.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", being.soul)
    assert kept == {"count": 2}
