"""The wrapper that knows what a run did before this process took it up.

What a call that was cut off had called, and what had ended, gives the result that it gave; its code goes on where it
waited, where its state was kept. An effect outside of which a crash left it open whether it happened is refused.
"""

from collections.abc import Collection, Mapping

from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.runs import StepUnknown
from luxos.runtime.recorder import FROZEN
from luxos.runtime.steps import Step


def resumed(handler: Handler, before: Mapping[str, Step], *, retrying: bool = False) -> Handler:
    """Calls `handler` for what has not ended yet; `before` are the run's steps, by name, as they were then.

    In a run that is tried again, what a call that failed had called counts as well.
    """
    made_again = {"started", "failed"} if retrying else {"started"}

    async def handle(call: Call) -> Outcome:
        known = before.get(call.step)
        if known is None:
            return await handler(call)
        if known.status in {"started", "unknown"} and call.effects == "external":
            raise StepUnknown(step=call.step, run=str(call.run)[:8])
        if _is_same(call, known):
            if known.status == "done" and _is_made_again(call, before, made_again):
                return Outcome(known.attributes.get("result"))
            if known.status == "started":
                call.frozen = known.attributes.get(FROZEN)
        return await handler(call)

    return handle


def _is_same(call: Call, known: Step) -> bool:
    """Whether a step is this very call, and did not change the workspace: what its parent had changed there is gone."""
    same = known.genesis["soul_hash"] == call.soul_hash and known.attributes.get("arguments") == dict(call.arguments)
    return same and call.effects != "workspace"


def _is_made_again(call: Call, before: Mapping[str, Step], statuses: Collection[str]) -> bool:
    """Whether the call that makes this one did not end as it should; else it makes all its calls anew."""
    above = before.get(call.parent) if call.parent is not None else None
    return above is not None and above.status in statuses
