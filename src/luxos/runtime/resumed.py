"""The wrapper that knows what a run did before this process took it up.

What a call that was cut off had called, and what had ended, gives the result that it gave; its code goes on where it
waited, where its state was kept. An effect outside of which a crash left it open whether it happened is refused.
"""

from collections.abc import Awaitable, Mapping

from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.runs import StepUnknown
from luxos.runtime.recorder import FROZEN
from luxos.runtime.steps import Step


def resumed(handler: Handler, before: Mapping[str, Step], *, retrying: bool = False) -> Handler:
    """Calls `handler` for what has not ended yet; `before` are the run's steps, by name, as they were then.

    In a run that is tried again, what a call that failed had called counts as well.
    """

    def handle(call: Call) -> Awaitable[Outcome]:
        known = before.get(call.step)
        return handler(call) if known is None else _known(call, known)

    async def _known(call: Call, known: Step) -> Outcome:
        if known.status == "started" and call.effects == "external":
            raise StepUnknown(step=call.step, run=str(call.run)[:8])
        if not _asks_the_same(call, known):
            return await handler(call)
        if known.status == "started":
            call.frozen = known.attributes.get(FROZEN)  # of another version it says itself that it does not fit
        if known.status == "done" and call.meant == known.meant and _is_made_again(call, before, retrying=retrying):
            return Outcome(known.attributes.get("result"))
        return await handler(call)

    return handle


def _asks_the_same(call: Call, known: Step) -> bool:
    """Whether a step was asked for the same, and did not change the workspace: what its parent had changed is gone."""
    return known.attributes.get("arguments") == dict(call.arguments) and call.effects != "workspace"


def _is_made_again(call: Call, before: Mapping[str, Step], *, retrying: bool) -> bool:
    """Whether the call that makes this one did not end as it should; else it makes all its calls anew."""
    above = before.get(call.parent) if call.parent is not None else None
    return above is not None and above.is_made_again(retrying=retrying)
