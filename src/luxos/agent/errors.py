"""What the agent says when it cannot, or will not, do what it was told."""

from typing import Any

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class NotUnderstood(LuxError):
    """The sentence means nothing that LuxOS knows."""

    code = "agent.not_understood"
    exit_code = Exit.NOT_UNDERSTOOD
    message = N_("I do not understand {sentence!r} well enough to act on it, and changed nothing. {understood}")

    def __init__(self, suggestions: tuple[str, ...] = (), **details: Any) -> None:
        super().__init__(**details)
        self.suggestions = suggestions

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "suggestions": list(self.suggestions)}


class NotAble(NotUnderstood):
    """The sentence is understood, but LuxOS cannot do that yet."""

    code = "agent.not_able"
    message = N_("I understand {sentence!r}, but cannot do that yet, and changed nothing. {understood}")


class OwnCommand(LuxError):
    """What is wanted is a command of `luxos` itself."""

    code = "agent.own_command"
    exit_code = Exit.NOT_UNDERSTOOD
    message = N_("That has a command of its own: `{command}`. Nothing was changed.")


class DetailMissing(LuxError):
    """The sentence says what to do, but not with what."""

    code = "agent.detail_missing"
    exit_code = Exit.NOT_UNDERSTOOD
    message = N_("I understand what to do ({intent}), but not {what}. Say it in the sentence; nothing was changed.")


class NameUnfit(LuxError):
    """No application can be called so."""

    code = "agent.name_unfit"
    exit_code = Exit.REFUSED
    message = N_(
        "No application can be called {name!r}: {reason}. Choose another name with --name; nothing was changed."
    )


class FieldsUnfit(LuxError):
    """What is given as fields names none, or names something that is none."""

    code = "agent.fields_unfit"
    exit_code = Exit.REFUSED
    message = N_(
        "{part!r} is no field. Write the fields in words: „title, date (date), price (number)”; nothing was changed."
    )


class StackUnknown(LuxError):
    """No such framework is known to the programmer."""

    code = "agent.stack_unknown"
    exit_code = Exit.NOT_UNDERSTOOD
    message = N_("I cannot build with {stack} yet, only with {known}. Name one of these; nothing was changed.")


class FolderTaken(LuxError):
    """The target folder has something in it that LuxOS did not make."""

    code = "agent.folder_taken"
    exit_code = Exit.REFUSED
    message = N_(
        "The folder {folder} exists already, and LuxOS did not make it. Nothing was changed; "
        "choose another name with --name, or another place with --dir."
    )


class ProjectChanged(LuxError):
    """A person went on working on the project that LuxOS is to build again."""

    code = "agent.project_changed"
    exit_code = Exit.REFUSED
    message = N_(
        "The project {folder} was made by LuxOS, but {path} was changed since. Nothing was overwritten; "
        "choose another name with --name, or another place with --dir."
    )


class ProjectUnfinished(LuxError):
    """An earlier run on the same folder was cut off."""

    code = "agent.project_unfinished"
    exit_code = Exit.REFUSED
    message = N_(
        "Run {run} on {folder} is not finished. Go on with `luxos resume {run}`, "
        "or take it back with `luxos undo {run}`."
    )


class NothingToResume(LuxError):
    """The run has nothing left to do."""

    code = "agent.nothing_to_resume"
    exit_code = Exit.USAGE
    message = N_("Run {run} is finished, so there is nothing to go on with. `luxos runs` lists all runs.")


class RunWasCancelled(LuxError):
    """A run that was ended for good is to go on."""

    code = "agent.run_was_cancelled"
    exit_code = Exit.USAGE
    message = N_("Run {run} was cancelled. `luxos run retry {run}` begins again with what had not ended.")


class NothingCutOff(LuxError):
    """A run of calls has failed, and none of them was cut off."""

    code = "agent.nothing_cut_off"
    exit_code = Exit.USAGE
    message = N_(
        "No call of run {run} was cut off: what failed did so by itself. `luxos run retry {run}` makes it again."
    )


class NothingToRetry(LuxError):
    """The run has not failed."""

    code = "agent.nothing_to_retry"
    exit_code = Exit.USAGE
    message = N_(
        "Nothing of run {run} has failed, so there is nothing to try again. `luxos run resume {run}` goes on with a "
        "run that was paused or cut off."
    )


class NothingToUndo(LuxError):
    """The run changed no files, or was taken back already."""

    code = "agent.nothing_to_undo"
    exit_code = Exit.USAGE
    message = N_("Run {run} has changed no files that could be taken back. `luxos runs` lists all runs.")


class UndoUnfinished(LuxError):
    """The run is on its way back."""

    code = "agent.undo_unfinished"
    exit_code = Exit.REFUSED
    message = N_("Run {run} was being taken back when it was cut off. Finish that with `luxos undo {run}`.")


class LaterRunStands(LuxError):
    """A later build stands on what is to be taken back."""

    code = "agent.later_run_stands"
    exit_code = Exit.REFUSED
    message = N_("Run {later} built on run {run}. Take it back first, with `luxos undo {later}`.")


class FolderOfLuxos(LuxError):
    """A project would lie in LuxOS's own data, or hold it."""

    code = "agent.folder_of_luxos"
    exit_code = Exit.REFUSED
    message = N_("Nothing is built in {folder}: LuxOS keeps its own data in {home}. Choose another place with --dir.")


class FolderUnfit(LuxError):
    """The operating system takes no such folder."""

    code = "agent.folder_unfit"
    exit_code = Exit.REFUSED
    message = N_("The folder {folder} cannot be used: {reason}. Choose another place with --dir; nothing was changed.")
