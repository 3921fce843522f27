"""What can be wrong with a Lux program."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class ProgramUnreadable(LuxError):
    """The text is not Lux."""

    code = "lux.unreadable"
    exit_code = Exit.USAGE
    message = N_("Line {line}, column {column} of the Lux program cannot be read, near {text!r}. Correct it and try again.")


class ProgramInvalid(LuxError):
    """The program is Lux, but a statement cannot be carried out."""

    code = "lux.invalid"
    exit_code = Exit.USAGE
    message = N_("Line {line} of the Lux program: {reason}")
