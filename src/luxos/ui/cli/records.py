"""The commands that look back: `runs` and `show`."""

import json
from typing import Any

import click

from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option, run_argument
from luxos.ui.formatters import duration, status_words


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
@json_option
def show_command(run: str, as_json: bool) -> None:
    result = ask("show", {"run": run}, as_json)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(f"{result['run'][:8]}  {_goal(result)}  [{status_words(result['status'])}]"))
    branches = {None: root}
    for step in result["steps"]:
        words = f"{step['step']}  {step['call']}  {status_words(step['status'])}  {duration(step['seconds'])}"
        branches[step["step"]] = branches.get(step["parent"], root).add(Text(words + _problem(step)))
    console = Console(highlight=False)
    console.print(root)
    console.print(Text(_("Folder:") + f" {result['workspace']}"))
    whole = (
        _("The audit chain is whole.") if result["chain_whole"] else _("The audit chain is BROKEN: a step was altered.")
    )
    console.print(Text(whole))


def _goal(run: dict[str, Any]) -> str:
    return str(run["goal"] or _("(a Lux program)"))


def _problem(step: dict[str, Any]) -> str:
    lines = step["error"]["message"].splitlines() if "error" in step else []
    return f"  {lines[0]}" if lines else ""
