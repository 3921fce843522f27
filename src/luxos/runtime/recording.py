"""The wrapper that writes every step down: that it begins, before it begins, and how it ended."""

from collections.abc import Mapping
from typing import Any

from luxos.errors import LuxError
from luxos.persistence.errors import DatabaseLost
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors import RunTaken, StepUnknown
from luxos.runtime.events import Listener, StepFinished, StepStarted
from luxos.runtime.faultpoints import reach
from luxos.runtime.runs import Runs, Step


def recorded(handler: Handler, runs: Runs, before: Mapping[str, Step], owner: str, listener: Listener) -> Handler:
    """Records each call of `handler` as a step; a step that a crash left with an unknown effect outside is refused.

    `before` are the steps that the run already had when this process took it up.
    """

    async def handle(call: Call) -> Outcome:
        known = before.get(call.step)
        if known is not None and known.status in {"started", "unknown"} and call.effects == "external":
            raise StepUnknown(step=call.step, run=str(call.run)[:8])
        started = await runs.start_step(call, owner)
        listener(StepStarted(call.step, call.verb, call.alias, call.parent))
        reach("step.started")
        try:
            outcome = await handler(call)
            reach("step.ready")
            await runs.finish_step(call, owner, started, outcome)
        except (DatabaseLost, RunTaken):
            raise
        except LuxError as error:
            await _failed(call, started, error.as_json())
            raise
        except Exception as error:
            await _failed(call, started, {"code": "defect", "message": repr(error)[:500], "details": {}})
            raise
        reach("step.done")
        listener(StepFinished(call.step, "done", outcome.result))
        return outcome

    async def _failed(call: Call, started: str, error: Mapping[str, Any]) -> None:
        await runs.finish_step(call, owner, started, error)
        listener(StepFinished(call.step, "failed", error))

    return handle
