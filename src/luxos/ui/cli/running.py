"""The commands for runs that go on, or are to: `tail`, `pause`, `move`, `cancel`, `confirm`, `deny`, `retry`."""

import json
from collections.abc import Callable
from typing import Any

import click

from luxos.agent.reasoning import Defaults
from luxos.amounts import duration
from luxos.i18n import N_, _
from luxos.runtime.events import StepSeen
from luxos.ui.cli.app import Interrupted, complete, settings
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option, run_argument, value_of
from luxos.ui.cli.screen import Screen
from luxos.ui.cli.work import work
from luxos.ui.errors import FollowingEnded
from luxos.ui.formatters import SIGNS, called, gave, problem, status_words

_SAID = {
    "paused": N_("Run {run} is paused. `luxos run resume {run}` goes on with it."),
    "cancelled": N_("Run {run} is cancelled. `luxos run retry {run}` begins again with what had not ended."),
}
_ENDED = N_("Run {run} ended meanwhile: {status}.")

wait_option = click.option(
    "--wait",
    "seconds",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0, 86_400),
    help=_("Wait so many seconds at the most until the run has stopped."),
)


@click.command("pause", help=_("Have a run stop at its next safe point, wherever it is carried out."))
@run_argument
@wait_option
@json_option
def pause_command(run: str, seconds: float, as_json: bool) -> None:
    _give_up("run_pause", run, seconds, as_json)


@click.command(
    "move",
    help=_("Have a run given up at once where it is carried out, to go on elsewhere with `luxos run resume`."),
)
@run_argument
@wait_option
@json_option
def move_command(run: str, seconds: float, as_json: bool) -> None:
    _give_up("run_move", run, seconds, as_json)


@click.command("cancel", help=_("End a run for good, with everything that it called, wherever it is carried out."))
@run_argument
@wait_option
@json_option
def cancel_command(run: str, seconds: float, as_json: bool) -> None:
    _give_up("run_cancel", run, seconds, as_json)


@click.command("retry", help=_("Carry out again what failed in a run; what had ended does not run again."))
@run_argument
@json_option
def retry_command(run: str, as_json: bool) -> int:
    return work("retry", {"run": run}, as_json)


step_argument = click.argument("step", required=False, metavar=_("[STEP]"))
later_option = click.option("--later", is_flag=True, help=_("Only write it down; `luxos run resume` goes on."))


@click.command(
    "confirm",
    help=_("Say of a STEP of which it is not known whether it happened that it did, and go on with its run."),
    epilog=_("STEP is needed where there are several; `luxos run resume` and `luxos run show` name them."),
)
@run_argument
@step_argument
@click.option(
    "--result", metavar=_("JSON"), help=_("What it gave, as JSON or words; nothing (null) unless you say it.")
)
@later_option
@json_option
def confirm_command(run: str, step: str | None, result: str | None, later: bool, as_json: bool) -> int:
    gave = None if result is None else value_of(result)
    return work("run_confirm", {"run": run, "step": step, "later": later, "result": gave}, as_json)


@click.command(
    "deny",
    help=_("Say of a STEP of which it is not known whether it happened that it did not: it is done again."),
    epilog=_("STEP is needed where there are several; `luxos run resume` and `luxos run show` name them."),
)
@run_argument
@step_argument
@later_option
@json_option
def deny_command(run: str, step: str | None, later: bool, as_json: bool) -> int:
    return work("run_deny", {"run": run, "step": step, "later": later}, as_json)


@click.command("tail", help=_("Show the steps of a run as they happen, until it ends or you press Ctrl+C."))
@run_argument
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object a line, and nothing else."))
def tail_command(run: str, as_json: bool) -> None:
    from luxos.ui.client import ask as asked

    with Screen(quiet=as_json) as screen:
        show = _shower(as_json, screen.hear)
        try:
            ended = complete(asked(settings(), "run_tail", {"run": run}, Defaults(), show))
        except Interrupted:
            raise FollowingEnded() from None
    if as_json:
        _print(ended)
    else:
        words = _("Run {run}: {status}.")
        click.echo(words.format(run=ended["run"][:8], status=status_words(ended["status"])))


def _give_up(method: str, run: str, seconds: float, as_json: bool) -> None:
    found = ask(method, {"run": run, "seconds": seconds}, as_json)
    if as_json:
        _print(found)
    else:
        words = _(_SAID.get(found["status"], _ENDED))
        click.echo(words.format(run=found["run"][:8], status=status_words(found["status"])))


def _shower(as_json: bool, otherwise: Callable[[object], None]) -> Callable[[object], None]:
    """A listener that prints each step at once."""

    def hear(event: object) -> None:
        if not isinstance(event, StepSeen):
            otherwise(event)
        elif as_json:
            _print(event.step)
        else:
            click.echo(_line(event.step))

    return hear


def _print(told: dict[str, Any]) -> None:
    click.echo(json.dumps(told, ensure_ascii=False))


def _line(step: dict[str, Any]) -> str:
    """A step as one line; what it called stands below it, further in, and mostly before it, for it ends before."""
    took = f"  {duration(step['seconds'])}" if step["seconds"] is not None else ""
    name = "  " * step["step"].count("/") + step["step"]
    at = (step.get("finished_at") or step["started_at"])[11:23]
    return f"{at}  {SIGNS.get(step['status'], '?')} {name}  {called(step)}{took}{gave(step)}{problem(step)}"
