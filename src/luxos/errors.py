"""What can go wrong, as a person is told of it: one base class, one sentence each, one exit code each.

A room keeps its own errors in its own `errors.py`; all of them derive from `LuxError`. Errors of drivers and of the
operating system are translated where they first come up, with `from`.
"""

from enum import IntEnum
from typing import Any, ClassVar

from luxos.i18n import N_, _


class Exit(IntEnum):
    """Exit codes of the command `luxos`; docs/reference/exit-codes.md lists them for people."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_UNDERSTOOD = 3
    REFUSED = 4
    ENVIRONMENT = 5
    NEWER_DATABASE = 6
    NEEDS_PERSON = 7
    INTERRUPTED = 130


class LuxError(Exception):
    """Base of every error that a person may see.

    `code` names it for programs, `exit_code` ends the command, `message` is a sentence with `{fields}` that says what
    happened and what to do; the fields are the keyword arguments, and also stand in `details`.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[Exit] = Exit.FAILED
    message: ClassVar[str] = N_("Something went wrong in LuxOS: {reason}.")

    def __init__(self, **details: Any) -> None:
        super().__init__(self.code)
        self.details = details

    def __str__(self) -> str:
        return _(self.message).format_map(self.details)

    def as_json(self) -> dict[str, Any]:
        """The one shape of an error: `{"code", "message", "details"}`."""
        details = {
            key: value if isinstance(value, (int, float, str)) else str(value) for key, value in self.details.items()
        }
        return {"code": self.code, "message": str(self), "details": details}
