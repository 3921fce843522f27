"""What can go wrong with the state of a call in its middle."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class SnapshotRefused(LuxError):
    """The state of a call in its middle is not what this LuxOS sealed, or not for this soul and interpreter."""

    code = "runtime.snapshot_refused"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} does not go on from its snapshot, because {reason}. It begins again; what it had called, and had ended, "
        "gives what it gave."
    )


class SnapshotKeyUnfit(LuxError):
    """The key under which snapshots are sealed cannot be used."""

    code = "runtime.snapshot_key_unfit"
    exit_code = Exit.REFUSED
    message = N_(
        "The key for snapshots in {path} cannot be used, because {reason}. Restore it from a backup and run "
        "`chmod 600` on it; without it, calls that wait are begun again."
    )
