"""The wrappers of the dispatcher that follow promotions: `shadowed` around what runs, `budgeted` around the record."""

from collections.abc import Awaitable, Callable
from functools import partial

from luxos.beings.function import FunctionBeing
from luxos.errors import LuxError
from luxos.persistence.json_codec import decode, encode
from luxos.runtime.call import Call, Handler, Outcome, Stored
from luxos.runtime.promoting.following import Following
from luxos.runtime.promoting.moving import FAILURES
from luxos.runtime.promoting.shadow import Heard, heard_as
from luxos.runtime.replaying import OWN_FAILURES, Answered, Replayed
from luxos.runtime.tiers import seen_as_self
from luxos.souls.versions import FOLLOWED

Tell = Callable[[Call, str], None]
"""Tells whoever watches a call."""


def shadowed(handler: Handler, following: Following, tell: Tell) -> Handler:
    """Calls `handler`, and has the call done over by the candidate in its soul's shadow, where there is one."""

    def handle(call: Call) -> Awaitable[Outcome]:
        callee, stored = call.callee, call.stored
        if stored is None or not isinstance(callee, FunctionBeing) or FOLLOWED not in callee.genesis:
            return handler(call)
        return _followed(call, callee, stored)

    async def _followed(call: Call, callee: FunctionBeing, stored: Stored) -> Outcome:
        found = await following.shadowing(call)
        if found is None:
            return await handler(call)
        promotion, candidate = found
        asked: list[Answered] = []
        call.asked, given = asked, heard_as(call.arguments, seen_as_self(callee, stored))

        def hear(came: Replayed) -> None:
            heard = Heard(stored.known, given, came, str(call.run), call.step, asked)
            following.compare(promotion, candidate, heard, partial(tell, call))

        try:
            outcome = await handler(call)
        except LuxError as error:
            if error.code in OWN_FAILURES:
                hear(Replayed.failed(error))
            raise
        hear(Replayed(decode(encode(outcome.result))))  # the caller may change what it is given
        return outcome

    return handle


def budgeted(handler: Handler, following: Following, tell: Tell) -> Handler:
    """Calls `handler`; a call that failed by its own fault counts against the budget of its promotion."""

    async def handle(call: Call) -> Outcome:
        try:
            return await handler(call)
        except LuxError as error:
            if error.code in FAILURES:
                following.failed(call, partial(tell, call))
            raise

    return handle
