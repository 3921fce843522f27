"""What can go wrong with a run: finding it, holding it, having it stop or go on."""

from typing import ClassVar

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class RunUnknown(LuxError):
    """No run has such a name."""

    code = "runtime.run_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no run {name!r}. `luxos runs` lists them all.")


class RunAmbiguous(LuxError):
    """Several runs begin so."""

    code = "runtime.run_ambiguous"
    exit_code = Exit.USAGE
    message = N_(
        "More than one run begins with {name!r}. Give more of its letters; `luxos runs --json` shows them whole."
    )


class RunBusy(LuxError):
    """Another process carries the run out."""

    code = "runtime.run_busy"
    exit_code = Exit.REFUSED
    message = N_(
        "Run {run} is being carried out by another process. Wait for it, or have it stop with `luxos run pause {run}`."
    )


class RunTaken(LuxError):
    """The run was claimed by another process while this one lost its connection."""

    code = "runtime.run_taken"
    exit_code = Exit.REFUSED
    message = N_("Run {run} was taken over by another process, so this one stopped. `luxos show {run}` shows it.")


class RunGivenUp(LuxError):
    """Somebody wanted the run to stop; `status` is what it is then."""

    exit_code = Exit.INTERRUPTED
    status: ClassVar[str]


class RunPaused(RunGivenUp):
    """Somebody wanted the run to pause."""

    code = "runtime.run_paused"
    status = "paused"
    message = N_("Run {run} was paused. `luxos run resume {run}` goes on with it.")


class RunMoved(RunGivenUp):
    """Somebody wanted the run to go on elsewhere."""

    code = "runtime.run_moved"
    status = "paused"
    message = N_("Run {run} was given up here, to go on elsewhere: `luxos run resume {run}` does that.")


class RunCancelled(RunGivenUp):
    """Somebody wanted the run to end."""

    code = "runtime.run_cancelled"
    status = "cancelled"
    message = N_("Run {run} was cancelled. `luxos run retry {run}` begins again with what had not ended.")


class RunNotGoing(LuxError):
    """A run that nobody carries out is to pause or to move."""

    code = "runtime.run_not_going"
    exit_code = Exit.USAGE
    message = N_("Run {run} is not being carried out, so it was left as it is. `luxos run show {run}` shows it.")


class RunOver(LuxError):
    """A run that has ended is to be cancelled."""

    code = "runtime.run_over"
    exit_code = Exit.USAGE
    message = N_("Run {run} has ended already, so it was left as it is. `luxos run show {run}` shows it.")


class RunOfTask(LuxError):
    """A run that belongs to a task is to be given up: the task would begin it again."""

    code = "runtime.run_of_task"
    exit_code = Exit.REFUSED
    message = N_("Run {run} belongs to task {task}, which says when it runs. `luxos task cancel {task}` ends both.")


class RunNotHeeding(LuxError):
    """Whoever carries a run out has not given it up in time."""

    code = "runtime.run_not_heeding"
    message = N_(
        "Run {run} was told, and goes on for now: within {seconds} s it came to no point at which it can stop. "
        "It stops at the next one; `luxos run tail {run}` follows it."
    )


class RunElsewhere(LuxError):
    """A run needs files that are on another machine of the same database."""

    code = "runtime.run_elsewhere"
    exit_code = Exit.REFUSED
    message = N_(
        "The files of run {run} are in {folder} on the machine {machine}, and LuxOS carries no files from one machine "
        "to another. Do this there; nothing was done here. If that machine is gone, `luxos run cancel {run}` ends the "
        "run."
    )


class FolderBusy(LuxError):
    """Another process builds in the folder."""

    code = "runtime.folder_busy"
    exit_code = Exit.REFUSED
    message = N_("Another LuxOS is building in {folder}. Wait for it, or choose another name with --name.")


class StepUnknown(LuxError):
    """A crash left it open whether an effect outside has happened."""

    code = "runtime.step_unknown"
    exit_code = Exit.NEEDS_PERSON
    status = "needs_person"
    message = N_(
        "Step {step} of run {run} was cut off while it acted outside this machine, and may have taken effect. "
        "Look there: LuxOS does not repeat it by itself. Where it happened, `luxos run confirm {run} {step}` goes on "
        "after it; where it did not, `luxos run deny {run} {step}` has it done again."
    )


class StepCertain(LuxError):
    """A person wants to say what became of a step, and that is known of all of them."""

    code = "runtime.step_certain"
    exit_code = Exit.USAGE
    message = N_(
        "Of every step of run {run} it is known whether it happened, so nothing was written. `luxos run show {run}` "
        "shows them."
    )


class StepUnnamed(LuxError):
    """A person says what became of a step, and names none, or another one than those of which that is not known."""

    code = "runtime.step_unnamed"
    exit_code = Exit.USAGE
    message = N_(
        "Of run {run}, it is not known of these steps whether they happened: {steps}. Name one of them behind the run; "
        "nothing was written."
    )


class StepDenied(LuxError):
    """A person says that a step did not happen; it is done again when its run goes on."""

    code = "runtime.step_denied"
    message = N_("Step {step} had been cut off, and a person says that it did not happen.")
