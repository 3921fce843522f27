"""The wrapper that tries a call again which failed, as often as its caller asked for; each try is an attempt on record.

Only what has no effects is tried again, and nothing that was refused: trying that again would be refused again. The
waits grow, and differ by chance, so that many who failed together do not come back together.
"""

import asyncio
import random
from collections.abc import Awaitable

from luxos.errors import Exit, LuxError
from luxos.runtime.call import Call, Handler, Outcome

FIRST, LONGEST = 0.05, 5.0
"""Seconds of the first wait at most, and of any."""
_FINAL = frozenset({Exit.USAGE, Exit.REFUSED, Exit.NEEDS_PERSON})


def retried(handler: Handler) -> Handler:
    """Calls `handler` until it succeeds, at most `call.manner.retries` times more."""

    def handle(call: Call) -> Awaitable[Outcome]:
        return _tried(call) if call.manner.retries else handler(call)

    async def _tried(call: Call) -> Outcome:
        for attempt in range(call.manner.retries):
            try:
                return await handler(call)
            except LuxError as error:
                if call.effects != "none" or error.exit_code in _FINAL:
                    raise
            call.frozen = None  # from its beginning, and not from where it failed
            await asyncio.sleep(random.uniform(0, min(FIRST * 2**attempt, LONGEST)))  # noqa: S311 - only a wait
        return await handler(call)

    return handle
