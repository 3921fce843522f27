"""What can go wrong while a tool works."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class CommandFailed(LuxError):
    """A command ended with an exit code other than 0."""

    code = "tools.command_failed"
    message = N_("The command `{command}` ended with exit code {code}: {output}")


class WorkspaceHoldsLuxos(LuxError):
    """A command would see what LuxOS itself keeps."""

    code = "tools.workspace_holds_luxos"
    exit_code = Exit.REFUSED
    message = N_("Commands do not run in {workspace}: LuxOS keeps its own data in {home}. Go to another folder.")
