"""What can go wrong before a command runs behind the walls."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class SandboxMissing(LuxError):
    """No sandbox of this machine can hold the step; there is no silent downgrade."""

    code = "runtime.sandbox_missing"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "This machine cannot run the step in a sandbox: {reason} To repair this, an administrator runs: {command}"
    )


class SandboxFailed(LuxError):
    """The sandbox could not be set up, so that the command was never started."""

    code = "runtime.sandbox_failed"
    exit_code = Exit.ENVIRONMENT
    message = N_("The sandbox could not be set up, and nothing was run: {reason} `luxos doctor` looks for the cause.")
