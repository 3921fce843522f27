"""Whether the database is as it was written."""

from collections.abc import AsyncIterator
from typing import Any

from luxos.boot import System
from luxos.i18n import _
from luxos.integrity import CHECKS, Fault
from luxos.persistence.errors import ValueUnreadable
from luxos.runtime.events import StepFinished, StepProgress, StepStarted
from luxos.ui.methods.person import Person

_MOST = 1000
"""How many faults of one rule are told; their number is told whole."""


async def check_database(system: System, person: Person) -> dict[str, Any]:
    """Every check in turn, each shown as a step: `{"status", "checks": {name: count}, "faults": [{check, …}]}`."""
    runtime = await system.runtime()
    counts: dict[str, int] = {}
    faults: list[dict[str, str]] = []
    for name, (check, title) in CHECKS.items():
        person.listener(StepStarted(name, "CHECK", name, None))
        person.listener(StepProgress(name, _(title), None))
        counts[name] = 0
        async for fault in _to_the_end(check(runtime.database)):
            counts[name] += 1
            if counts[name] <= _MOST:
                faults.append({"check": name, "rule": fault.rule, "who": fault.who, "message": str(fault)})
        person.listener(StepFinished(name, "failed" if counts[name] else "done", None))
    return {"status": "damaged" if faults else "whole", "checks": counts, "faults": faults}


async def _to_the_end(faults: AsyncIterator[Fault]) -> AsyncIterator[Fault]:
    """The faults of a check; where it meets a value that it cannot read it ends, and says so."""
    try:
        async for fault in faults:
            yield fault
    except ValueUnreadable as error:
        yield Fault(error.code, "", found=str(error))
