"""Trying a source: whether it is right in every case, and how it measures, both behind the walls of its tier."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from luxos.beings.function_source import Signature, signature_of
from luxos.beings.genesis import soul_hash
from luxos.errors import LuxError
from luxos.runtime.code import Ask, Given
from luxos.runtime.codes import Known
from luxos.runtime.evolving.cases import Case
from luxos.runtime.tiers import Tiers
from luxos.souls.promotion import same

SECONDS = 5.0
"""That one try may take."""
ROUNDS, LEAST, BATCH = 9, 3, 0.02
"""How often two sources are measured in turn, at the least too, and for how many seconds each time."""
FASTER, MOSTLY = 0.9, 6
"""A source is faster where it takes at most this part of the time, and was faster in so many of the rounds."""
_MOST = 1_000_000
_LOOP = """

{begin}def luxos_rounds(luxos_cases, luxos_times):
    for _ in range(luxos_times):
        for luxos_args, luxos_kwargs in luxos_cases:
            {call}(*luxos_args, **luxos_kwargs)
"""


class Trial:
    """Tries sources for one soul."""

    def __init__(self, tiers: Tiers, known: Known, this: dict[str, Any]) -> None:
        self._tiers, self._known, self._this = tiers, known, this

    async def passed(self, source: str, cases: Sequence[Case], *, all_: bool = True) -> list[Case]:
        """The cases in which a source gives what is right; with `all_` it ends at the first in which it does not."""
        right = []
        for case in cases:
            if await self._is_right(source, case):
                right.append(case)
            elif all_:
                break
        return right

    async def is_faster(self, old: str, new: str, cases: Sequence[Case]) -> float | None:
        """The part of the old one's time that the new one takes, where it is faster; `None` where it is not.

        The two run in turn, and the quickest run of each counts: what else the machine does only ever adds to a time.
        """
        times = await self._enough(old, cases)
        took: list[tuple[float, float]] = []
        while len(took) < ROUNDS:
            took.append((await self._seconds(old, cases, times), await self._seconds(new, cases, times)))
            part = min(new for _old, new in took) / min(old for old, _new in took)
            if len(took) >= LEAST and part > 1:
                return None
        wins = sum(new < old for old, new in took)
        return part if part <= FASTER and wins >= MOSTLY else None

    async def _is_right(self, source: str, case: Case) -> bool:
        try:
            known = self._of(source, signature_of(source, self._known.code.name))
            result = await self._run(known, Given(case.args, case.kwargs, self._this))
        except LuxError:
            return False
        return same(result, case.result)

    async def _enough(self, source: str, cases: Sequence[Case]) -> int:
        """How often all cases are run for a time that can be measured."""
        times = 1
        while times < _MOST and await self._seconds(source, cases, times) < BATCH:
            times *= 2
        return times

    async def _seconds(self, source: str, cases: Sequence[Case], times: int) -> float:
        entry = signature_of(source, self._known.code.name)
        begin, call = ("async ", f"await {entry.name}") if entry.is_async else ("", entry.name)
        rounds = Signature("luxos_rounds", (), None, entry.is_async, "")
        known = self._of(source + _LOOP.format(begin=begin, call=call), rounds)
        given = Given([[[list(case.args), dict(case.kwargs)] for case in cases], times], {}, self._this)
        began = time.perf_counter()
        await self._run(known, given)
        return time.perf_counter() - began

    def _of(self, source: str, signature: Signature) -> Known:
        code = self._known.code
        tried = soul_hash({"type": "function", "source": source, "functions": [signature.name]})
        return replace(self._known, code=replace(code, soul_hash=tried, source=source, signature=signature))

    async def _run(self, known: Known, given: Given) -> Any:
        return (await self._tiers.run(known, given, _nobody, time.monotonic() + SECONDS)).result


async def _nobody(ask: Ask) -> Any:
    raise LuxError(reason=f"{ask.name} is not answered while a source is tried")
