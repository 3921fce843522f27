"""What can go wrong while something runs, or while its changes to files are committed."""

from typing import ClassVar

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
        "Run {run} was told, and goes on for now: within {seconds} seconds it came to no point at which it can stop. "
        "It stops at the next one; `luxos run tail {run}` follows it."
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
    message = N_(
        "Step {step} of run {run} was cut off while it acted outside this machine, and may have taken effect. "
        "Look there first: LuxOS does not repeat it by itself."
    )


class BeingNotCallable(LuxError):
    """No being answers to the name, or what answers has no code."""

    code = "runtime.being_not_callable"
    exit_code = Exit.USAGE
    message = N_("There is nothing to call under {who!r}. Give the UUID, the hash or the alias of a function.")


class ArgumentsUnfit(LuxError):
    """The arguments do not fit the function."""

    code = "runtime.arguments_unfit"
    exit_code = Exit.USAGE
    message = N_("{who} cannot be called so: {reason}.")


class HostUnfit(LuxError):
    """A permission names a host otherwise than hosts are named."""

    code = "runtime.host_unfit"
    exit_code = Exit.USAGE
    message = N_(
        "{who} asks for the host {host!r}, which is none. A permission names one as host:api.nbp.pl:443: a name in "
        "small letters, or an IPv4 address, and a port."
    )


class MethodUnknown(LuxError):
    """An instance has no such method."""

    code = "runtime.method_unknown"
    exit_code = Exit.USAGE
    message = N_("{who} has no method {name!r}. It has: {methods}.")


class InstanceChanged(LuxError):
    """Others changed an instance while its method ran, again and again."""

    code = "runtime.instance_changed"
    message = N_(
        "{soul} was changed by others while its method ran, so nothing of this call was kept. Call it again when "
        "fewer do so."
    )


class InstanceEntered(LuxError):
    """A method of an instance is called from one of its own methods, through LuxOS."""

    code = "runtime.instance_entered"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} cannot be called from within a method of the same instance, which has its state in hand. Call it as "
        "`self.…` there."
    )


class CodeFailed(LuxError):
    """Code that ran in the sandbox ended with an error."""

    code = "runtime.code_failed"
    message = N_("{who} failed in the sandbox: {reason}")


class CallOverLimit(LuxError):
    """A call, or the tree of calls that it belongs to, wants more than it may have."""

    code = "runtime.call_over_limit"
    exit_code = Exit.REFUSED
    message = N_("{who} was ended, because the limit of its call is {limit}. Ask for less at once, or raise the limit.")


class NotPure(LuxError):
    """A call is not to be recorded, and its callee may do more than compute."""

    code = "runtime.not_pure"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} does not say that it is pure, so a call of it is always recorded. Nothing was run; "
        "summon it with pure=True, or call it with recording='summary'."
    )


class OptionUnknown(LuxError):
    """No option of calls is called so, or takes such a value."""

    code = "runtime.option_unknown"
    exit_code = Exit.USAGE
    message = N_(
        "Calls have no option {name} with the value {value}. There are recording ('full', 'summary', 'off'), and "
        "numbers above 0: seconds, depth, breadth, calls, energy, retries."
    )


class SummonRefused(LuxError):
    """Stored code wants to make something that it may not."""

    code = "runtime.summon_refused"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} may make beings below its own name only ({who}.…), without an owner, permissions or packages. "
        "{name!r} was not made."
    )


class CodeOverLimit(LuxError):
    """Code wanted more than one call may take; `limit` names what of."""

    code = "runtime.code_over_limit"
    message = N_(
        "{who} was ended in the sandbox, because {reason}. Have it do less at once, or give it a higher limit "
        "(`limits` in its genesis)."
    )


class CodeLost(LuxError):
    """The process that ran code ended, and not by itself."""

    code = "runtime.code_lost"
    message = N_(
        "The sandbox in which {who} ran ended unexpectedly ({reason}). Nothing was repeated; call it again if it is "
        "right to do so."
    )


class ResultUnfit(LuxError):
    """What code gives is not JSON, or too large."""

    code = "runtime.result_unfit"
    message = N_(
        "{who} gave a result that cannot be kept: {where}{reason}. It may give null, true, false, numbers, text, and "
        "lists of them and names with them."
    )


class ApprovalRefused(LuxError):
    """Whoever was asked did not let a call act."""

    code = "runtime.approval_refused"
    exit_code = Exit.REFUSED
    message = N_("{who} (step {step}) was not approved. Nothing was done.")


