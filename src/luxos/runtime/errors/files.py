"""What can go wrong where a core function reads or changes a file of the workspace."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class FileMissing(LuxError):
    """There is no such file in the workspace."""

    code = "runtime.file_missing"
    message = N_("There is no file {path!r} here. Check its name with `ls`.")


class MachineUnfit(LuxError):
    """The file that says which data folder this is cannot be used."""

    code = "runtime.machine_unfit"
    exit_code = Exit.ENVIRONMENT
    message = N_("{path} cannot be read or written: {reason}. Nothing was run; give yourself the right to it.")


class PathOutside(LuxError):
    """A path leaves the workspace."""

    code = "runtime.path_outside"
    exit_code = Exit.REFUSED
    message = N_("The path {path!r} leads out of {workspace}, so nothing was done. Give a path inside.")


class PathTooLong(LuxError):
    """A path is longer than file systems hold."""

    code = "runtime.path_too_long"
    exit_code = Exit.USAGE
    message = N_("The path that begins with {path!r} is longer than a disk can hold. Choose a shorter name.")


class WorkspaceReadOnly(LuxError):
    """A step that declared no effect wants to change files."""

    code = "runtime.workspace_read_only"
    exit_code = Exit.REFUSED
    message = N_("Step {step} may only read files, but wanted to change one. Nothing was changed.")


class FolderGiven(LuxError):
    """A folder stands where a file is meant."""

    code = "runtime.folder_given"
    exit_code = Exit.REFUSED
    message = N_(
        "{path!r} is a folder, and this is done with files only. Nothing was changed; give the path of a file."
    )


class LinkGiven(LuxError):
    """A file is to be changed through a link."""

    code = "runtime.link_given"
    exit_code = Exit.REFUSED
    message = N_(
        "{path!r} is a link, and LuxOS changes no file through a link. Nothing was changed; "
        "give the path of the file itself."
    )


class NotAFile(LuxError):
    """A device, a pipe or a socket stands where a file is meant."""

    code = "runtime.not_a_file"
    exit_code = Exit.REFUSED
    message = N_("{path!r} is a device, a pipe or a socket, and not a file. Nothing was done; give the path of a file.")


class FolderBlocked(LuxError):
    """A folder of the path is a file."""

    code = "runtime.folder_blocked"
    exit_code = Exit.REFUSED
    message = N_(
        "{path!r} cannot be written, because {part!r} is not a folder. Nothing was changed; give another path."
    )


class SameFile(LuxError):
    """A file is to be copied or moved to where it is."""

    code = "runtime.same_file"
    exit_code = Exit.REFUSED
    message = N_("{path!r} would become itself, so nothing was done. Give another name or folder for it.")


class FileTooLarge(LuxError):
    """A file is too large for a tool."""

    code = "runtime.file_too_large"
    exit_code = Exit.REFUSED
    message = N_(
        "{path!r} is larger than {largest}, so nothing was done. A command handles it, for example `cp` with SHELL."
    )


class LuxosData(LuxError):
    """A path leads to what LuxOS keeps for itself."""

    code = "runtime.luxos_data"
    exit_code = Exit.REFUSED
    message = N_("{path!r} lies in {home}, where LuxOS keeps its own data, so nothing was done. Give another path.")
