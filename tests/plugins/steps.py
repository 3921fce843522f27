"""Steps as a dispatcher records them, for tests that need some."""

from collections.abc import Mapping
from typing import Any

from luxos.runtime.call import Call, Outcome
from luxos.runtime.runs import Runs
from luxos.runtime.steps import StepRecord


async def begun(runs: Runs, call: Call) -> StepRecord:
    """A step that has begun."""
    record = StepRecord(runs.recorder, call, "tester")
    await record.begin()
    return record


async def ended(runs: Runs, call: Call, how: Outcome | Mapping[str, Any]) -> None:
    """A step that begins and ends."""
    await (await begun(runs, call)).end(how)
