"""What can go wrong between a person, their command and the process in the background."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class ConnectionLost(LuxError):
    """The other side of the socket went away."""

    code = "ui.connection_lost"
    exit_code = Exit.ENVIRONMENT
    message = N_("The connection to the LuxOS in the background was lost. `luxos runs` shows what became of the run.")


class LineTooLong(LuxError):
    """More was to be sent through the socket than the other side takes."""

    code = "ui.line_too_long"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "This is {size}, and no more than {most} go through the LuxOS in the background. Stop it with "
        "`luxos down`; what a run did is kept, and `luxos show` then shows it whole."
    )


class ServiceNotAnswering(LuxError):
    """The process in the background takes connections and says nothing."""

    code = "ui.service_not_answering"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The LuxOS in the background (process {pid}) does not answer. End it with `kill -9 {pid}`, then repeat the "
        "command; nothing that was finished is lost."
    )


class ServiceCannotListen(LuxError):
    """The socket of the process in the background, or its lock, cannot be made."""

    code = "ui.service_cannot_listen"
    exit_code = Exit.ENVIRONMENT
    message = N_("LuxOS cannot listen on {path}: {reason}. Put that right, or set LUXOS_HOME to another folder.")


class FollowingEnded(LuxError):
    """The person pressed Ctrl+C while they followed a run."""

    code = "ui.following_ended"
    exit_code = Exit.INTERRUPTED
    message = N_("You do not follow the run any more; it was not touched by that.")


class FolderUnfit(LuxError):
    """The current folder is gone, or may not be looked at."""

    code = "ui.folder_unfit"
    exit_code = Exit.USAGE
    message = N_("The current folder cannot be used: {reason}. Change to another one, then repeat the command.")


class TextFileUnfit(LuxError):
    """The file of a program or of a source cannot be read."""

    code = "ui.text_file_unfit"
    exit_code = Exit.USAGE
    message = N_("The file {name} cannot be read: {reason}. Give the path of a text file.")


class FileUnfit(LuxError):
    """A file that is to be written or read cannot be."""

    code = "ui.file_unfit"
    exit_code = Exit.ENVIRONMENT
    message = N_("The file {path} cannot be used: {reason}. Name another one, or put that right.")


class NotText(LuxError):
    """Bytes that are no UTF-8 where text belongs."""

    code = "ui.not_text"
    exit_code = Exit.USAGE
    message = N_("This is not UTF-8 text: {text}. Write it in UTF-8, then repeat the command.")


def check_text(text: str) -> None:
    """Raises `NotText` for what came from the operating system as bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotText(text=text.encode(errors="backslashreplace").decode()) from None
