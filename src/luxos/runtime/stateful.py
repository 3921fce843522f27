"""The wrapper that calls methods of an instance one after the other, each with the state that the one before left.

Those of one process wait for their turn. Against another process, and wherever waiting could become a ring, the record
decides: it is written only where the instance is still as the call found it, and otherwise the call is made anew, but
for what it had called.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID
from weakref import WeakValueDictionary

from luxos.beings.instance import InstanceBeing
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.calls import InstanceChanged, InstanceEntered
from luxos.runtime.instances import BoundMethod

TRIES = 12
"""How often a call is made whose instance others changed meanwhile."""
_FIRST, _LONGEST = 0.01, 1.0
"""Seconds of the first wait at most, and of any."""


class Turns:
    """Whose turn it is, for each instance that is in use in this process."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, soul: UUID, held: frozenset[UUID]) -> AsyncIterator[None]:
        """Waits for the turn; who has turns of others waits in the order of their UUIDs only, so never in a ring."""
        if any(soul < other for other in held):
            yield
            return
        lock = self._locks.get(soul)
        if lock is None:
            lock = self._locks[soul] = asyncio.Lock()
        async with lock:
            yield


def stateful(handler: Handler, turns: Turns) -> Handler:
    """Calls `handler` with an instance as it is; `InstanceChanged` where it never stays so until the end."""

    def handle(call: Call) -> Awaitable[Outcome]:
        return _in_turn(call, call.callee) if isinstance(call.callee, BoundMethod) else handler(call)

    async def _in_turn(call: Call, callee: BoundMethod) -> Outcome:
        soul, held = callee.soul, call.scope.instances
        if soul in held:
            raise InstanceEntered(who=call.alias)
        async with turns.taken(soul, held):
            call.scope.instances = held | {soul}
            return await _tried(call, callee)

    async def _tried(call: Call, callee: BoundMethod) -> Outcome:
        call.made = {}
        for attempt in range(1, TRIES if call.effects == "none" else 1):  # what has acted outside is not done again
            call.callee = replace(callee, instance=await InstanceBeing.load(callee.soul))
            try:
                return await handler(call)
            except InstanceChanged:
                await asyncio.sleep(random.uniform(0, min(_FIRST * 2**attempt, _LONGEST)))  # noqa: S311 - only a wait
        call.callee = replace(callee, instance=await InstanceBeing.load(callee.soul))
        return await handler(call)

    return handle
