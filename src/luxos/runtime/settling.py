"""Steps of which nobody knows whether they took effect outside, and what a person says of one who has looked there.

The step's attempt, which a crash left open, is closed with a link of its own: done, with the result that the person
gives, or failed, and then it is made again when its run goes on.
"""

from collections.abc import Iterable
from typing import Any

from luxos.beings.core import CoreFunction
from luxos.beings.errors import GenotypeInvalid
from luxos.errors import LuxError
from luxos.persistence.errors import DatabaseLost
from luxos.runtime.call import Callee
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.code import ResultUnfit
from luxos.runtime.errors.runs import StepCertain, StepDenied, StepUnnamed
from luxos.runtime.faultpoints import reach
from luxos.runtime.instances import BoundMethod
from luxos.runtime.recorder import FROZEN, Record
from luxos.runtime.resuming import callee_of
from luxos.runtime.runs import Run
from luxos.runtime.steps import Step, content_of, now


async def uncertain(runtime: Runtime, steps: Iterable[Step]) -> list[Step]:
    """Those of the steps of a run that nobody carries out of which it is not known whether they took effect."""
    return [step for step in steps if await _is_uncertain(runtime, step)]


async def chosen(runtime: Runtime, run: Run, name: str | None) -> Step:
    """The one of them that is called so, or the only one; `StepCertain`, `StepUnnamed` where that says none."""
    found = await uncertain(runtime, await runtime.runs.steps(run.soul))
    named = [step for step in found if name in (None, step.name)]
    if len(named) == 1:
        return named[0]
    if found:
        raise StepUnnamed(run=run.name, steps=", ".join(step.name for step in found))
    raise StepCertain(run=run.name)


async def settle(runtime: Runtime, run: Run, step: Step, *, happened: bool, result: Any = None) -> None:
    """Writes down what a person says of an uncertain step of a run that this process holds.

    `ResultUnfit` for a result that no table can hold.
    """
    known = {key: value for key, value in step.attributes.items() if key not in (FROZEN, "attempts")}
    told: dict[str, Any] = {**known, "settled": {"by": runtime.owner, "happened": happened}, "finished_at": now()}
    if happened:
        told |= {"status": "done", "result": result, "changes": None}
    else:
        told |= {"status": "failed", "error": StepDenied(step=step.name).as_json()}
    content = content_of(step.genesis, told)
    record = Record(step.id, run.soul, step.callee, step.genesis, told, content, was_begun=True)
    reach("step.settling")
    try:
        written = runtime.runs.recorder.put(record)
    except GenotypeInvalid as error:
        raise ResultUnfit(who=step.call, where="", reason=error.reason) from error
    await written
    reach("step.settled")


async def _is_uncertain(runtime: Runtime, step: Step) -> bool:
    if step.status != "started":
        return False
    try:
        return _acts(runtime, await callee_of(runtime, step))
    except DatabaseLost:
        raise
    except LuxError:  # what it called is not there any more, and may have done anything
        return True


def _acts(runtime: Runtime, callee: Callee) -> bool:
    if isinstance(callee, CoreFunction):
        return callee.effects == "external"
    known = callee.known if isinstance(callee, BoundMethod) else runtime.codes.of(callee)
    return bool(known.code.hosts)
