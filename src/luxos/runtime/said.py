"""What is said of code in whatever tier it ran: which limit it passed, and why what it gave is no JSON."""

from luxos.amounts import number, size
from luxos.i18n import N_, _
from luxos.runtime.code import Code
from luxos.runtime.errors.code import CodeOverLimit

_OVER = {
    "seconds": N_("it ran for more than {allowed} s"),
    "sleep": N_("it wanted to sleep for longer than the {allowed} s that it may take, which is its limit `seconds`"),
    "memory": N_("it wanted more than {allowed} of memory"),
    "recursion": N_("its functions called each other more than {allowed} deep"),
    "asks": N_("it asked for something more than {allowed} times"),
    "output": N_("it printed without an end"),
    "calls": N_("too many calls of this LuxOS wait at once ({allowed})"),
    "deadline": N_("the time for its whole run was over"),
}
MEBIBYTE = 1 << 20
_UNFIT = {
    "kind": N_("JSON has no values of the type {told}"),
    "key": N_("the key {told} is not a text"),
    "number": N_("{told} is not a number that JSON has"),
    "digits": N_("a number has more than {told} digits"),
    "text": N_("a text has a character that is only half there"),
    "depth": N_("it is nested more than {told} deep"),
    "size": N_("it takes more than {told}"),
    "circle": N_("it holds itself"),
    "function": N_("a function cannot be passed on"),
}


def over_limit(code: Code, limit: str, allowed: float | None = None) -> CodeOverLimit:
    """The error for one limit, by its name in `CodeLimits` or another of those above; `allowed` where it is not the
    code's own."""
    known = {
        "seconds": code.limits.seconds,
        "sleep": code.limits.seconds,
        "memory": code.limits.memory / MEBIBYTE,
        "recursion": code.limits.recursion,
    }
    allowed = known.get(limit, 0) if allowed is None else allowed
    shown = size(round(allowed * MEBIBYTE)) if limit == "memory" else number(allowed)
    name, reason = "seconds" if limit == "sleep" else limit, _(_OVER[limit]).format(allowed=shown)
    return CodeOverLimit(who=code.name, limit=name, allowed=allowed, reason=reason)


def unfit_words(what: str, told: object = "") -> str:
    """Why a value is no JSON, in the person's language; `told` is what there is to say of it."""
    return _(_UNFIT.get(what, _UNFIT["kind"])).format(told=_megabytes(told) if what == "size" else told)


def _megabytes(told: object) -> str:
    """What code says of a size; it is not trusted, and as it is where it is no number."""
    try:
        return size(round(float(str(told)) * MEBIBYTE))
    except (ValueError, OverflowError):
        return str(told)
