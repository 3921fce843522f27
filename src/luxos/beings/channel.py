"""`Channel`: a relationship along which messages go, in order, each of them once in effect.

A sender's and a reader's work are transactions: a message is sent when the sender's commits, and read when the reader's
does, with everything that was done over `message.connection`. The tables are the truth; notices save waiting, and to a
reader who holds the channel's reading they bring the next message itself.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4, uuid5
from weakref import WeakValueDictionary

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingUnknown, MessageDiffers, NoMessage
from luxos.beings.message import MessageBeing
from luxos.beings.owner import system_user
from luxos.beings.record import identified
from luxos.beings.relationship import RelationshipBeing
from luxos.beings.values import check_text, encoded
from luxos.persistence.json_codec import canonical, decode
from luxos.persistence.listening import CHANNEL, Heard
from luxos.persistence.queries import queries

POLL = 5.0
"""Seconds after which a reader looks into the table though it heard of nothing."""
_FIRST, _LONGEST = 0.01, 0.5
"""Seconds after which a reader looks again while another one has the next message."""
_BROUGHT = 7500
"""Bytes; a notice has less than 8000."""
_CHANNELS = UUID("b6d1a1f2-6f0e-4d43-9a0b-6a7f5f1f3c01")
_READING = "reading"
_turns: "WeakValueDictionary[UUID, asyncio.Lock]" = WeakValueDictionary()
"""One reader of a channel at a time in this process, so that those who wait hold no connection."""


@dataclass(eq=False, kw_only=True)
class Channel(RelationshipBeing):
    """A relationship from the sender to the receiver; `attributes.sent` counts as of when it was loaded."""

    @classmethod
    async def between(cls, sender: UUID, receiver: UUID, *, name: str = "", connection: Any = None) -> Self:
        """The channel of this name between two beings; made where there is none, `BeingUnknown` where a being is not
        there.
        """
        _check_word("name", name)
        sender, receiver = identified(sender), identified(receiver)
        identity = uuid5(_CHANNELS, f"{sender} {receiver} {name}")
        async with cls.transaction(connection) as lent:
            found = await cls.find(identity, connection=lent)
            if found is not None:
                return found
            await BaseBeing.load_many([sender, receiver], connection=lent)
            genesis = {"type": "channel", "name": name, "owner": system_user()}
            rows = identity, _reading(identity), sender, receiver
            await lent.execute(queries()["open_channel"], *rows, genesis, {**genesis, "type": _READING})
            return await cls.load(identity, connection=lent)

    @property
    def name(self) -> str:
        """What distinguishes it from other channels between the same beings."""
        return str(self.genesis.get("name", ""))

    @classmethod
    def _is_kind(cls, row: Mapping[str, Any]) -> bool:
        return "channel" in (row["tags"] or ())

    async def send(self, body: Any, *, key: str | None = None, connection: Any = None) -> MessageBeing:
        """Sends any JSON value; it is on the disk when this returns, and may be read a moment before.

        With a `connection` it becomes part of the caller's transaction.

        Under a `key` it is sent once: sent again, the first one is given, or `MessageDiffers` where its body is
        another. That holds for as long as the message is kept.
        """
        if key is not None:
            _check_word("key", key)
        soul = uuid4() if key is None else uuid5(self.id, key)
        attributes = {"channel": str(self.id), "body": body, **({} if key is None else {"key": key})}
        genesis = {"type": "message", "owner": system_user()}
        content = encoded("body", attributes)
        arguments = self.id, soul, genesis, content, CHANNEL, connection is None, _is_brought(len(content))
        try:
            row = await self._sent(arguments, key, connection)
        except asyncpg.UniqueViolationError:  # somebody else sent it under this key meanwhile
            row = None
        return await self._first(soul, body, connection) if row is None else MessageBeing._of(row)

    async def _sent(self, arguments: tuple[Any, ...], key: str | None, connection: Any) -> Any:
        """The row of the new message; `None` where it is there, or there is no channel."""
        send = queries()["send_message"]
        if connection is None:
            return await self._sent_alone(send, arguments)
        if key is None:
            return await connection.fetchrow(send, *arguments)
        async with connection.transaction():  # what goes wrong must not end the caller's
            return await connection.fetchrow(send, *arguments)

    async def _sent_alone(self, send: str, arguments: tuple[Any, ...]) -> Any:
        """Lets readers and other senders go on before the disk is waited for.

        Whoever read the message by then commits after it, so either both are on the disk or neither is.
        """
        async with self._borrowed(None) as lent:
            row = await lent.fetchrow(send, *arguments)
            await lent.execute(queries()["flush_commits"])
            return row

    async def _first(self, soul: UUID, body: Any, connection: Any) -> MessageBeing:
        """The message that was sent before under the same key."""
        first = await MessageBeing.find(soul, connection=connection)
        if first is None:
            raise BeingUnknown(soul=self.id)
        if canonical(first.body) != canonical(body):
            raise MessageDiffers(key=first.sent_as, channel=self.id)
        return first

    @asynccontextmanager
    async def receive(self, timeout: float | None = None) -> AsyncIterator[MessageBeing]:  # noqa: ASYNC109
        """The next message, for the length of the block; waits for it at most `timeout` seconds, then `NoMessage`.

        A deleted message is passed over; where the channel was purged: `BeingUnknown`.
        What is done over `message.connection` and that the message was read is one transaction: an error in the block,
        or the end of the process, leaves the message unread and nothing done. Of several readers of a channel, one at a
        time has a message.
        """
        until = None if timeout is None else asyncio.get_running_loop().time() + timeout
        async with AsyncExitStack() as held:
            await self._take_turn(until, held)
            heard = held.enter_context(self._pool().listening.heard(str(self.id)))
            message = await self._awaited(heard, until, held)
            yield message
            await message.connection.execute(queries()["move_reading"], _reading(self.id), message.seq)

    async def messages(self, timeout: float | None = None) -> AsyncIterator[MessageBeing]:  # noqa: ASYNC109
        """One message after the other, each read when the next is asked for; ends when none came for `timeout` seconds.

        Leaving the loop in the middle leaves its last message unread.
        """
        while True:
            try:
                async with self.receive(timeout) as message:
                    yield message
            except NoMessage:
                return

    async def numbers(self, *, connection: Any = None) -> tuple[int, int]:
        """How many messages were sent, and the number of the last one that was read."""
        async with self._borrowed(connection) as lent:
            row = await lent.fetchrow(queries()["channel_numbers"], self.id, _reading(self.id))
        if row is None:
            raise BeingUnknown(soul=self.id)
        return row["sent"], row["read"]

    async def _take_turn(self, until: float | None, held: AsyncExitStack) -> None:
        turn = _turns.setdefault(self.id, asyncio.Lock())
        try:
            async with asyncio.timeout_at(until):
                await turn.acquire()
        except TimeoutError:
            raise NoMessage(channel=self.id) from None
        held.callback(turn.release)

    async def _awaited(self, heard: Heard, until: float | None, held: AsyncExitStack) -> MessageBeing:
        """Looks, waits, looks again; `held` keeps the transaction in which a message was found."""
        pauses = _pauses()
        while True:
            heard.clear()
            waited, message = await self._tried(heard, until, held)
            if message is not None:
                return message
            pause = 0.0 if waited else next(pauses) if await self._is_waiting() else POLL
            if (left := _left(until)) <= 0:
                raise NoMessage(channel=self.id)
            if not waited:
                await _heard(heard, min(left, pause))

    async def _tried(self, heard: Heard, until: float | None, held: AsyncExitStack) -> tuple[bool, MessageBeing | None]:
        """Whether it was waited, and what came. Without a message it is rolled back, which waits for no disk.

        It is waited in the transaction, with the reading locked, where the pool has room: nobody else can read then, so
        a notice with the message of the next number is all that is needed.
        """
        waited = False
        with suppress(NoMessage):
            async with AsyncExitStack() as attempt:
                connection = await attempt.enter_async_context(self.transaction())
                read, message = await self._next(connection)
                if message is None and read is not None and self._has_room():
                    waited = True
                    message = await self._brought(heard, min(_left(until), POLL), connection, read)
                if message is None:
                    raise NoMessage(channel=self.id)
                message.connection = connection
                held.push_async_exit(attempt.pop_all())
                return waited, message
        return waited, None

    async def _next(self, connection: Any) -> tuple[int | None, MessageBeing | None]:
        """How far was read, and the next message if there is one; nothing where somebody else has the reading.

        Where another reader moved on while we looked, it was read already; then it is looked once more, for now the
        reading is ours.
        """
        row = None
        for _look in range(2):
            row = await connection.fetchrow(queries()["take_message"], self.id, _reading(self.id))
            if row is None or row["soul"] is None:
                break
            if (message := MessageBeing._of(row)).seq > row["read"]:
                return row["read"], message
        return None if row is None else row["read"], None

    async def _brought(self, heard: Heard, seconds: float, connection: Any, read: int) -> MessageBeing | None:
        """What a notice brings while the reading is ours, or what the table has when it only wakes us."""
        await _heard(heard, seconds)
        if not heard.is_set():
            return None
        message = None if heard.said is None else _told(heard.said)
        if message is not None and message.seq == read + 1:
            return message
        return (await self._next(connection))[1]

    async def _is_waiting(self) -> bool:
        """Whether there is a message, though somebody else may have it; `BeingUnknown` where the channel is gone."""
        async with self._borrowed(None) as lent:
            waiting: bool | None = await lent.fetchval(queries()["is_message_waiting"], self.id, _reading(self.id))
        if waiting is None:
            raise BeingUnknown(soul=self.id)
        return waiting

    def _has_room(self) -> bool:
        """Whether less than half of the pool's connections are lent."""
        pool = self._pool()
        return bool(2 * (pool.get_size() - pool.get_idle_size()) < pool.get_max_size())


