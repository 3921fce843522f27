"""A stream that is being read while another session writes, deletes, purges, compacts, or the server is restarted."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.plugins.sampling import WHOLE

import luxos
from luxos.beings import channel as channels
from luxos.beings import removal
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.channel import Channel
from luxos.beings.errors import BeingDeleted, BeingUnknown
from luxos.beings.find import find, page
from luxos.beings.memories import VOLUME, append, forget_before, numbered, settle
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database, open_database
from luxos.persistence.errors import DatabaseLost
from luxos.persistence.server import serving

MANY = 1300
"""Beings: three pages of a stream."""
LONG = 3 * VOLUME
"""Memories: three pages of one."""


@pytest.fixture
async def other(settings_with_database: Settings, database: Database) -> AsyncIterator[Any]:
    """A connection of another session."""
    async with open_database(settings_with_database) as opened, opened.pool.acquire() as lent:
        yield lent


async def remembering(count: int) -> UUID:
    being = BaseBeing(genesis={"type": "note"})
    await being.save()
    memory = {"at": datetime.now(UTC).isoformat(), "kind": "counted"}
    await BaseBeing._pool().execute(
        "UPDATE base_beings SET memories = (SELECT jsonb_agg($2::JSONB || jsonb_build_object('n', n) ORDER BY n)"
        " FROM generate_series(0, $3 - 1) AS n) WHERE soul = $1",
        being.soul, memory, count,
    )  # fmt: skip
    await settle(being.soul)
    return being.soul


async def notes(count: int) -> list[UUID]:
    made = [BaseBeing(tags=["noted"], genesis={"type": "note"}, attributes={"n": n}) for n in range(count)]
    await save_all(made)
    return sorted(being.soul for being in made)


async def purge(soul: UUID, connection: Any) -> None:
    await removal.purge(soul, confirm=await removal.purge_preview(soul, connection=connection), connection=connection)


async def test_memories_go_on_to_what_is_appended_meanwhile(database: Database, other: Any) -> None:
    soul = await remembering(LONG)
    seen = []
    async for number, _memory in numbered(soul):
        if number in (0, LONG - 1):
            await append(soul, {"at": datetime.now(UTC).isoformat(), "kind": "counted"}, connection=other)
            await settle(soul, connection=other)
        seen.append(number)
    assert seen[: LONG + 1] == list(range(LONG + 1))
    assert len(seen) in (LONG + 1, LONG + 2)  # the last one came when the last page had been read, or before


@pytest.mark.parametrize("backwards", [False, True])
async def test_memories_that_are_forgotten_meanwhile_are_missing_and_none_comes_twice(
    database: Database, other: Any, backwards: bool
) -> None:
    soul = await remembering(LONG)
    seen: list[int] = []
    async for number, _memory in numbered(soul, backwards=backwards):
        if not seen:
            told = [one async for one in forget_before(datetime.now(UTC), soul=soul, keep=100, connection=other)]
            (gone,) = [one.count for one in told]
        seen.append(number)
    assert gone > VOLUME
    assert seen == sorted(set(seen), reverse=backwards)
    there = set(range(gone, LONG))
    assert there <= set(seen)
    assert LONG <= max(seen) + 1 <= LONG + 1  # that they were forgotten is a memory too


@pytest.mark.parametrize("backwards", [False, True])
async def test_memories_of_a_being_that_is_purged_meanwhile_end_with_an_error(
    database: Database, other: Any, backwards: bool
) -> None:
    soul = await remembering(LONG)
    seen = []

    async def read() -> None:
        async for number, _memory in numbered(soul, backwards=backwards):
            if not seen:
                await purge(soul, other)
            seen.append(number)

    with pytest.raises(BeingUnknown):
        await read()
    assert 0 < len(seen) < LONG


async def test_memories_of_a_being_that_is_deleted_meanwhile_are_read_to_their_end(
    database: Database, other: Any
) -> None:
    soul = await remembering(LONG)
    seen = []
    async for number, _memory in numbered(soul):
        if not seen:
            await removal.delete(soul, connection=other)
        seen.append(number)
    assert seen == list(range(LONG))


async def test_what_is_found_is_what_is_there_when_its_page_is_read(database: Database, other: Any) -> None:
    every = await notes(MANY)
    deleted, purged, changed, untagged = every[-1], every[-2], every[-3], every[-4]
    seen: dict[UUID, Any] = {}
    async for being in find(tags=["noted"]):
        if not seen:
            await removal.delete(deleted, connection=other)
            await purge(purged, other)
            for soul in (every[1], changed):
                one = await BaseBeing.load(soul, connection=other)
                one.attributes["n"] = -1
                await one.save(connection=other)
            await other.execute("UPDATE base_beings SET tags = '{}' WHERE soul = $1", untagged)
        assert being.soul not in seen
        seen[being.soul] = being.attributes["n"]
    assert set(every) - set(seen) == {deleted, purged, untagged}
    assert (seen[changed], seen[every[1]] >= 0) == (-1, True)  # of a page that was read before, as it was then


async def test_what_was_found_and_went_meanwhile_is_refused_when_it_is_saved(database: Database, other: Any) -> None:
    await notes(3)
    found = [being async for being in find(tags=["noted"])]
    await removal.delete(found[0].soul, connection=other)
    await purge(found[1].soul, other)
    for being, error in zip(found, (BeingDeleted, BeingUnknown), strict=False):
        being.attributes["n"] = 9
        with pytest.raises(error):
            await being.save()


async def test_a_stream_of_one_moment_sees_nothing_of_what_happens_after_it(database: Database, other: Any) -> None:
    every = await notes(MANY)
    seen: dict[UUID, Any] = {}
    async for being in BaseBeing.stream(chunk=10):
        if not seen:
            await purge(every[-2], other)
            await removal.delete(every[-1], connection=other)
            await other.execute("UPDATE base_beings SET attributes = '{\"n\": -1}' WHERE tags = '{noted}'")
        seen[being.soul] = being.attributes["n"] if "noted" in being.tags else None
    assert {seen[soul] for soul in every} == set(range(MANY))


async def test_messages_of_a_channel_that_is_purged_meanwhile_end_with_an_error(
    database: Database, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "POLL", 0.3)
    one, two = BaseBeing(genesis={"type": "a"}), BaseBeing(genesis={"type": "b"})
    await save_all([one, two])
    channel = await Channel.between(one.soul, two.soul)
    for number in range(5):
        await channel.send(number)
    seen = []

    async def read() -> None:
        async for message in channel.messages():
            seen.append(message.body)
            if message.body == 1:
                going.append(asyncio.create_task(purge(two.soul, other)))
                await asyncio.sleep(0.1)

    going: list[asyncio.Task[None]] = []
    with pytest.raises(BeingUnknown):
        await asyncio.wait_for(read(), 30)
    await asyncio.gather(*going)
    assert seen[:2] == [0, 1]
    with pytest.raises(BeingUnknown):
        await channel.send(9)


async def test_a_message_that_another_session_deletes_is_not_read(database: Database, other: Any) -> None:
    one, two = BaseBeing(genesis={"type": "a"}), BaseBeing(genesis={"type": "b"})
    await save_all([one, two])
    channel = await Channel.between(one.soul, two.soul)
    sent = [await channel.send(number) for number in range(4)]
    seen = []
    async for message in channel.messages(timeout=0):
        if not seen:
            await removal.delete(sent[2].soul, connection=other)
        seen.append(message.body)
    assert seen == [0, 1, 3]


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a server of its own."""
    monkeypatch.delenv("LUXOS_DSN", raising=False)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    monkeypatch.setenv("LUXOS_DATABASE_LINGER", "0.5")
    return settings.home


