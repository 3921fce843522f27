"""What is said of code in whatever tier it ran: which limit it passed, and why what it gave is no JSON."""

from luxos.i18n import N_, _
from luxos.runtime.code import Code
from luxos.runtime.errors.code import CodeOverLimit

_OVER = {
    "seconds": N_("it ran for more than {allowed:g} s"),
    "sleep": N_("it wanted to sleep for longer than the {allowed:g} s that it may take, which is its limit `seconds`"),
    "memory": N_("it wanted more than {allowed:g} MB of memory"),
    "recursion": N_("its functions called each other more than {allowed} deep"),
    "asks": N_("it asked for something more than {allowed} times"),
    "output": N_("it printed without an end"),
    "calls": N_("too many calls of this LuxOS wait at once ({allowed})"),
    "deadline": N_("the time for its whole run was over"),
}
_UNFIT = {
    "kind": N_("{told} is not JSON"),
    "key": N_("the key {told} is not a text"),
    "number": N_("{told} is not a number that JSON has"),
    "digits": N_("a number has more than {told} digits"),
    "text": N_("a text has a character that is only half there"),
    "depth": N_("it is nested more than {told} deep"),
    "size": N_("it takes more than {told} MB"),
    "function": N_("a function cannot be passed on"),
}


def over_limit(code: Code, limit: str, allowed: float | None = None) -> CodeOverLimit:
    """The error for one limit, by its name in `CodeLimits` or another of those above; `allowed` where it is not the
    code's own."""
    known = {
        "seconds": code.limits.seconds,
        "sleep": code.limits.seconds,
        "memory": code.limits.memory / (1 << 20),
        "recursion": code.limits.recursion,
    }
    allowed = known.get(limit, 0) if allowed is None else allowed
    name, reason = "seconds" if limit == "sleep" else limit, _(_OVER[limit]).format(allowed=allowed)
    return CodeOverLimit(who=code.name, limit=name, allowed=allowed, reason=reason)


def unfit_words(what: str, told: object = "") -> str:
    """Why a value is no JSON, in the person's language; `told` is what there is to say of it."""
    return _(_UNFIT.get(what, _UNFIT["kind"])).format(told=told)