class EvolutionUnfit(LuxError):
    """A soul cannot be evolved, for nothing says what would be right."""

    code = "runtime.evolution_unfit"
    exit_code = Exit.USAGE
    message = N_("{name} cannot be evolved: {reason}. Nothing was changed.")


class TierUnfit(LuxError):
    """A source is to run in the hermetic tier, and uses what that does not have."""

    code = "runtime.tier_unfit"
    exit_code = Exit.USAGE
    message = N_(
        "{name} cannot run in the hermetic tier: {places}. Nothing was made; the isolated tier can run it "
        "(tier='isolated', or no tier at all)."
    )


class SnapshotRefused(LuxError):
    """The state of a call in its middle is not what this LuxOS sealed, or not for this soul and interpreter."""

    code = "runtime.snapshot_refused"
    exit_code = Exit.REFUSED
    message = N_("{who} does not go on from its snapshot, because {reason}. Nothing was run.")


class SnapshotKeyUnfit(LuxError):
    """The key under which snapshots are sealed cannot be used."""

    code = "runtime.snapshot_key_unfit"
    exit_code = Exit.REFUSED
    message = N_(
        "The key for snapshots in {path} cannot be used, because {reason}. Restore it from a backup and run "
        "`chmod 600` on it; without it, calls that wait are begun again."
    )


class TracingMissing(LuxError):
    """Spans are wanted, and OpenTelemetry is not installed."""

    code = "runtime.tracing_missing"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "LUXOS_OTEL is set, but OpenTelemetry is not installed. Install it with `pip install 'lux-os[otel]'`, or take "
        "the setting away. Nothing was run."
    )


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


class PermissionRefused(LuxError):
    """The run was not given leave for such an effect."""

    code = "runtime.permission_refused"
    exit_code = Exit.REFUSED
    message = N_("Step {step} wants the permission {effect!r}, which this run does not have. Nothing was done.")


class FileMissing(LuxError):
    """There is no such file in the workspace."""

    code = "runtime.file_missing"
    message = N_("There is no file {path!r} here. Check its name with `ls`.")


class PathOutside(LuxError):
    """A path leaves the workspace."""

    code = "runtime.path_outside"
    exit_code = Exit.REFUSED
    message = N_("The path {path!r} leads out of {workspace}, so nothing was done. Give a path inside.")


class WorkspaceReadOnly(LuxError):
    """A step that declared no effect wants to change files."""

    code = "runtime.workspace_read_only"
    exit_code = Exit.REFUSED
    message = N_("Step {step} may only read files, but wanted to change one. Nothing was changed.")


class FilesNotOurs(LuxError):
    """The system does not let this person read or change a file."""

    code = "runtime.files_not_ours"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "LuxOS may not read or change {path} ({reason}). Give yourself the right to the files in {folder}, "
        "then run `luxos resume`."
    )


class PathTooLong(LuxError):
    """A path is longer than file systems hold."""

    code = "runtime.path_too_long"
    exit_code = Exit.USAGE
    message = N_("The path that begins with {path!r} is longer than a disk can hold. Choose a shorter name.")


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
        "{path!r} is larger than {largest} MB, so nothing was done. A command handles it, for example `cp` with SHELL."
    )


class LuxosData(LuxError):
    """A path leads to what LuxOS keeps for itself."""

    code = "runtime.luxos_data"
    exit_code = Exit.REFUSED
    message = N_("{path!r} lies in {home}, where LuxOS keeps its own data, so nothing was done. Give another path.")


class PackagesUnavailable(LuxError):
    """The package index could not be reached, or did not give what was asked for."""

    code = "runtime.packages_unavailable"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The packages could not be fetched: {reason}. Check the network and pip's configuration, "
        "then run `luxos resume`."
    )


class PackagesTampered(LuxError):
    """What came from the package index is not what the lock names."""

    code = "runtime.packages_tampered"
    exit_code = Exit.REFUSED
    message = N_(
        "A fetched package differs from its locked hash, so nothing of it was kept. Check which index pip uses."
    )


class EnvironmentNotInstalled(LuxError):
    """The fetched packages could not be installed."""

    code = "runtime.environment_not_installed"
    exit_code = Exit.ENVIRONMENT
    message = N_("The environment could not be made: {reason}. Run `luxos doctor`, then `luxos resume`.")


class RequirementUnfit(LuxError):
    """A soul names a package that is not locked."""

    code = "runtime.requirement_unfit"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} needs {line!r}, which is no locked package, so nothing was fetched. Each requirement is one line "
        "like name==1.0 --hash=sha256:…"
    )