Moment = Callable[[], Awaitable[None]]


class Readers:
    """A reader of each kind, which goes on where it was; when each is in its middle, the server is restarted."""

    def __init__(self, settings: Settings, remembering: UUID, channel: Channel) -> None:
        self._settings, self._soul, self._channel = settings, remembering, channel
        self._middle = asyncio.Barrier(4)
        self._key: str | None = None
        self.memories: list[int] = []
        self.found: list[UUID] = []
        self.messages: list[Any] = []
        self.stream: list[UUID] = []

    async def whole(self) -> list[int]:
        """Reads all to the end; how often each lost the database meanwhile."""
        reads = (self.read_memories, self.read_pages, self.read_messages, self.read_stream)
        return await asyncio.gather(*(self._whole(read) for read in reads))

    async def _whole(self, read: Callable[[Moment], Awaitable[None]]) -> int:
        left = 7

        async def moment() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                if await self._middle.wait() == 0:
                    await asyncio.to_thread(restart, self._settings)
                await self._middle.wait()

        for lost in range(9):
            try:
                await read(moment)
            except DatabaseLost:
                await asyncio.sleep(0.1)
            else:
                return lost
        pytest.fail("it does not come to its end")

    async def read_memories(self, moment: Moment) -> None:
        async for number, _memory in numbered(self._soul, since=len(self.memories)):
            self.memories.append(number)
            await moment()

    async def read_pages(self, moment: Moment) -> None:
        while True:
            got = await page("tag:noted", limit=100, after=self._key)
            self.found.extend(being.soul for being in got.beings)
            if (key := got.next_key) is None:
                return
            self._key = key
            await moment()

    async def read_messages(self, moment: Moment) -> None:
        async for message in self._channel.messages(timeout=0.5):
            await moment()
            self.messages.append(message.body)

    async def read_stream(self, moment: Moment) -> None:
        self.stream = []
        async for being in BaseBeing.stream(chunk=10):
            self.stream.append(being.soul)
            await moment()


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE, reason="left to `make faults`")
async def test_streams_over_a_restart_end_whole_or_with_a_sentence_and_go_on_where_they_were(
    home: Path, settings: Settings
) -> None:
    async with luxos.open(home) as lux:
        every = await notes(MANY)
        channel = await lux.channel(await BaseBeing.load(every[0]), await BaseBeing.load(every[1]))
        for number in range(20):
            await channel.send(number)
        readers = Readers(settings, await remembering(LONG), channel)
        lost = await asyncio.wait_for(readers.whole(), 60)
    assert readers.memories == list(range(LONG))
    assert readers.found == every
    # A message that was being read when its transaction was lost is read again: what was done over it was not done.
    assert readers.messages == [*range(7), *range(6, 20)]
    assert (len(readers.stream), set(every) <= set(readers.stream)) == (len(set(readers.stream)), True)
    assert lost[2:] == [1, 1]  # these two were in a transaction
    assert set(lost[:2]) <= {0, 1}


def restart(settings: Settings) -> None:
    """Ends the server, with all its sessions, and starts it again."""
    file = settings.home / "postgres" / "postmaster.pid"
    os.kill(int(file.read_text().splitlines()[0]), signal.SIGINT)
    while file.exists():
        time.sleep(0.01)
    for _attempt in range(50):
        with suppress(LuxError), serving(settings):
            return
