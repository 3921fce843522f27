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
