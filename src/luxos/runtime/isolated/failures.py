"""What a call says when its code fails, as a person is told of it. What it says is not trusted."""

from collections.abc import Mapping
from typing import Any

from luxos.errors import LuxError
from luxos.i18n import _
from luxos.runtime.code import Code
from luxos.runtime.errors.calls import ArgumentsUnfit
from luxos.runtime.errors.code import CodeFailed, CodeLost, HostUnnamed, ResultUnfit
from luxos.runtime.said import over_limit, unfit_words

_KILLED, _OUT_OF_TIME = -9, -24


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
    reason = _("line {line}: {words}").format(line=line, words=words)
    if failed.get("unnamed") is True:
        return HostUnnamed(who=code.name, reason=reason, reach=_reach(code))
    return CodeFailed(who=code.name, reason=reason)


def _reach(code: Code) -> str:
    """Which hosts code may reach, as a sentence."""
    if not code.hosts:
        return _("Its permissions name no host, so it has no network.")
    return _("Its permissions name no other hosts than {hosts}.").format(hosts=", ".join(code.hosts))


def _unfit(code: Code, unfit: Mapping[str, Any]) -> ResultUnfit:
    where, reason = _text(unfit, "where", 300), unfit_words(_text(unfit, "what", 20), _text(unfit, "told", 100))
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
