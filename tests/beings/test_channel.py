"""Receiving: in order, once in effect, whoever is killed; woken by a notice, and without it by the table."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from luxos.beings import channel as channels
from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.beings.errors import NoMessage
from luxos.beings.message import MessageBeing
from luxos.beings.values import encoded
from luxos.config import Settings
from luxos.persistence.database import Database, open_database
from luxos.persistence.listening import CHANNEL, Listening
from luxos.persistence.queries import queries

SCRIPT = Path(__file__).with_name("channel_user.py")
SOON, NEVER = 0.05, 600.0
PATIENCE = 60.0
Start = Callable[..., "subprocess.Popen[str]"]


async def opened() -> Channel:
    one, two = BaseBeing(genesis={"type": "a"}), BaseBeing(genesis={"type": "b"})
    await one.save()
    await two.save()
    return await Channel.between(one.soul, two.soul)


async def read_all(along: Channel) -> list[object]:
    return [message.body async for message in along.messages(timeout=0)]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `channel_user.py`."""
    started: list[subprocess.Popen[str]] = []

    def begin(settings: Settings, channel: UUID, work: str, name: str) -> "subprocess.Popen[str]":
        arguments = [str(settings.home), settings.dsn or "", str(channel), work, name]
        process = subprocess.Popen([sys.executable, str(SCRIPT), *arguments], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


async def lines(process: "subprocess.Popen[str]", count: int) -> None:
    """Waits until a process has said so much."""
    assert process.stdout is not None
    for _ in range(count):
        assert await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), PATIENCE)


async def test_messages_come_in_order_and_once(database: Database) -> None:
    along = await opened()
    for number in range(20):
        await along.send(number)
    assert await read_all(along) == list(range(20))
    assert await read_all(along) == []
    assert await along.numbers() == (20, 20)


async def test_an_error_leaves_the_message_unread_and_nothing_done(database: Database) -> None:
    along = await opened()
    await along.send("one")
    effect = uuid4()
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction ends with the error
        async with along.receive() as message:
            await BaseBeing(soul=effect, genesis={"type": "effect"}).save(connection=message.connection)
            raise RuntimeError
    assert await BaseBeing.find(effect) is None
    async with along.receive(timeout=0) as message:
        assert message.body == "one"
        await BaseBeing(soul=effect, genesis={"type": "effect"}).save(connection=message.connection)
    assert await BaseBeing.find(effect) is not None
    assert await read_all(along) == []


async def test_a_reader_that_is_cancelled_leaves_the_message_unread(database: Database) -> None:
    along = await opened()
    await along.send("one")
    reached = asyncio.Event()

    async def read() -> None:
        async with along.receive():
            reached.set()
            await asyncio.sleep(PATIENCE)

    task = asyncio.create_task(read())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await read_all(along) == ["one"]


async def test_nothing_in_time_is_said(database: Database) -> None:
    along = await opened()
    for timeout in (0, 0.1):
        with pytest.raises(NoMessage):
            async with along.receive(timeout):
                raise AssertionError("there is no message")


async def test_random_work_agrees_with_a_list(database: Database) -> None:
    """Sends, sends that are rolled back, reads, and reads that fail, in any order, beside a model."""
    along, chance = await opened(), random.Random(20261125)  # noqa: S311 - an order of events
    waiting: list[int] = []
    for number in range(200):
        what, fails = chance.choice(["send", "read"]), chance.random() < 0.3
        try:
            if what == "send":
                async with BaseBeing.transaction() as connection:
                    await along.send(number, connection=connection)
                    if fails:
                        raise RuntimeError
                waiting.append(number)
            else:
                async with along.receive(timeout=0) as message:
                    assert message.body == waiting[0]
                    if fails:
                        raise RuntimeError
                del waiting[0]
        except RuntimeError:
            continue
        except NoMessage:
            assert waiting == []
    assert await read_all(along) == waiting


async def send_when_awaited(along: Channel, body: object) -> object:
    """What a reader gets that waits before it is sent."""

    async def read() -> object:
        async with along.receive() as message:
            return message.body

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.3)
    await along.send(body)
    return await asyncio.wait_for(reader, PATIENCE)


async def test_a_notice_wakes_a_reader(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "POLL", NEVER)
    assert await send_when_awaited(await opened(), "now") == "now"


async def test_without_notices_the_table_delivers(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listening, "_hear", lambda *_arguments: None)
    monkeypatch.setattr(channels, "POLL", SOON)
    assert await send_when_awaited(await opened(), "later") == "later"


@pytest.fixture(params=[False, True], ids=["shared", "private"])
def is_private(request: pytest.FixtureRequest, database: Database) -> bool:
    """Whether the server counts as ours alone, as an embedded one does; then notices bring messages."""
    database.pool.listening.is_private = request.param
    return bool(request.param)


