"""Hearing at once that something happened: one connection of a process that listens for all who wait in it.

What is heard may be lost with the connection, so whoever waits also looks into the tables now and then, and is woken
whenever the connection was made again.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg

from luxos.persistence.address import Address
from luxos.persistence.translation import connection_errors

CHANNEL = "luxos_messages"
"""PostgreSQL's channel of LISTEN and NOTIFY; the payload is what is waited for, without a space, and what was said."""
_FIRST, _LONGEST = 0.05, 5.0
"""Seconds before connecting again."""


class Heard(asyncio.Event):
    """Set whenever something is told, or may have been told unheard."""

    said: str | None = None
    """What was said with the first of it since it was last clear, if anything; it can be believed."""

    def tell(self, said: str | None) -> None:
        """Sets it."""
        if not self.is_set():
            self.said = said
            self.set()


class Listening:
    """The listening connection of a pool; it is made when somebody first waits, and closed with the pool.

    Anyone who may connect to a server hears every notice and can send one. So only where it is ours alone, notices say
    more than what happened (`is_private`), and only there they are believed.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self.is_private = address.is_ours_alone
        self._waiting: dict[str, set[Heard]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def heard(self, what: str) -> Iterator[Heard]:
        """An event that is set whenever `what` is told, or may have been told unheard."""
        event = Heard()
        self._waiting.setdefault(what, set()).add(event)
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        try:
            yield event
        finally:
            self._waiting[what].discard(event)
            if not self._waiting[what]:
                del self._waiting[what]

    async def close(self) -> None:
        """Stops listening; whoever still waits goes on looking into the tables."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        pause = _FIRST
        while True:
            with suppress(*connection_errors()):
                connection = await asyncpg.connect(**self._address.arguments())
                try:
                    ended = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, ended=ended: ended.set())
                    await connection.add_listener(CHANNEL, self._hear)
                    pause = _FIRST
                    self._wake_all()
                    await ended.wait()
                finally:
                    connection.terminate()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)

    def _hear(self, _connection: Any, _process: int, _channel: str, payload: object) -> None:
        what, _space, said = str(payload).partition(" ")
        for event in self._waiting.get(what, ()):
            event.tell(said if said and self.is_private else None)

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.tell(None)
