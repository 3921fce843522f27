"""The commands that look back: `runs` and `show`."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from luxos.amounts import duration
from luxos.errors import reason_of
from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option, run_argument
from luxos.ui.errors import FileUnfit
from luxos.ui.formatters import called, gave, problem, status_words

_WIDE = 100_000
"""Columns of an output that is no terminal: whoever searches or copies it wants each step in one line."""


@click.command("runs", help=_("List the newest runs."))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help=_("How many at the most."))
@json_option
def runs_command(limit: int, as_json: bool) -> None:
    result = ask("runs", {"limit": limit}, as_json)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    elif not result["runs"]:
        click.echo(_("There are no runs yet."))
    else:
        for run in result["runs"]:
            when = run["created_at"][:16].replace("T", " ")
            click.echo(f"{run['run'][:8]}  {when}  {status_words(run['status']):<14} {_goal(run)}")


@click.command("show", help=_("Show a run with its steps as a tree."))
@run_argument
@click.option("--svg", type=click.Path(path_type=Path), help=_("Draw its steps along the time into this file."))
@click.option("--otlp", type=click.Path(path_type=Path), help=_("Write it into this file as an OpenTelemetry trace."))
@json_option
def show_command(run: str, svg: Path | None, otlp: Path | None, as_json: bool) -> None:
    result = ask("show", {"run": run}, as_json)
    files = _exported(result, svg, otlp)
    if as_json:
        click.echo(json.dumps(result | files, ensure_ascii=False))
        return
    _show(result)
    if svg is not None:
        click.echo(_("The picture is in {path}.").format(path=svg))
    if otlp is not None:
        click.echo(_("The trace is in {path}.").format(path=otlp))


def _exported(result: dict[str, Any], svg: Path | None, otlp: Path | None) -> dict[str, str]:
    """Writes the files that are wanted; gives them by their options."""
    files = {}
    if svg is not None:
        from luxos.ui.timeline import draw_run

        files["svg"] = _written(svg, draw_run(result))
    if otlp is not None:
        from luxos.ui.otlp import otlp as trace_of

        files["otlp"] = _written(otlp, json.dumps(trace_of(result)) + "\n")
    return files


def _written(path: Path, text: str) -> str:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnfit(path=path, reason=reason_of(error)) from error
    return str(path)


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(f"{result['run'][:8]}  {_goal(result)}  [{status_words(result['status'])}]"))
    branches = {None: root}
    for step in result["steps"]:
        branches[step["step"]] = branches.get(step["parent"], root).add(Text(_step_words(step, result["created_at"])))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    console.print(root)
    there = " " + _("(on the machine {machine})").format(machine=result["machine"]) if result["elsewhere"] else ""
    console.print(Text(_("Folder:") + f" {result['workspace']}{there}"), soft_wrap=True)
    if result["uncertain"]:
        words = _(
            "It is not known whether this happened: {steps}. Look there; `luxos run confirm` or `deny` settles it."
        )
        console.print(Text(words.format(steps=", ".join(result["uncertain"]))), soft_wrap=True)
    whole = (
        _("The audit chain is whole.") if result["chain_whole"] else _("The audit chain is BROKEN: a step was altered.")
    )
    console.print(Text(whole))


def _step_words(step: dict[str, Any], since: str) -> str:
    """What a step was, when it began after the run did, and how long it took."""
    began = datetime.fromisoformat(step["started_at"]) - datetime.fromisoformat(since)
    times = f"+{duration(began.total_seconds())}  {duration(step['seconds'])}"
    again = _("  attempt {number}").format(number=step["attempts"]) if step["attempts"] > 1 else ""
    return f"{step['step']}  {called(step)}  {status_words(step['status'])}  {times}{again}{gave(step)}{problem(step)}"


def _goal(run: dict[str, Any]) -> str:
    return str(run["goal"] or _("(a Lux program)"))