@pytest.mark.parametrize("body", [None, {"a": [1, 1.5, "ł"]}, "x" * 7400, "ł" * 7400, "x" * 7500, "x" * 20_000])
async def test_what_a_notice_brings_is_what_the_table_holds(
    is_private: bool, database: Database, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    looked = []
    look = Channel._next

    async def counted(self: Channel, connection: object) -> object:
        looked.append(1)
        return await look(self, connection)

    monkeypatch.setattr(Channel, "_next", counted)
    monkeypatch.setattr(channels, "POLL", NEVER)
    along = await opened()
    assert await send_when_awaited(along, "the listening connection is made") is not None
    looked.clear()

    async def read() -> MessageBeing:
        async with along.receive() as message:
            return message

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.3)
    sent = await along.send(body)
    read_as = await asyncio.wait_for(reader, PATIENCE)
    fields = ("soul", "tags", "energy_level", "genesis", "attributes", "memories", "self_awareness", "created_at")
    for row in (sent, await MessageBeing.load(sent.soul)):
        assert [getattr(read_as, name) for name in fields] == [getattr(row, name) for name in fields]
    brought = is_private and len(encoded("body", body)) < 7410
    assert len(looked) == (1 if brought else 2)
    assert await along.numbers() == (2, 2)


async def forged(along: Channel, seq: int) -> object:
    """What a reader gets when somebody who can only connect says that there is a message."""
    row = {"soul": str(uuid4()), "tags": ["message"], "energy_level": 0, "genesis": {"type": "message"}}
    row |= {"attributes": {"channel": str(along.id), "seq": seq, "body": "forged"}, "memories": []}
    row |= {"self_awareness": {}, "created_at": "2026-01-01T00:00:00", "embedding": None}

    async def read() -> object:
        async with along.receive(timeout=1.5) as message:
            return message.body

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.5)
    await BaseBeing.db_pool.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{along.id} {json.dumps(row)}")
    try:
        return await reader
    except NoMessage:
        return None


async def test_a_notice_is_believed_only_on_a_server_of_our_own(is_private: bool, database: Database) -> None:
    """Where it is believed is the control: without the rule, whoever may connect could say anything to a reader."""
    assert await forged(await opened(), 1) == ("forged" if is_private else None)


async def test_a_notice_out_of_turn_brings_nothing(is_private: bool, database: Database) -> None:
    along = await opened()
    await along.send("read already")
    assert await read_all(along) == ["read already"]
    for seq in (1, 3):
        assert await forged(along, seq) is None


async def test_a_reader_that_waits_lets_go_of_the_channel_now_and_then(
    is_private: bool, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "POLL", 0.2)
    along = await opened()
    reader = asyncio.create_task(anext(along.messages()))
    await asyncio.sleep(0.1)
    change = "UPDATE relationships SET energy_level = 1 WHERE tags @> '{reading}' AND source_soul = $1"
    assert await asyncio.wait_for(database.pool.execute(change, along.target_soul), 5) == "UPDATE 1"
    await along.send("one")
    assert (await asyncio.wait_for(reader, PATIENCE)).body == "one"


