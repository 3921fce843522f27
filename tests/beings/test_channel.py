"""Receiving: in order, once in effect, whoever is killed; woken by a notice, and without it by the table."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from luxos.beings import channel as channels
from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.beings.errors import NoMessage
from luxos.config import Settings
from luxos.persistence.database import Database, open_database
from luxos.persistence.listening import Listening

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
    database: Database, settings_with_database: Settings, start: Start
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
