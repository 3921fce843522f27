"""What can go wrong with the record of what was done."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class AnchorUnfit(LuxError):
    """A file is no anchor, or is not as it was signed."""

    code = "security.anchor_unfit"
    exit_code = Exit.USAGE
    message = N_(
        "{path} is no anchor that LuxOS signed: {reason}. Give a file that `luxos audit anchor` wrote, as it was then."
    )
