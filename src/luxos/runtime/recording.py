"""The wrapper that writes every step down: how it ended, and where it may act also that it begins, before it begins.

Whoever made the outermost call hears of its end when that is on the disk. What it called without effects is on its way
there, before it, in the same file of records.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from luxos.beings.errors import GenotypeInvalid
from luxos.errors import LuxError
from luxos.i18n import _
from luxos.persistence.errors import DatabaseLost
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.code import ResultUnfit
from luxos.runtime.errors.runs import RunTaken
from luxos.runtime.events import Listener, StepFinished, StepStarted
from luxos.runtime.faultpoints import reach
from luxos.runtime.heeded import Heed
from luxos.runtime.recorder import Recorder
from luxos.runtime.steps import CANCELLED, StepRecord

_FREE = "none"
_RESULT = "value.content.result"
"""What the result is called in what a link is made of."""


def recorded(handler: Handler, recorder: Recorder, owner: str, listener: Listener, heed: Heed) -> Handler:
    """Records each call of `handler` as a step; a run that is given up leaves its calls open, to be gone on with."""

    async def handle(call: Call) -> Outcome:
        record = call.record = StepRecord(recorder, call, owner)
        if call.effects != _FREE or (call.manner.kept and call.parent is None):
            await record.begin()
        listener(StepStarted(call.step, call.verb, call.alias, call.parent))
        reach("step.started")
        try:
            outcome = await handler(call)
            reach("step.ready")
            await _certain(call, _ended(call, record, outcome), changes=outcome.changes_beings)
        except (DatabaseLost, RunTaken):
            raise
        except LuxError as error:
            await _failed(call, record, error.as_json())
            raise
        except asyncio.CancelledError:
            _cut_off(call, record, heed)
            raise
        except Exception as error:
            await _failed(call, record, {"code": "defect", "message": repr(error)[:500], "details": {}})
            raise
        reach("step.done")
        listener(StepFinished(call.step, "done", outcome.result))
        return outcome

    async def _failed(call: Call, record: StepRecord, error: Mapping[str, Any]) -> None:
        await _certain(call, record.end(error))
        listener(StepFinished(call.step, "failed", error))

    return handle


def _ended(call: Call, record: StepRecord, outcome: Outcome) -> "asyncio.Future[None]":
    """Has the outcome recorded; `ResultUnfit` where it is JSON, and no table can hold it: a NUL, say."""
    try:
        return record.end(outcome)
    except GenotypeInvalid as error:
        where = str(error.details["field"]).removeprefix(_RESULT)
        raise ResultUnfit(who=call.alias, where=f"{where}: " if where else "", reason=error.reason) from error


def _cut_off(call: Call, record: StepRecord, heed: Heed) -> None:
    """Leaves a call open that is to be gone on with, and one that may have acted; else it ends here."""
    goes_on = heed.goes_on or call.scope.tree.asks is not None
    if record.ended or goes_on:  # its end is on its way to the disk, or is still to come
        return
    if call.effects == _FREE or (heed.wanted is not None and call.effects != "external"):
        record.end({"code": CANCELLED, "message": _("It was ended before it had finished."), "details": {}})


async def _certain(call: Call, written: "asyncio.Future[None]", *, changes: bool = False) -> None:
    """Waits for the disk where somebody is told, something outside the database has happened, or a being changes.

    What is on its way is written, also where the wait is cut off.
    """
    if call.parent is None or call.effects != _FREE or changes:
        await written
    elif written.done():
        written.result()
