"""The wrapper that charges a call to the energy of the being that is called.

Only a being that has energy to spend is charged: one whose `attributes.energy` says so, `{"cost": 1, "capacity": 100,
"per_hour": 30}`; a call costs 1 where it says no cost. A block is taken from the row for many calls, and what is left
of it goes back when a run ends; what a process held that died is spent. At zero a being sleeps, and is not called.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.beings.energy import gain, spend
from luxos.beings.errors import EnergyExhausted
from luxos.errors import LuxError
from luxos.runtime.call import Call, Handler, Outcome

BLOCK = 32
"""Calls that one block pays for, where the being has so much."""


@dataclass
class _Lease:
    left: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Leases:
    """The blocks of energy that this process holds."""

    def __init__(self) -> None:
        self._held: dict[UUID, _Lease] = {}

    async def take(self, soul: UUID, cost: int) -> None:
        """Pays for one call; `EnergyExhausted` where the being has not as much."""
        lease = self._held.setdefault(soul, _Lease())
        async with lease.turn:
            if lease.left < cost:
                lease.left += await _block(soul, cost)
            lease.left -= cost

    async def settle(self) -> None:
        """Gives back what is left."""
        held, self._held = self._held, {}
        for soul, lease in held.items():
            async with lease.turn:
                left, lease.left = lease.left, 0
            if left:
                with suppress(LuxError):  # it was deleted meanwhile, say
                    await gain(soul, left)


async def _block(soul: UUID, cost: int) -> int:
    """What could be taken: a whole block, or as much as there is, but enough for one call."""
    wanted = cost * BLOCK
    while True:
        try:
            await spend(soul, wanted)
        except EnergyExhausted as error:
            has = int(error.details["has"])
            if has < cost or wanted <= cost:
                raise
            wanted = min(wanted - cost, has // cost * cost)
        else:
            return wanted


def cost_of(call: Call) -> int:
    """What a call costs its callee."""
    if isinstance(call.callee, CoreFunction):
        return 0
    told = call.callee.attributes.get("energy")
    if not isinstance(told, Mapping):
        return 0
    cost = told.get("cost", 1)
    return cost if isinstance(cost, int) and not isinstance(cost, bool) and cost > 0 else 0


def charged(handler: Handler, leases: Leases) -> Handler:
    """Calls `handler` when the call is paid for."""

    def handle(call: Call) -> Awaitable[Outcome]:
        cost = cost_of(call)
        return _paid(call, cost) if cost else handler(call)

    async def _paid(call: Call, cost: int) -> Outcome:
        call.scope.tree.spend(call.alias, cost)
        await leases.take(call.callee_soul, cost)
        return await handler(call)

    return handle
