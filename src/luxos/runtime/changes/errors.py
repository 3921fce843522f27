"""What can go wrong while the changes of a step are read, kept, and put into files or taken back."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class ChangeRefused(LuxError):
    """A step left something that is never put into a project."""

    code = "runtime.change_refused"
    exit_code = Exit.REFUSED
    message = N_("The step left {path!r}, which LuxOS does not put into a project: {reason} No file was changed.")


class ChangeConflict(LuxError):
    """A file is neither as the step found it nor as the step leaves it."""

    code = "runtime.change_conflict"
    exit_code = Exit.REFUSED
    message = N_(
        "{path!r} was changed by someone else since the step read it. Nothing was overwritten; "
        "move your version away or undo your change, then run `luxos resume`."
    )


class ChangesDamaged(LuxError):
    """The stored list of changes, or a file that belongs to it, is not what was written."""

    code = "runtime.changes_damaged"
    exit_code = Exit.FAILED
    message = N_(
        "The stored changes in {folder} are damaged ({reason}). Nothing was changed; restore the folder from a backup, "
        "or start the command again."
    )


class UndoGone(LuxError):
    """What a run kept to take its changes back is not there any more."""

    code = "runtime.undo_gone"
    exit_code = Exit.REFUSED
    message = N_(
        "What run {run} kept to take its changes of files back is not here, and nothing was changed. It goes "
        "LUXOS_KEEP_UNDO days after the run (90, unless you set it); a backup of that time still has it, and the "
        "machine where the run began, if that is another one."
    )


class DiskFull(LuxError):
    """The disk holds no more."""

    code = "runtime.disk_full"
    exit_code = Exit.ENVIRONMENT
    message = N_("The disk under {folder} is full. Nothing was lost; free some space, then run `luxos resume`.")


class FilesNotOurs(LuxError):
    """The system does not let this person read or change a file."""

    code = "runtime.files_not_ours"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "LuxOS may not read or change {path} ({reason}). Give yourself the right to the files in {folder}, "
        "then run `luxos resume`."
    )
