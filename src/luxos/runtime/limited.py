"""The wrapper that holds a call to the limits of its tree: so many calls, so deep, until a deadline.

What runs too long is cancelled, and with it everything that it called; only then is it told that the time is over.
"""

import asyncio
from collections.abc import Awaitable

from luxos.runtime.call import Call, Handler, Outcome


def limited(handler: Handler) -> Handler:
    """Calls `handler` within the call's scope; only the outermost call of a tree watches the clock."""

    def handle(call: Call) -> Awaitable[Outcome]:
        call.scope.enter(call.alias)
        return (handler if call.scope.depth else _watched)(call)

    async def _watched(call: Call) -> Outcome:
        try:
            async with asyncio.timeout_at(call.scope.tree.deadline) as watch:
                return await handler(call)
        except TimeoutError:
            if watch.expired():
                raise call.scope.late(call.alias) from None
            raise

    return handle
