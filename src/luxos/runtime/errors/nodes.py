"""What can go wrong while a machine is enrolled."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class NodeUnknown(LuxError):
    """No machine asks for the key with such a code."""

    code = "runtime.node_unknown"
    exit_code = Exit.USAGE
    message = N_(
        "No machine of this database asks for the key with the code {code}, so nothing was handed over. `luxos node "
        "enroll` shows the code there; it uses the same database (LUXOS_DSN)."
    )


class NodeNotApproved(LuxError):
    """Nobody has handed the key over yet."""

    code = "runtime.node_not_approved"
    exit_code = Exit.USAGE
    message = N_(
        "Nobody has handed the key over to this machine yet. `luxos node enroll`, without a code, says what to do "
        "first."
    )


class NodeCodeWrong(LuxError):
    """What was handed over does not have the code."""

    code = "runtime.node_code_wrong"
    exit_code = Exit.REFUSED
    message = N_(
        "What was handed over does not have the code {code}, so it was not taken. Compare it with what `luxos node "
        "approve` printed; if it is the same, somebody changed the tables."
    )


class NodeKeyUnfit(LuxError):
    """The own key of this machine cannot be used."""

    code = "runtime.node_key_unfit"
    exit_code = Exit.REFUSED
    message = N_("The key of this machine in {path} cannot be used: {reason}. Remove it, then run `luxos node enroll`.")
