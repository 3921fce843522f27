"""Where code runs: core functions in this process, souls behind walls."""

from collections.abc import Awaitable, Callable
from typing import Any

from luxos.beings.core import CoreFunction
from luxos.beings.function import FunctionBeing
from luxos.i18n import _
from luxos.runtime.arguments import unfit
from luxos.runtime.call import Call, Handler, Outcome, Stored
from luxos.runtime.changes.nofollow import disk
from luxos.runtime.code import Ask, Given
from luxos.runtime.context import Context
from luxos.runtime.errors import ArgumentsUnfit, BeingNotCallable

Answers = Callable[[Call, Ask], Awaitable[Any]]
"""Gives what the code of a call asks for."""


class Tiers:
    """The tiers that run souls; each is made ready at its first call."""

    async def close(self) -> None:
        """Ends what runs code."""

    async def call(self, call: Call, stored: Stored, answers: Answers) -> Any:
        """Runs a soul's function in the tier that it names, or in the one that can."""
        from luxos.runtime.isolated import call_isolated

        assert isinstance(call.callee, FunctionBeing)  # noqa: S101 - `stored` says so
        given = Given(stored.bound.args, stored.bound.kwargs, seen_as_self(call.callee, stored))
        return await call_isolated(call.callee, {"": list(given.args), **given.kwargs})


def seen_as_self(being: FunctionBeing, stored: Stored) -> dict[str, Any]:
    """What the code sees of the being that it belongs to."""
    return {
        "soul": str(being.soul),
        "name": stored.known.code.name,
        "soul_hash": stored.known.code.soul_hash,
        "attributes": being.attributes,
        "tags": being.tags,
        "energy_level": being.energy_level,
        "owner": stored.known.code.owner,
    }


def tiered(tiers: Tiers, context_of: Callable[[Call], Context], answers: Answers) -> Handler:
    """The innermost handler."""

    async def handle(call: Call) -> Outcome:
        if call.stored is not None:
            return Outcome(await tiers.call(call, call.stored, answers))
        assert isinstance(call.callee, CoreFunction)  # noqa: S101 - what is not stored is ours
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
