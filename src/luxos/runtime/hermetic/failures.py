"""What Monty says when code fails, as a person is told of it."""

import re
from collections.abc import Sequence

from luxos.errors import LuxError
from luxos.i18n import _
from luxos.runtime import said
from luxos.runtime.code import Code
from luxos.runtime.errors.calls import ArgumentsUnfit
from luxos.runtime.errors.code import CodeFailed, CodeLost, CodeOverLimit, ResultUnfit
from luxos.runtime.hermetic.conversation import OverLimit
from luxos.runtime.hermetic.limits import ASKS, memory
from luxos.runtime.hermetic.monty import FIRST, MontyCrashedError, MontyRuntimeError, MontySyntaxError
from luxos.runtime.hermetic.source import CHECKED, KEPT, Source
from luxos.runtime.values import DEPTH, Unfit

_SAID = {
    "MemoryError: memory limit exceeded": "memory",
    "TimeoutError: feed time limit exceeded": "seconds",
    "RecursionError: maximum recursion depth exceeded": "recursion",
    "RuntimeError: suspension limit": "asks",
}
_NO_JSON = re.compile(r"Object of type (\S+) is not JSON serializable")


def over_limit(code: Code, limit: str) -> CodeOverLimit:
    """The error for one limit, by its name in `CodeLimits`, or `asks`, `sleep` or `deadline`."""
    return said.over_limit(code, limit, {"memory": memory(code.limits) / (1 << 20), "asks": ASKS}.get(limit))


def translated(error: Exception, code: Code, source: Source, refused: Sequence[LuxError]) -> LuxError:
    """The error for what ended a call; of what was `refused` to it, that which it let through."""
    if isinstance(error, OverLimit):
        return over_limit(code, str(error))
    if isinstance(error, Unfit):
        return ResultUnfit(who=code.name, where=f"{error.where}: " if error.where else "", reason=error.what)
    if isinstance(error, RecursionError):
        return ResultUnfit(who=code.name, where="", reason=said.unfit_words("depth", DEPTH))
    if isinstance(error, MontyCrashedError):
        return over_limit(code, "seconds") if error.timed_out else CodeLost(who=code.name, reason=_first_line(error))
    if isinstance(error, MontyRuntimeError | MontySyntaxError):
        return _said(error, code, source, refused)
    return CodeFailed(who=code.name, reason=_first_line(error))


def _said(
    error: MontyRuntimeError | MontySyntaxError, code: Code, source: Source, refused: Sequence[LuxError]
) -> LuxError:
    words, message, frames = error.display("type-msg"), error.display("msg"), error.traceback()
    own = source.own.count("\n")
    lines = [frame.line for frame in frames if frame.filename == FIRST and frame.line <= own]
    limit = next((limit for beginning, limit in _SAID.items() if words.startswith(beginning)), None)
    if limit is not None and (lines or limit != "recursion"):
        return over_limit(code, limit)
    let_through = next((each for each in reversed(refused) if str(each) == message), None)
    if let_through is not None and isinstance(error.exception(), RuntimeError):
        return let_through
    line = (frames[-1].source_line or "") if frames else ""
    if CHECKED in line or KEPT in line:
        return ResultUnfit(who=code.name, where="self: " if KEPT in line else "", reason=_no_json(message))
    if isinstance(error, MontyRuntimeError) and not lines:  # the arguments did not reach the function
        return ArgumentsUnfit(who=code.name, reason=words[:300].removesuffix("."))
    if lines:
        words = _("line {line}: {words}").format(line=lines[-1], words=words)
    return CodeFailed(who=code.name, reason=words[:2000])


def _no_json(message: str) -> str:
    """Why a result is no JSON, as LuxOS says it in either tier; what else Monty says is told as it is."""
    if "ircular reference" in message:
        return said.unfit_words("circle")
    kind = _NO_JSON.fullmatch(message)
    return said.unfit_words("kind", kind[1]) if kind else message


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
