"""The wrapper that asks before a call acts, where whoever holds the run wants to be asked."""

from collections.abc import Awaitable, Callable

from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.calls import ApprovalRefused

Approve = Callable[[Call], Awaitable[bool]]
"""Says whether a call that would change files, or act outside, may; it is asked before anything is written."""


def approved(handler: Handler, approve: Approve | None) -> Handler:
    """Calls `handler` for what has no effects, and for what `approve` says yes to."""
    if approve is None:
        return handler

    async def handle(call: Call) -> Outcome:
        if call.effects != "none" and not await approve(call):
            raise ApprovalRefused(step=call.step, who=call.alias)
        return await handler(call)

    return handle
