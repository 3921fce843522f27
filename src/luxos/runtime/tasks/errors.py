"""What can go wrong with tasks in queues."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class QueueFull(LuxError):
    """As many tasks of one owner wait in a queue as may."""

    code = "runtime.queue_full"
    exit_code = Exit.REFUSED
    message = N_(
        "In the queue {queue} as many tasks of {owner} wait as may ({most}), and nothing was put. Wait until some are "
        "done, or allow more with LUXOS_QUEUE_DEPTH."
    )


class TaskDiffers(LuxError):
    """Another task was put under the same key."""

    code = "runtime.task_differs"
    exit_code = Exit.REFUSED
    message = N_(
        "Under the key {key!r} another task was put into the queue {queue} before ({soul}), and nothing was put now. "
        "Take a key of its own for each task."
    )


class TaskUnknown(LuxError):
    """No task of a queue has such a name."""

    code = "runtime.task_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no task {name!r} in a queue. `luxos task list` lists them.")


class TaskOverdue(LuxError):
    """The moment by which a task was to be done is over."""

    code = "runtime.task_overdue"
    message = N_("The task was to be done by {due}, and was not. Send it again with `luxos task retry`.")


class WorkerLost(LuxError):
    """The worker that had the task ended, or was not heard of for the length of its lease."""

    code = "runtime.worker_lost"
    message = N_("The worker that carried the task out was not heard of any more.")


class LeaseLost(LuxError):
    """A worker was taken for dead, and may go on under no other lease."""

    code = "runtime.lease_lost"
    message = N_("This process was not heard of for too long, and others have its tasks now.")


class ProcessesFail(LuxError):
    """Processes of a queue end before they have begun to work."""

    code = "runtime.processes_fail"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The processes of the queue {queue} end before they begin to work (the last one with {reason}). "
        "`luxos doctor` looks for the cause."
    )


class ClusterMissing(LuxError):
    """A cluster is set, and Ray is not installed."""

    code = "runtime.cluster_missing"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "LUXOS_CLUSTER says {address}, and Ray is not installed here. Install it with `pip install 'lux-os[cluster]'`, "
        "or set LUXOS_CLUSTER=local."
    )


class ClusterUnreachable(LuxError):
    """The cluster does not answer, or not any more."""

    code = "runtime.cluster_unreachable"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The Ray cluster at {address} cannot be reached: {reason}. Check LUXOS_CLUSTER and whether it is running; "
        "without it, LUXOS_CLUSTER=local works on this machine."
    )


class ClusterDiffers(LuxError):
    """A node of the cluster has another LuxOS, or none."""

    code = "runtime.cluster_differs"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The Ray cluster at {address} has LuxOS {there}, and this is {here}. Install the same version on every machine "
        "of it, in the Python that Ray uses there."
    )


class ClusterNeedsDatabase(LuxError):
    """Other machines cannot reach the database that belongs to this one."""

    code = "runtime.cluster_needs_database"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The machines of the Ray cluster at {address} need a database that they can reach. Set LUXOS_DSN to a "
        "PostgreSQL server, or LUXOS_CLUSTER=local."
    )


class WorkFailed(LuxError):
    """What carried a task out failed with an error that has no sentence of its own."""

    code = "runtime.work_failed"
    message = N_("The task failed: {kind}: {said}")


class CronInvalid(LuxError):
    """A text that says no times."""

    code = "runtime.cron_invalid"
    exit_code = Exit.USAGE
    message = N_(
        "{text!r} says no times that come. It takes five fields, minute hour day month weekday, as in "
        "`30 7 * * MON-FRI`."
    )


class ZoneUnknown(LuxError):
    """No time zone has such a name."""

    code = "runtime.zone_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no time zone {name!r}. They are named as in `Europe/Warsaw`.")


class ScheduleDiffers(LuxError):
    """Another schedule has the name."""

    code = "runtime.schedule_differs"
    exit_code = Exit.REFUSED
    message = N_(
        "The schedule {name!r} says something else already, and nothing was changed. Remove it first with "
        "`luxos schedule remove`, or give this one another name with --key."
    )


class ScheduleUnknown(LuxError):
    """No schedule has such a name."""

    code = "runtime.schedule_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no schedule {name!r}. `luxos schedule list` lists them.")


class ScheduleAmbiguous(LuxError):
    """Several schedules could be meant."""

    code = "runtime.schedule_ambiguous"
    exit_code = Exit.USAGE
    message = N_("{count} schedules are meant by {name!r}. Say the first digits that `luxos schedule list` shows.")
