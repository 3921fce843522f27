"""What a source that is tried is told where it calls others: what is on record, or what its pins give in the sandbox.

Nothing outside of the sandbox happens. What is on record is only told again; what is run is the code of pinned
functions, which reach no hosts, and are answered in the same way. Whatever else is asked for is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from luxos.beings.function import FunctionBeing
from luxos.errors import LuxError
from luxos.runtime.call import Call
from luxos.runtime.code import Ask, Given
from luxos.runtime.codes import Known
from luxos.runtime.dispatcher import SUMMON, Runtime, pinned
from luxos.runtime.errors.calls import ArgumentsUnfit
from luxos.runtime.replaying import Answered, NotAnswered
from luxos.runtime.tiers import seen_as_self
from luxos.souls.dependencies import SELF
from luxos.souls.promotion import same

_DEEPEST = 8
"""Calls within each other that are run."""


@dataclass(frozen=True)
class Told:
    """One call that code made: of what (as `Call.meant`), with which arguments, and its result or its error's words."""

    meant: tuple[str, ...]
    arguments: Mapping[str, Any]
    result: Any = None
    error: str | None = None

    def answer(self) -> Any:
        if self.error is not None:
            raise _Words(reason=self.error)
        return self.result


class _Words(LuxError):
    """What code was told, in the same words."""

    message = "{reason}"


class Answers(Protocol):
    """Answers what code asks for while it is tried."""

    told: dict[int, Told]
    """What was asked for and answered, by the number of the ask."""
    refused: list[str]
    """What was asked for, and is not answered."""

    async def __call__(self, ask: Ask) -> Any: ...


@dataclass
class Record:
    """Tells what is on record once more, to code that asks for the same in the same order."""

    runtime: Runtime
    by: FunctionBeing
    record: Sequence[Told]
    told: dict[int, Told] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    async def __call__(self, ask: Ask) -> Any:
        known = self.record[ask.number % len(self.record)] if self.record else None
        asked = await _asked(self.runtime, self.by, ask)
        if (
            known is None
            or known.meant != meant(asked, self.by)
            or not same(dict(known.arguments), dict(asked.arguments))
        ):
            raise _refused(self, ask)
        self.told[ask.number] = known
        return known.answer()


@dataclass
class Sandbox:
    """Runs what is asked for, where that is a function that the code's soul pins."""

    runtime: Runtime
    by: FunctionBeing
    deadline: float
    depth: int = 0
    told: dict[int, Told] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """With what the functions asked for that were run."""

    async def __call__(self, ask: Ask) -> Any:
        asked = await _asked(self.runtime, self.by, ask)
        is_pinned = ask.name != "summon" and ask.args[0] in self.runtime.codes.of(self.by).pins
        if not is_pinned or asked.stored is None or not isinstance(asked.callee, FunctionBeing):
            raise _refused(self, ask)
        if self.depth == _DEEPEST:
            raise _refused(self, ask)
        given = Given(asked.stored.bound.args, asked.stored.bound.kwargs, seen_as_self(asked.callee, asked.stored))
        inner = Sandbox(self.runtime, asked.callee, self.deadline, self.depth + 1, refused=self.refused)
        try:
            known = without_hosts(asked.stored.known)
            result = (await self.runtime.tiers.run(known, given, inner, self.deadline)).result
        except LuxError as error:
            self.told[ask.number] = Told(meant(asked, self.by), asked.arguments, error=str(error))
            raise
        self.told[ask.number] = Told(meant(asked, self.by), asked.arguments, result)
        return result


def without_hosts(known: Known) -> Known:
    """The same code, which reaches nobody."""
    return replace(known, code=replace(known.code, hosts=()))


def meant(call: Call, by: FunctionBeing) -> tuple[str, ...]:
    """What a call is of; a soul that calls itself means itself, whichever version it is."""
    return (SELF,) if call.callee is by else call.meant


async def _asked(runtime: Runtime, by: FunctionBeing, ask: Ask) -> Call:
    """What an ask of a soul's code means, as the dispatcher understands it."""
    if ask.name == "summon":
        callee, args = await runtime.resolve(SUMMON), list(ask.args)
    elif ask.args and isinstance(ask.args[0], str):
        callee = await runtime.resolve(await pinned(by, runtime.codes.of(by), ask.args[0]))
        args = list(ask.args[1:])
    else:
        raise ArgumentsUnfit(who="execution", reason="who")
    arguments, stored = runtime.bound(callee, args, ask.kwargs)
    return Call(by.soul, "trial", callee, arguments, stored=stored)


def _refused(by: Answers, ask: Ask) -> NotAnswered:
    by.refused.append(str(Answered(ask.name, ask.args, ask.kwargs)))
    return NotAnswered(asked=by.refused[-1])
