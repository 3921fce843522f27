"""Where code runs: core functions in this process, everything else in the isolated tier."""

import inspect
from collections.abc import Callable

from luxos.beings.core import CoreFunction
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.context import Context
from luxos.runtime.errors import ArgumentsUnfit
from luxos.runtime.isolated import call_isolated


def tiered(context_of: Callable[[Call], Context]) -> Handler:
    """The innermost handler."""

    async def handle(call: Call) -> Outcome:
        if not isinstance(call.callee, CoreFunction):
            return Outcome(await call_isolated(call.callee, call.arguments))
        try:
            inspect.signature(call.callee.function).bind(None, **call.arguments)
        except TypeError as error:
            raise ArgumentsUnfit(who=call.alias, reason=str(error)) from error
        return Outcome(await call.callee.function(context_of(call), **call.arguments))

    return handle
