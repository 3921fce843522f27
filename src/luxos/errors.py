"""What can go wrong, as a person is told of it: one base class, one sentence each, one exit code each.

A room keeps its own errors in its own `errors.py`; all of them derive from `LuxError`. Errors of drivers and of the
operating system are translated where they first come up, with `from`.
"""

import errno
from collections.abc import Mapping
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
    printed: str = ""
    """What the code that it ended had printed."""

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


_SYSTEM: Mapping[int, str] = {
    errno.ENOENT: N_("there is no such file or folder"),
    errno.EACCES: N_("there is no permission for it"),
    errno.EPERM: N_("the system does not allow it"),
    errno.EEXIST: N_("there is something of this name already"),
    errno.EISDIR: N_("it is a folder"),
    errno.ENOTDIR: N_("a part of the path is no folder"),
    errno.ENOTEMPTY: N_("the folder is not empty"),
    errno.ELOOP: N_("links lead in a circle"),
    errno.ENAMETOOLONG: N_("the name is too long"),
    errno.ENOSPC: N_("the disk is full"),
    errno.EDQUOT: N_("the share of the disk is used up"),
    errno.EROFS: N_("the disk can only be read"),
    errno.EIO: N_("the disk does not answer rightly"),
    errno.EMFILE: N_("too many files are open"),
    errno.ENOMEM: N_("there is no memory left"),
    errno.EBUSY: N_("something is using it"),
    errno.ETIMEDOUT: N_("there was no answer in time"),
    errno.ECONNREFUSED: N_("nobody listens there"),
    errno.ECONNRESET: N_("the other side broke the connection off"),
    errno.EADDRINUSE: N_("the address is in use"),
    -2: N_("no machine has this name"),  # what looking names up says has numbers of its own: EAI_NONAME
    -3: N_("the name server does not answer"),  # EAI_AGAIN
}


def reason_of(error: OSError) -> str:
    """Why the operating system refused, in the person's language; what has no words here yet, in the system's own."""
    said = _SYSTEM.get(error.errno or 0)
    return _(said) if said else error.strerror or str(error) or type(error).__name__
