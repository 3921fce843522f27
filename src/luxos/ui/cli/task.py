"""`luxos task`: durable tasks, put into queues, looked at, sent again and dropped."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from luxos.beings.queued import IO, NEXT
from luxos.i18n import _
from luxos.ui.cli.app import complete, group, settings
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import Calling, allow_option, arguments, call_arguments, json_option, queue_option
from luxos.ui.formatters import status_words

task_argument = click.argument("task", metavar=_("TASK"))
"""A task's UUID, or the beginning of it."""


@group("task", help=_("Have things done later, or again until they succeed, whoever is killed meanwhile."))
def task_command() -> None:
    """The group."""


class Moment(click.ParamType[str]):
    """A date, or a date and a time; without a zone it is in the person's own."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return datetime.fromisoformat(value).astimezone().isoformat()
        except (ValueError, OverflowError):
            self.fail(_("{value!r} is no moment; write it as 2026-12-24T18:00.").format(value=value), param, ctx)


@task_command.command(
    "add", cls=Calling, help=_("Have WHO (an alias, a hash or a UUID) called with ARGS: JSON values, or words.")
)
@call_arguments
@queue_option(IO, _("The queue: io for what mostly waits, cpu for what computes, or one of your own."))
@click.option("--priority", default=0, show_default=True, help=_("From -100 to 100; the higher goes first."))
@click.option("--key", help=_("Under a key a task is put once, however often this is repeated."))
@click.option("--retries", default=3, show_default=True, help=_("How many attempts may follow the first one."))
@click.option("--at", type=Moment(), metavar=_("MOMENT"), help=_("When it may begin, at the earliest."))
@click.option("--deadline", type=Moment(), metavar=_("MOMENT"), help=_("When it is given up."))
@allow_option
@click.option(
    "--cron", metavar=_("TIMES"), help=_("Again and again: minute hour day month weekday, as in '0 8 * * *'.")
)
@click.option("--zone", metavar=_("ZONE"), help=_("The time zone of --cron, as in Europe/Warsaw; else this machine's."))
@json_option
def add_command(
    who: str,
    args: tuple[str, ...],
    named: tuple[str, ...],
    at: str | None,
    deadline: str | None,
    cron: str | None,
    zone: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    call = {"who": who, **arguments(args, named)}
    if cron is not None:
        from luxos.ui.cli.schedule import add

        if at or deadline:
            raise click.UsageError(_("--cron goes with neither --at nor --deadline."))
        add(call, cron, zone, options, as_json)
        return
    put = ask("task_add", {**call, "at": at, "deadline": deadline, "options": options}, as_json)
    _say(put, as_json, _("Task {task} is in the queue {queue}. `luxos task show {task}` says how far it is."))
    if not as_json and not put["served"]:
        click.echo(_("Nobody carries out the queue {queue} now: `luxos task work --queue {queue}` does.").format(**put))


@task_command.command("list", help=_("List the newest tasks."))
@click.option("--status", type=click.Choice(list(NEXT)), help=_("Only those of this status."))
@queue_option(None, _("Only those of this queue."))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help=_("How many at the most."))
@json_option
def list_command(status: str | None, queue: str | None, limit: int, as_json: bool) -> None:
    _list(status, queue, limit, as_json, _("There are no such tasks."))


@task_command.command(
    "dead", help=_("List the tasks that failed for good: look at them, send them again or drop them.")
)
@queue_option(None, _("Only those of this queue."))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help=_("How many at the most."))
@json_option
def dead_command(queue: str | None, limit: int, as_json: bool) -> None:
    _list("failed", queue, limit, as_json, _("No task has failed."))


@task_command.command("show", help=_("Show a task: what it calls, how far it is, and why attempts failed."))
@task_argument
@json_option
def show_command(task: str, as_json: bool) -> None:
    found = ask("task_show", {"task": task}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"{found['task']}  {status_words(found['status'])}")
    rows = _rows(found)
    width = max(len(name) for name, _value in rows)
    for name, value in rows:
        click.echo(f"  {name:<{width}}  {value}")


@task_command.command("retry", help=_("Send a task that failed again, from its first attempt."))
@task_argument
@json_option
def retry_command(task: str, as_json: bool) -> None:
    _say(ask("task_retry", {"task": task}, as_json), as_json, _("Task {task} is in the queue {queue} again."))


@task_command.command("cancel", help=_("Drop a task for good; if it runs, it is stopped."))
@task_argument
@json_option
def cancel_command(task: str, as_json: bool) -> None:
    _say(ask("task_cancel", {"task": task}, as_json), as_json, _("Task {task} is dropped."))


@task_command.command("work", help=_("Carry out the tasks of a queue here, until Ctrl+C; `luxos up` does so itself."))
@queue_option(IO, _("The queue."))
@click.option("--until-empty", is_flag=True, help=_("End when nothing is ready any more."))
@json_option
def work_command(queue: str, until_empty: bool, as_json: bool) -> None:
    from luxos.ui.working import work

    def ready() -> None:
        words = _("Working on the queue {queue}. Ctrl+C stops it; what is not finished goes back into the queue.")
        _say({"status": "working", "queue": queue}, as_json, words)

    complete(work(settings(), queue, until_empty, ready))
    _say({"status": "stopped", "queue": queue}, as_json, _("Nothing more is carried out here."))


def _list(status: str | None, queue: str | None, limit: int, as_json: bool, nothing: str) -> None:
    found = ask("task_list", {"status": status, "queue": queue, "limit": limit}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for task in found["tasks"]:
        when = (task["ended"] or task["at"] or "")[:16].replace("T", " ")
        click.echo(
            f"{task['task'][:8]}  {when:<16}  {status_words(task['status']):<12} {task['queue']:<8} {task['who']}"
        )
    if not found["tasks"]:
        click.echo(nothing)


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What a person reads of a task, a line each."""
    given = [json.dumps(value, ensure_ascii=False) for value in found["args"]]
    given += [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in found["kwargs"].items()]
    done = found["status"] == "done"
    rows = [
        (_("calls"), f"{found['who']}({', '.join(given)})"),
        (_("queue"), _("{queue}, priority {priority}").format(**found)),
        (_("key"), found["key"]),
        (_("may"), ", ".join(found["permissions"])),
        (_("attempt"), f"{found['attempt']} / {found['retries'] + 1}"),
        *((name, (found[key] or "")[:19].replace("T", " ")) for name, key in _moments()),
        (_("result"), json.dumps(found["result"], ensure_ascii=False) if done else None),
        *((_("failed"), f"{one['number']}: {one['error']['message']}") for one in found["attempts"]),
        (_("run"), found["run"] and found["run"][:8]),
    ]
    return [(name, value) for name, value in rows if value]


def _moments() -> Sequence[tuple[str, str]]:
    return (_("not before"), "at"), (_("began"), "began"), (_("ended"), "ended"), (_("deadline"), "due")


def _say(told: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else words.format(**_short(told)))


def _short(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "task": str(told.get("task", ""))[:8]}
