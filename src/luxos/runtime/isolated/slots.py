"""How many calls run at once. One that waits for what it asked for lends its slot, so that calls of calls never wait
in a ring."""

import asyncio
import os
from collections import deque
from typing import Self

SIZE = 2 * (os.cpu_count() or 1) + 2


class Slots:
    """As many as the machine has use for."""

    def __init__(self, size: int = SIZE) -> None:
        self._free = size
        self._wanted: deque[asyncio.Future[None]] = deque()

    async def take(self, *, first: bool = False) -> None:
        """Waits for a slot; `first` for a call that goes on, for others wait for it."""
        if self._free:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._wanted.appendleft if first else self._wanted.append)(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Gives a slot back."""
        while self._wanted:
            if not (place := self._wanted.popleft()).done():
                place.set_result(None)
                return
        self._free += 1


class Slot:
    """The slot of one call."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._held = False

    async def __aenter__(self) -> Self:
        await self._slots.take()
        self._held = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.lend()

    def lend(self) -> None:
        """Lets others have it."""
        if self._held:
            self._held = False
            self._slots.give()

    async def back(self) -> None:
        """Waits to have it again."""
        if not self._held:
            await self._slots.take(first=True)
            self._held = True
