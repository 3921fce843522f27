"""The wrapper that counts calls in place of recording each: one step for a run and a soul, written now and then.

What was counted in the last moments before a crash is lost; the step gets its link in the run's chain when the run is
given up, and only then do the beings that were called know of it.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from luxos.beings.tally import Tally, bucket
from luxos.errors import LuxError
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.recorder import Recorder
from luxos.runtime.steps import StepRecord

EVERY = 0.2
"""Seconds between two times that a summary is written."""


@dataclass
class _Summary:
    record: StepRecord
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    written: float = -EVERY

    def told(self) -> dict[str, Any]:
        return {"summary": {**self.tally.as_json(), "seconds": round(self.seconds, 6)}}


class Summaries:
    """What was counted of the calls of one run, by soul."""

    def __init__(self, recorder: Recorder, owner: str) -> None:
        self._recorder, self._owner = recorder, owner
        self._known: dict[str, _Summary] = {}

    def count(self, call: Call, seconds: float, failed: bool) -> None:
        """Counts a call that ended."""
        summary = self._known.get(call.soul_hash)
        if summary is None:
            first = Call(call.run, f"summary {call.soul_hash}", call.callee, {}, stored=call.stored, scope=call.scope)
            summary = self._known[call.soul_hash] = _Summary(StepRecord(self._recorder, first, self._owner))
        summary.tally.calls += 1
        summary.tally.failures += failed
        summary.tally.times[bucket(int(seconds * 1e6))] += 1
        summary.seconds += seconds
        now = time.monotonic()
        if now - summary.written >= EVERY:
            summary.written = now
            summary.record.begin(summary.told())

    async def close(self) -> None:
        """Writes all of it, for good; a call after this begins anew."""
        known, self._known = self._known, {}
        for summary in known.values():
            with suppress(LuxError):
                await summary.record.end(Outcome(None), summary.told())


def summarised(handler: Handler, summaries: Summaries) -> Handler:
    """Counts each call of `handler`; a call that was cut off counts as failed."""

    async def handle(call: Call) -> Outcome:
        began = time.perf_counter()
        try:
            outcome = await handler(call)
        except (Exception, asyncio.CancelledError):
            summaries.count(call, time.perf_counter() - began, failed=True)
            raise
        summaries.count(call, time.perf_counter() - began, failed=False)
        return outcome

    return handle
