"""A call done over in the sandbox, without effects: what its code asks for is answered as it was then, or refused."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from luxos.errors import LuxError
from luxos.i18n import N_
from luxos.runtime.code import Ask, Given
from luxos.runtime.codes import Known
from luxos.runtime.errors.code import CodeFailed, CodeLost, CodeOverLimit, ResultUnfit
from luxos.runtime.tiers import Tiers
from luxos.souls.promotion import same

OWN_FAILURES = frozenset(each.code for each in (CodeFailed, CodeOverLimit, CodeLost, ResultUnfit))
"""How code fails by itself; everything else is refused to it, or happens around it."""
_KIND = re.compile(r"(?:^|: )([A-Z]\w*)(?::|$)")


class NotAnswered(LuxError):
    """Code that is tried asks for what the call that it repeats did not ask for."""

    code = "runtime.not_answered"
    message = N_("{asked} is not called while a source is only tried.")


@dataclass(frozen=True)
class Answered:
    """What the code of a call asked for, and what it was told: a result, or the words of an error."""

    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    result: Any = None
    error: str | None = None

    def is_for(self, ask: Ask) -> bool:
        """Whether it is asked for again."""
        own, other = [list(self.args), dict(self.kwargs)], [list(ask.args), dict(ask.kwargs)]
        return self.name == ask.name and same(own, other)

    def __str__(self) -> str:
        return _shown(self.name, self.args, self.kwargs)


@dataclass(frozen=True)
class Replayed:
    """How a call ended: its result, or the kind of its failure in `failure`, with its words in `said`."""

    result: Any = None
    failure: str | None = None
    said: str = ""
    seconds: float = 0.0
    otherwise: str | None = None
    """What it asked for that it should not have, or did not ask for; nothing where it asked for the same."""

    @classmethod
    def failed(cls, error: LuxError, **more: Any) -> "Replayed":
        """What ended with an error."""
        return cls(failure=kind_of(error), said=str(error), **more)

    def equals(self, other: "Replayed") -> bool:
        """Whether it gave the same, or failed in the same way, and asked for the same."""
        if self.otherwise or other.otherwise or self.failure != other.failure:
            return False
        return self.failure is not None or same(self.result, other.result)


@dataclass
class _Answers:
    """Answers each ask once, as it was answered then."""

    left: list[Answered]
    refused: list[str] = field(default_factory=list)

    async def __call__(self, ask: Ask) -> Any:
        found = next((one for one in self.left if one.is_for(ask)), None)
        if found is None:
            self.refused.append(_shown(ask.name, ask.args, ask.kwargs))
            raise NotAnswered(asked=self.refused[-1])
        self.left.remove(found)
        if found.error is not None:
            raise _Told(reason=found.error)
        return found.result

    @property
    def otherwise(self) -> str | None:
        return next(iter([*self.refused, *map(str, self.left)]), None)


class _Told(LuxError):
    """What the code was told then, in the same words."""

    message = "{reason}"


async def replay(
    tiers: Tiers, known: Known, given: Given, told: Sequence[Answered] = (), *, seconds: float
) -> Replayed:
    """Runs a soul's code for these arguments, with no host and for so long at most; never raises what the code did."""
    known = replace(known, code=replace(known.code, hosts=()))
    answers, began = _Answers(list(told)), time.perf_counter()
    try:
        ended = await tiers.run(known, given, answers, time.monotonic() + seconds)
    except LuxError as error:
        return Replayed.failed(error, seconds=time.perf_counter() - began, otherwise=answers.otherwise)
    return Replayed(ended.result, seconds=time.perf_counter() - began, otherwise=answers.otherwise)


def kind_of(error: LuxError) -> str:
    """What kind of failure it is, without lines and words that may differ: `runtime.code_failed KeyError`."""
    kind = _KIND.search(str(error.details.get("reason", ""))) if isinstance(error, CodeFailed) else None
    return f"{error.code} {kind[1]}" if kind else error.code


def _shown(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    given = [*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    return f"{name}({', '.join(given)})"[:200]