async def test_looking_for_nothing_commits_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit would wait for the disk, since the reading was locked."""
    monkeypatch.setattr(channels, "POLL", SOON)
    along, ended = await opened(), []
    leave = asyncpg.transaction.Transaction.__aexit__

    async def seen(self: object, *raised: object) -> None:
        ended.append(raised[0])
        await leave(self, *raised)

    monkeypatch.setattr(asyncpg.transaction.Transaction, "__aexit__", seen)
    with pytest.raises(NoMessage):
        async with along.receive(timeout=0.3):
            raise AssertionError("there is no message")
    assert set(ended) == {NoMessage}


async def test_a_reader_who_was_overtaken_while_it_looked_goes_on_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one reads the first message after our look began: its row is older than the reading that we get."""
    monkeypatch.setattr(channels, "POLL", NEVER)
    along, looks = await opened(), []
    assert await send_when_awaited(along, 1) == 1  # the listening connection is made: no more waking by that
    for number in (2, 3):
        await along.send(number)
    await asyncio.sleep(0.3)
    fetch = asyncpg.Connection.fetchrow

    async def overtaken(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
        row = await fetch(self, query, *arguments, **options)
        if query != queries()["take_message"]:
            return row
        looks.append(row["read"])
        if len(looks) > 1:
            return row
        await self.execute(queries()["move_reading"], arguments[1], 2)
        return {**row, "read": 2}

    monkeypatch.setattr(asyncpg.Connection, "fetchrow", overtaken)
    async with asyncio.timeout(PATIENCE), along.receive() as message:
        assert message.body == 3
    assert looks == [1, 2]


@pytest.mark.slow
async def test_without_notices_and_without_looking_nothing_comes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the two tests above: each of the two ways is what delivered there."""
    monkeypatch.setattr(Listening, "_hear", lambda *_arguments: None)
    monkeypatch.setattr(channels, "POLL", NEVER)
    along = await opened()
    await along.send("the listening connection is made")
    assert await read_all(along) == ["the listening connection is made"]
    await asyncio.sleep(0.5)
    reader = asyncio.create_task(anext(along.messages()))
    await asyncio.sleep(0.3)
    await along.send("unheard")
    done, _pending = await asyncio.wait([reader], timeout=1)
    assert not done
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await read_all(along) == ["unheard"]


async def test_a_lost_listening_connection_is_made_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "POLL", NEVER)
    along = await opened()
    assert await send_when_awaited(along, 1) == 1
    ended = await database.pool.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE query ILIKE 'listen%' AND datname = current_database()"
    )
    assert ended == 1
    assert await send_when_awaited(along, 2) == 2
    await asyncio.sleep(0.3)
    assert await send_when_awaited(along, 3) == 3


async def test_two_readers_in_one_process_share_the_messages(database: Database) -> None:
    along, read = await opened(), []

    async def reader() -> None:
        async for message in along.messages(timeout=1):
            read.append(message.seq)
            await asyncio.sleep(0)

    readers = [asyncio.create_task(reader()) for _ in range(15)]  # more than the pool has connections
    for number in range(30):
        await along.send(number)
    await asyncio.gather(*readers)
    assert read == list(range(1, 31))


async def notes() -> list[dict[str, object]]:
    rows = await BaseBeing.db_pool.fetch(
        "SELECT attributes FROM base_beings WHERE genesis @> '{\"type\": \"read\"}' ORDER BY attributes -> 'seq'"
    )
    found = [row["attributes"] for row in rows]
    assert [note["before"] for note in found] == list(range(len(found)))  # nobody was overtaken
    return found


async def drained(along: Channel) -> None:
    """Waits until everything that was sent took effect."""
    async with asyncio.timeout(PATIENCE):
        while (numbers := await along.numbers())[0] != numbers[1]:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.05)


async def test_two_processes_never_take_the_same_message(
    is_private: bool, database: Database, settings_with_database: Settings, start: Start
) -> None:
    along = await opened()
    readers = [start(settings_with_database, along.id, "read", name) for name in ("one", "two", "three")]
    for number in range(60):
        await along.send(number)
    await drained(along)
    found = await notes()
    assert [note["seq"] for note in found] == list(range(1, 61))
    assert {reader.poll() for reader in readers} == {None}


@pytest.mark.slow
async def test_killed_readers_and_senders_lose_nothing_and_do_nothing_twice(
    database: Database, settings_with_database: Settings, start: Start
) -> None:
    along, chance = await opened(), random.Random(1)  # noqa: S311 - an order of events
    for turn in range(4):
        sender = start(settings_with_database, along.id, "send", f"sender {turn}")
        reader = start(settings_with_database, along.id, "read", f"reader {turn}")
        await lines(sender, 5)
        await lines(reader, 3)
        await asyncio.sleep(chance.random() / 10)
        for process in (sender, reader):
            process.send_signal(signal.SIGKILL)
            process.wait()
    sent, _read = await along.numbers()
    start(settings_with_database, along.id, "read", "the last")
    await drained(along)
    found = await notes()
    assert [note["seq"] for note in found] == list(range(1, sent + 1))
    for turn in range(4):
        numbers = [note["body"][1] for note in found if note["body"][0] == f"sender {turn}"]  # type: ignore[index]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= 5


async def acknowledged_and_sent(
    settings: Settings, start: Start, work: str, patch: pytest.MonkeyPatch
) -> tuple[int, int]:
    """Kills the server under a sender and a reader; how many messages the sender knew to be sent, and how many were."""
    settings = replace(settings, database_linger=3.0)
    async with open_database(settings) as database:
        patch.setattr(BaseBeing, "db_pool", database.pool)
        along = await opened()
    sender = start(settings, along.id, work, "sender")
    await lines(sender, 30)
    if work == "send":
        await lines(start(settings, along.id, "read", "reader"), 10)
    os.kill(int((settings.home / "postgres" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    said = (await asyncio.to_thread(sender.communicate))[0]
    assert "lost database" in said
    async with open_database(settings) as database:
        patch.setattr(BaseBeing, "db_pool", database.pool)
        sent, _read = await along.numbers()
        start(settings, along.id, "read", "the last")
        await drained(along)
        assert [note["seq"] for note in await notes()] == list(range(1, sent + 1))
    return 30 + said.count("sent "), sent


@pytest.mark.slow
async def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(
    settings: Settings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged, sent = await acknowledged_and_sent(settings, start, "send", monkeypatch)
    assert acknowledged <= sent <= acknowledged + 1


@pytest.mark.slow
async def test_a_sender_that_does_not_wait_for_the_disk_is_found_out(
    settings: Settings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above; without a reader, whose commits would put the messages on the disk."""
    acknowledged, sent = await acknowledged_and_sent(settings, start, "hasty", monkeypatch)
    assert sent < acknowledged
