"""Sending: numbers without gaps in the order of commits, once under a key, part of the sender's transaction."""

import asyncio
from uuid import uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.beings.errors import BeingInvalid, BeingUnknown, MessageDiffers
from luxos.beings.message import MessageBeing
from luxos.persistence.database import Database

pytestmark = pytest.mark.usefixtures("database")


async def channel() -> Channel:
    one, two = BaseBeing(genesis={"type": "a"}), BaseBeing(genesis={"type": "b"})
    await one.save()
    await two.save()
    return await Channel.between(one.soul, two.soul)


async def stored(along: Channel) -> list[tuple[int, object]]:
    rows = await BaseBeing.db_pool.fetch(
        "SELECT attributes FROM base_beings WHERE tags @> '{message}' AND attributes ->> 'channel' = $1", str(along.id)
    )
    return sorted((row["attributes"]["seq"], row["attributes"]["body"]) for row in rows)


async def test_a_channel_is_one_relationship_however_often_it_is_asked_for() -> None:
    along = await channel()
    again = await asyncio.gather(*(Channel.between(along.source_soul, along.target_soul) for _ in range(5)))
    assert {one.id for one in again} == {along.id}
    other = await Channel.between(along.source_soul, along.target_soul, name="pilne")
    back = await Channel.between(along.target_soul, along.source_soul)
    assert len({along.id, other.id, back.id}) == 3
    assert (other.name, along.tags) == ("pilne", ["channel"])


async def test_a_channel_needs_both_beings() -> None:
    along = await channel()
    missing = uuid4()
    for ends in ((along.source_soul, missing), (missing, along.target_soul)):
        with pytest.raises(BeingUnknown) as caught:
            await Channel.between(*ends)
        assert caught.value.details["soul"] == missing


async def test_a_message_is_a_being_that_comes_back_as_it_was_sent() -> None:
    along = await channel()
    body = {"kwota": 1.0, "pozycje": ["zażółć", None, 2**60]}
    sent = await along.send(body)
    found = await MessageBeing.load(sent.soul)
    assert (found.seq, found.channel, found.body, found.sent_as) == (1, along.id, body, None)
    assert isinstance(found.body["kwota"], float)
    assert found.genesis["type"] == "message"
    assert found.genesis["owner"]


async def test_many_senders_leave_no_gap_and_lose_nothing() -> None:
    along = await channel()

    async def send(name: int) -> None:
        for number in range(10):
            await along.send([name, number])

    await asyncio.gather(*(send(name) for name in range(8)))
    found = await stored(along)
    assert [seq for seq, _body in found] == list(range(1, 81))
    for name in range(8):
        assert [body[1] for _seq, body in found if body[0] == name] == list(range(10))  # type: ignore[index]


async def test_numbers_follow_the_order_of_commits(database: Database) -> None:
    """A sender whose transaction is open keeps the others waiting, so no later number is seen before its own."""
    along = await channel()
    async with BaseBeing.transaction() as connection:
        await along.send("first", connection=connection)
        other = asyncio.create_task(along.send("second"))
        await asyncio.sleep(0.1)
        assert await stored(along) == []
        assert not other.done()
    await other
    assert await stored(along) == [(1, "first"), (2, "second")]


async def test_what_is_rolled_back_was_never_sent_and_leaves_no_gap() -> None:
    along = await channel()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the transaction ends with the error
        async with BaseBeing.transaction() as connection:
            await along.send("lost", connection=connection)
            raise ZeroDivisionError
    await along.send("kept")
    assert await stored(along) == [(1, "kept")]
    assert await along.numbers() == (1, 0)


async def test_under_a_key_a_message_is_sent_once() -> None:
    along = await channel()
    sent = await asyncio.gather(*(along.send({"n": 1}, key="zamówienie 7") for _ in range(8)))
    assert {message.soul for message in sent} == {sent[0].soul}
    assert await stored(along) == [(1, {"n": 1})]
    assert (await along.send("next")).seq == 2


async def test_a_key_in_a_transaction_does_not_end_it() -> None:
    along = await channel()
    async with BaseBeing.transaction() as first:
        await along.send(1, key="k", connection=first)

        async def second() -> None:
            async with BaseBeing.transaction() as connection:
                assert (await along.send(1, key="k", connection=connection)).seq == 1
                await along.send(2, connection=connection)

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
    await waiting
    assert await stored(along) == [(1, 1), (2, 2)]


async def test_another_body_under_the_same_key_is_refused() -> None:
    along = await channel()
    await along.send(1, key="k")
    with pytest.raises(MessageDiffers):
        await along.send(1.0, key="k")
    assert await stored(along) == [(1, 1)]


@pytest.mark.parametrize("body", [float("nan"), "\0", "\ud800", {1: 2}, object()])
async def test_what_the_table_cannot_hold_is_not_sent(body: object) -> None:
    along = await channel()
    with pytest.raises(BeingInvalid):
        await along.send(body)
    assert (await along.send("next")).seq == 1


async def test_no_channel_is_said() -> None:
    along = await channel()
    await BaseBeing.db_pool.execute("DELETE FROM relationships WHERE id = $1", along.id)
    with pytest.raises(BeingUnknown):
        await along.send(1)
    with pytest.raises(BeingUnknown):
        await along.numbers()