def _check_word(field: str, text: Any) -> None:
    """Raises `BeingInvalid` for what is no text, or none that the tables can hold."""
    if not isinstance(text, str):
        raise BeingInvalid(field=field, reason="not_text")
    check_text(field, text)


def _reading(channel: UUID) -> UUID:
    """The relationship in which it stands how far the receiver has read."""
    return uuid5(channel, _READING)


def _is_brought(size: int) -> bool:
    """Whether the notice may bring a message whose attributes take `size` bytes."""
    pool = BaseBeing.db_pool
    return size < _BROUGHT and pool is not None and pool.listening.is_private


def _told(row: str) -> MessageBeing:
    """The message whose row a notice brought."""
    found = decode(row)
    moment = datetime.fromisoformat(found["created_at"])
    return MessageBeing._of({**found, "soul": UUID(found["soul"]), "created_at": moment})


def _left(until: float | None) -> float:
    """Seconds until a moment of the event loop's clock."""
    return math.inf if until is None else until - asyncio.get_running_loop().time()


async def _heard(heard: Heard, seconds: float) -> None:
    """Waits until something is heard, or the time is over."""
    if seconds <= 0 or heard.is_set():
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await heard.wait()


def _pauses() -> Iterator[float]:
    pause = _FIRST
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST)
