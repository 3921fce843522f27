"""Going on with the calls of a run whose process died in the middle of them.

A call that had ended has its result. One that was cut off, or ended from outside (by Ctrl+C, say), is made again, in
the version in which it was called and with what it was given then; what it had called, and what had ended, gives the
result that it gave. Code that waited for what it called goes on where it waited, where its tier could keep that.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.beings.function import FunctionBeing
from luxos.beings.instance import InstanceMethod
from luxos.errors import LuxError
from luxos.runtime.binding import as_given
from luxos.runtime.call import PLAIN, Callee, Hear, Manner
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.execution import Execution
from luxos.runtime.instances import BoundMethod
from luxos.runtime.steps import Step


def is_made_again(step: Step, *, retrying: bool) -> bool:
    """Whether a step is an outermost call that was cut off, or, of a run that is tried again, one that failed."""
    return step.parent is None and step.is_made_again(retrying=retrying) and "summary" not in step.attributes


async def go_on(
    execution: Execution, before: Mapping[str, Step], *, retrying: bool = False, hear: Hear | None = None
) -> tuple[dict[str, Any], dict[str, LuxError]]:
    """Makes the outermost calls again that were cut off; gives results and failures of all by names of steps.

    `hear` is told what their code prints.
    """
    results: dict[str, Any] = {}
    failures: dict[str, LuxError] = {}
    for name, step in before.items():
        if step.parent is None and step.status == "done" and "summary" not in step.attributes:
            results[name] = step.attributes.get("result")
        elif is_made_again(step, retrying=retrying):
            try:
                manner = Manner(kept=step.status == "failed", hear=hear)  # one that is open may have a snapshot
                results[name] = await again(execution, step, manner)
            except LuxError as error:
                failures[name] = error
    return results, failures


async def again(execution: Execution, step: Step, manner: Manner = PLAIN) -> Any:
    """Makes one call again, as it was made then, and gives its result."""
    callee = await callee_of(execution.runtime, step)
    named = step.attributes["arguments"]
    if isinstance(callee, CoreFunction):
        return await execution.call(UUID(str(callee.uuid)), (), named, step.name, manner=manner)
    args, kwargs = as_given(callee.signature, named)
    if isinstance(callee, BoundMethod):
        return await execution.call(
            InstanceMethod(callee.instance, callee.name), args, kwargs, step.name, manner=manner
        )
    return await execution.call(callee, args, kwargs, step.name, manner=manner)


async def callee_of(runtime: Runtime, step: Step) -> Callee:
    """What a step called, in the version of then."""
    callee = await runtime.resolve(f"{step.callee}.{step.method}" if step.method else step.callee)
    if isinstance(callee, FunctionBeing) and callee.soul_hash != step.genesis["soul_hash"]:
        return await runtime.resolve(str(step.genesis["soul_hash"]))
    return callee
