"""What can go wrong while a tool works."""

from luxos.errors import LuxError
from luxos.i18n import N_


class CommandFailed(LuxError):
    """A command ended with an exit code other than 0."""

    code = "tools.command_failed"
    message = N_("The command `{command}` ended with exit code {code}: {output}")
