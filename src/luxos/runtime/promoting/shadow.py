"""One live call done over twice in the sandbox: by the soul that it called, and by the candidate.

The soul itself is run again because only two runs made in the same way can be held beside each other in time, and
because a soul that does not repeat what it gave (it looked at a clock, say) cannot tell whether the candidate is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from luxos.errors import LuxError
from luxos.persistence.json_codec import decode, encode
from luxos.runtime.binding import as_given, bind
from luxos.runtime.code import Given
from luxos.runtime.codes import Known
from luxos.runtime.promoting.moving import short
from luxos.runtime.replaying import Answered, Replayed, replay
from luxos.runtime.tiers import Tiers

LEAST, TIMES = 1.0, 10
"""Seconds that the candidate has at the least, and how many times those of the soul."""
_NOISE = 0.001
"""Seconds by which two runs differ for no reason of theirs."""
_QUICK, _ROUNDS = 1.0, 5
"""Seconds up to which both are run again, and how often what is not quicker is."""


@dataclass(frozen=True)
class Heard:
    """A live call as it was: what was called with what, what it asked for, and how it ended."""

    known: Known
    given: str
    """`[arguments by their names, self]` as JSON, for whoever made the call may change them afterwards."""
    came: Replayed
    run: str
    step: str
    asked: Sequence[Answered] = ()


@dataclass(frozen=True)
class Verdict:
    """What one call says: `equal`, `unsure` where it says nothing, or what the difference is."""

    equal: bool = False
    unsure: bool = False
    slow: bool = False
    difference: dict[str, Any] | None = None


async def compared(tiers: Tiers, heard: Heard, candidate: Known, slower: float) -> Verdict:
    """Runs both, and judges the candidate by what the live call gave."""
    own = await _run(tiers, heard.known, heard, seconds=heard.known.code.limits.seconds)
    if not own.equals(heard.came):
        return Verdict(unsure=True)
    new = await _run(tiers, candidate, heard, seconds=max(LEAST, TIMES * own.seconds))
    if not new.equals(own):
        return Verdict(difference=_difference(heard, new))
    slow = new.failure is None and await _is_slow(tiers, heard, candidate, slower, own, new)
    return Verdict(equal=True, slow=slow)


async def _is_slow(tiers: Tiers, heard: Heard, candidate: Known, slower: float, own: Replayed, new: Replayed) -> bool:
    """Whether the candidate takes longer than it may. A run may have waited for a process to begin, or for a busy
    machine, so the quickest ones count; only a candidate that was quicker needs no more of them.
    """
    quickest, candidates = own.seconds, new.seconds
    for _round in range(_ROUNDS if quickest < _QUICK else 0):
        quickest = min(quickest, (await _run(tiers, heard.known, heard, seconds=TIMES * _QUICK)).seconds)
        candidates = min(candidates, (await _run(tiers, candidate, heard, seconds=TIMES * _QUICK)).seconds)
        if candidates <= quickest:
            return False
    return candidates > slower * quickest + _NOISE


def heard_as(named: Any, this: Any) -> str:
    """What a call was given, as it is at this moment."""
    return encode([dict(named), this]).decode()


async def _run(tiers: Tiers, known: Known, heard: Heard, *, seconds: float) -> Replayed:
    """One run, for whom the live call ran: no process serves two owners."""
    known = replace(known, code=replace(known.code, owner=heard.known.code.owner))
    named, this = decode(heard.given)
    args, kwargs = as_given(heard.known.code.signature, named)
    try:
        bound = bind(known.code.name, known.code.signature, args, kwargs, this["attributes"])
    except LuxError as error:
        return Replayed.failed(error)
    given = Given(bound.args, bound.kwargs, {**this, "soul_hash": known.code.soul_hash})
    return await replay(tiers, known, given, heard.asked, seconds=seconds)


def _difference(heard: Heard, new: Replayed) -> dict[str, Any]:
    arguments, _this = decode(heard.given)
    told = {"run": heard.run, "step": heard.step, "arguments": short(arguments)}
    told |= {"current": _shown(heard.came), "candidate": _shown(new)}
    return told | ({"asked_otherwise": new.otherwise} if new.otherwise else {})


def _shown(came: Replayed) -> dict[str, Any]:
    return {"error": came.said} if came.failure else {"result": short(came.result)}
