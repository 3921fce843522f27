"""Where code runs: core functions in this process, everything else in the isolated tier."""

from collections.abc import Callable

from luxos.beings.core import CoreFunction
from luxos.i18n import _
from luxos.runtime.arguments import unfit
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.changes.nofollow import disk
from luxos.runtime.context import Context
from luxos.runtime.errors import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.isolated import call_isolated


def tiered(context_of: Callable[[Call], Context]) -> Handler:
    """The innermost handler."""

    async def handle(call: Call) -> Outcome:
        if not isinstance(call.callee, CoreFunction):
            return Outcome(await call_isolated(call.callee, call.arguments))
        _check(call, call.callee)
        context = context_of(call)
        with disk(context.workspace):
            return Outcome(await call.callee.function(context, **call.arguments))

    return handle


def _check(call: Call, callee: CoreFunction) -> None:
    """The arguments fit, and a function without a verb is called by another step."""
    if callee.verb is None and call.parent is None:
        raise BeingNotCallable(who=call.alias)
    try:
        callee.signature.bind(**call.arguments)
    except TypeError as error:
        raise ArgumentsUnfit(who=call.alias, reason=str(error)) from error
    for name, kind in unfit(call.arguments, callee.signature):
        raise ArgumentsUnfit(who=call.alias, reason=_("{name} must be {kind}").format(name=name, kind=kind))
