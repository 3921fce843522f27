"""Trying a source: whether it is right in every case, and how it measures, both behind the walls of its tier."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from luxos.beings.function import FunctionBeing
from luxos.beings.function_source import Signature, signature_of
from luxos.beings.genesis import soul_hash
from luxos.errors import LuxError
from luxos.runtime.binding import Bound
from luxos.runtime.call import Stored
from luxos.runtime.code import Given
from luxos.runtime.codes import Known
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.evolving.answers import Answers, Record, Sandbox, Told, without_hosts
from luxos.runtime.evolving.cases import Case
from luxos.runtime.tiers import seen_as_self
from luxos.souls.promotion import same

SECONDS, SHORT = 5.0, 0.5
"""That one try may take, and one of a call that nobody made."""
ROUNDS, BATCH = 30, 0.02
"""How often two sources are measured in turn at the most, and for how many seconds each time."""
FASTER, WINS, LOSSES = 0.9, 9, 3
"""A source is faster where it takes at most this part of the time, and won so many rounds more than it lost; where it
lost so many more, it is given up."""
_JUDGES: tuple[Callable[[Iterable[float]], float], ...] = (min, statistics.median)
_MOST, _TAKEN = 1_000_000, 4
_LOOP = """

{begin}def luxos_rounds(luxos_cases, luxos_times):
    for _ in range(luxos_times):
        for luxos_args, luxos_kwargs in luxos_cases:
            {call}(*luxos_args, **luxos_kwargs)
"""


class Trial:
    """Tries sources for one soul."""

    def __init__(self, runtime: Runtime, being: FunctionBeing) -> None:
        self._runtime, self._being = runtime, being
        self._known = without_hosts(runtime.codes.of(being))
        self._this = seen_as_self(being, Stored(self._known, Bound((), {}, {})))

    async def passed(self, source: str, cases: Sequence[Case], *, least: int | None = None) -> list[Case]:
        """The cases in which a source gives what is right, with what it asked for; it ends where `least` cannot be
        reached, by default all.
        """
        right, left = [], len(cases) - (len(cases) if least is None else least)
        for case in cases:
            found = await self._tried(source, case, SECONDS)
            if found is not None and same(found.result, case.result):
                right.append(found)
            elif (left := left - 1) < 0:
                break
        return right

    async def told(self, source: str, calls: Sequence[Case]) -> list[Case]:
        """The calls with what a source gives for them; those at which it fails, or is slow, say nothing."""
        found = [await self._tried(source, call, SHORT) for call in calls]
        return [case for case in found if case is not None]

    async def is_faster(self, old: str, new: str, cases: Sequence[Case]) -> float | None:
        """The part of the old one's time that the new one takes, where it is faster; `None` where it is not.

        What looks faster is measured a second time from the beginning: on a busy machine luck is a part of each time.
        """
        try:
            times = await self._enough(old, cases)
            first = await self._part(old, new, cases, times)
            second = None if first is None else await self._part(old, new, cases, times)
        except LuxError:  # it is not always right
            return None
        return None if first is None or second is None else max(first, second)

    async def _part(self, old: str, new: str, cases: Sequence[Case], times: int) -> float | None:
        """Has the two run in turn, until one has won so much more often that it is no chance."""
        took: list[tuple[float, float]] = []
        ahead = 0
        while -LOSSES < ahead < WINS and len(took) < ROUNDS:
            took.append((await self._seconds(old, cases, times), await self._seconds(new, cases, times)))
            ahead += 1 if took[-1][1] < took[-1][0] else -1
        parts = [judge(new for _old, new in took) / judge(old for old, _new in took) for judge in _JUDGES]
        return max(parts) if ahead >= WINS and max(parts) <= FASTER else None

    async def _tried(self, source: str, case: Case, seconds: float) -> Case | None:
        """The case with what a source gives in it; `None` where it fails, or asks others for something else."""
        until = time.monotonic() + seconds
        answers = Sandbox(self._runtime, self._being, until) if case.asked is None else self._record(case.asked)
        try:
            known = self._of(source, signature_of(source, self._known.code.name))
            result = await self._run(known, Given(case.args, case.kwargs, self._this), answers, until)
        except LuxError:
            return None
        told = [answers.told[number] for number in sorted(answers.told)]
        unfit = answers.refused if case.asked is None else told != case.asked
        return None if unfit else replace(case, result=result, asked=told)

    def _record(self, asked: Sequence[Told]) -> Record:
        return Record(self._runtime, self._being, asked)

    async def _enough(self, source: str, cases: Sequence[Case]) -> int:
        """How often all cases are run for a time that can be measured. On a busy machine one run may take so long for
        no reason of its own, so the quickest of a few has to.
        """
        times, took = 1, 0
        while times < _MOST and took < _TAKEN:
            took = took + 1 if await self._seconds(source, cases, times) >= BATCH else 0
            times = times if took else times * 2
        return times

    async def _seconds(self, source: str, cases: Sequence[Case], times: int) -> float:
        entry = signature_of(source, self._known.code.name)
        begin, call = ("async ", f"await {entry.name}") if entry.is_async else ("", entry.name)
        rounds = Signature("luxos_rounds", (), None, entry.is_async, "")
        known = self._of(source + _LOOP.format(begin=begin, call=call), rounds)
        given = Given([[[list(case.args), dict(case.kwargs)] for case in cases], times], {}, self._this)
        answers = self._record([told for case in cases for told in case.asked or ()])
        began = time.perf_counter()
        await self._run(known, given, answers, time.monotonic() + SECONDS)
        return time.perf_counter() - began

    def _of(self, source: str, signature: Signature) -> Known:
        code = self._known.code
        tried = soul_hash({"type": "function", "source": source, "functions": [signature.name]})
        return replace(self._known, code=replace(code, soul_hash=tried, source=source, signature=signature))

    async def _run(self, known: Known, given: Given, answers: Answers, until: float) -> Any:
        return (await self._runtime.tiers.run(known, given, answers, until)).result
