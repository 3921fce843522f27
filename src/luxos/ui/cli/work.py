"""The commands that do something: `do`, `plan`, `run program`, `resume`, `undo`."""

import json
import sys
from typing import Any

import click

from luxos.agent.reasoning import Defaults, Reasoner
from luxos.errors import Exit
from luxos.i18n import _
from luxos.ui.cli.app import complete, settings
from luxos.ui.cli.options import json_option, run_argument, wishes, wishes_options, yes_option
from luxos.ui.cli.screen import Screen
from luxos.ui.cli.terminal import Terminal, interactive
from luxos.ui.cli.text import text_of

sentence_argument = click.argument("sentence", nargs=-1, required=True, metavar=_("SENTENCE…"))


@click.command("do", help=_("Do what a sentence says."))
@sentence_argument
@wishes_options
@yes_option
@json_option
def do_command(sentence: tuple[str, ...], yes: bool, as_json: bool, **said: str | None) -> int:
    return work("do", {"sentence": " ".join(sentence), "wishes": wishes(**said)}, as_json, yes)


@click.command("plan", help=_("Show the understanding and the plan; run nothing."))
@sentence_argument
@wishes_options
@yes_option
@json_option
def plan_command(sentence: tuple[str, ...], yes: bool, as_json: bool, **said: str | None) -> int:
    return work("plan", {"sentence": " ".join(sentence), "wishes": wishes(**said)}, as_json, yes)


@click.command("program", help=_("Carry out a Lux program from a file, in the current folder."))
@click.argument("file", metavar=_("FILE"), type=click.Path(allow_dash=True))
@json_option
def program_command(file: str, as_json: bool) -> int:
    return work("program", {"text": text_of(file)}, as_json)


@click.command("resume", help=_("Go on with a run that has not finished."))
@run_argument
@json_option
def resume_command(run: str, as_json: bool) -> int:
    return work("resume", {"run": run}, as_json)


@click.command("undo", help=_("Take back what a run changed in files."))
@run_argument
@json_option
def undo_command(run: str, as_json: bool) -> int:
    return work("undo", {"run": run}, as_json)


def work(method: str, arguments: dict[str, Any], as_json: bool, yes: bool = True) -> int:
    """Has something done, shows it as it happens and how it ended, and gives the exit code."""
    from luxos.ui.client import ask

    reasoner: Reasoner = Defaults() if yes or as_json or not interactive() else Terminal()
    with Screen(quiet=as_json) as screen:
        result = complete(ask(settings(), method, arguments, reasoner, screen.hear))
        if not as_json:
            screen.finish(result)
    if as_json:
        json.dump(result, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    return int(result.get("error", {}).get("exit_code", Exit.OK))
