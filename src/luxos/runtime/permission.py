"""The outermost wrapper: a call whose effect the run was not given leave for is refused before anything is written."""

from collections.abc import Set as AbstractSet

from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors import PermissionRefused

_FREE = "none"


def permitted(handler: Handler, granted: AbstractSet[str]) -> Handler:
    """Lets calls pass that have no effect, or one that is in `granted`; what a step calls is held to the same."""

    async def handle(call: Call) -> Outcome:
        if call.effects != _FREE and call.effects not in granted:
            raise PermissionRefused(step=call.step, effect=call.effects)
        return await handler(call)

    return handle
