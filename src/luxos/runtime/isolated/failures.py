"""What a call says when its code fails, as a person is told of it. What it says is not trusted."""

from collections.abc import Mapping
from typing import Any

from luxos.errors import LuxError
from luxos.i18n import N_, _
from luxos.runtime.code import Code
from luxos.runtime.errors import ArgumentsUnfit, CodeFailed, CodeLost, CodeOverLimit, ResultUnfit

_REASONS = {
    "seconds": N_("it ran for more than {allowed:g} s"),
    "memory": N_("it wanted more than {allowed:g} MB of memory"),
    "recursion": N_("its functions called each other more than {allowed} deep"),
    "asks": N_("it asked for something more than {allowed} times"),
    "output": N_("it printed without an end"),
    "calls": N_("too many calls of this LuxOS wait at once ({allowed})"),
    "deadline": N_("the time for its whole run was over"),
}
_UNFIT = {
    "kind": N_("{kind} is not JSON"),
    "key": N_("the key {told} is not a text"),
    "number": N_("{told} is not a number that JSON has"),
    "digits": N_("a number has more than {told} digits"),
    "text": N_("a text has a character that is only half there"),
    "depth": N_("it is nested more than {count} deep"),
    "size": N_("it takes more than {told} MB"),
}
_KILLED, _OUT_OF_TIME = -9, -24


def over_limit(code: Code, limit: str, allowed: float = 0) -> CodeOverLimit:
    """The error for one limit, by its name in `CodeLimits`, or another of those that we hold."""
    known = {
        "seconds": code.limits.seconds,
        "memory": code.limits.memory / (1 << 20),
        "recursion": code.limits.recursion,
    }
    allowed = known.get(limit, allowed)
    return CodeOverLimit(who=code.name, limit=limit, allowed=allowed, reason=_(_REASONS[limit]).format(allowed=allowed))


def told(code: Code, frame: Mapping[str, Any], refused: Mapping[int, LuxError]) -> LuxError:
    """The error for the last frame of a call that gave no result; of what was `refused` to it, that which it let
    through."""
    over, unfit, failed, ask = (frame.get(part) for part in ("over", "unfit", "failed", "ask"))
    if over in ("memory", "recursion"):
        return over_limit(code, over)
    if isinstance(unfit, dict):
        return _unfit(code, unfit)
    if not isinstance(failed, dict):
        return broken(code)
    return refused[ask] if isinstance(ask, int) and ask in refused else _failed(code, failed)


def _failed(code: Code, failed: Mapping[str, Any]) -> LuxError:
    kind, message, line = _text(failed, "type", 100), _text(failed, "message", 2000), failed.get("line")
    if not isinstance(line, int):
        if kind == "TypeError":  # the arguments did not reach the function
            return ArgumentsUnfit(who=code.name, reason=message[:300].removesuffix("."))
        return CodeFailed(who=code.name, reason=f"{kind}: {message}")
    words = f"{kind}: {message}" if message else kind
    return CodeFailed(who=code.name, reason=_("line {line}: {words}").format(line=line, words=words))


def _unfit(code: Code, unfit: Mapping[str, Any]) -> ResultUnfit:
    where, what = _text(unfit, "where", 300), _UNFIT.get(_text(unfit, "what", 20), _UNFIT["kind"])
    told = _text(unfit, "told", 100)
    reason = _(what).format(told=told, kind=told, count=told)
    return ResultUnfit(who=code.name, where=f"{where}: " if where else "", reason=reason)


def ended(code: Code, status: int | None) -> LuxError:
    """The error for a call whose process ended without a last frame."""
    if status == _OUT_OF_TIME:
        return over_limit(code, "seconds")
    if status is not None and status not in (0, _KILLED):
        return CodeLost(who=code.name, reason=_("its process ended with {status}").format(status=status))
    return CodeLost(who=code.name, reason=_("its process was ended, or closed its line to LuxOS"))


def broken(code: Code) -> CodeFailed:
    """The error for code that spoke to LuxOS itself, and not as was agreed."""
    return CodeFailed(who=code.name, reason=_("it wrote to the line by which the sandbox speaks to LuxOS"))


def _text(told: Mapping[str, Any], name: str, most: int) -> str:
    value = told.get(name)
    return value[:most] if isinstance(value, str) else "?"
