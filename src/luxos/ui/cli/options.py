"""Options that several commands share."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from luxos.beings.queued import CPU, IO
from luxos.i18n import _

_OPTION = re.compile(r"-(?![0-9.]|$)")
"""How an option begins, and no negative number."""
json_option = click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object and nothing else."))
yes_option = click.option("--yes", "-y", is_flag=True, help=_("Ask nothing; take the stated defaults."))


def run_completion(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Runs that changed files, from their journals: completion opens no database."""
    from luxos.ui.cli.app import settings

    folder: Path = settings().home / "runs"
    names = [path.name[:8] for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(name for name in names if name.startswith(incomplete))


run_argument = click.argument("run", metavar=_("RUN"), shell_complete=run_completion)


def queue_option(default: str | None, words: str) -> Callable[..., Any]:
    """`--queue`, which completes the queues that LuxOS works itself."""
    queues = [CPU, IO]

    def completion(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        return [name for name in queues if name.startswith(incomplete)]

    return click.option(
        "--queue", default=default, show_default=True, metavar=_("QUEUE"), help=words, shell_complete=completion
    )


class Calling(click.Command):
    """A command with `call_arguments`, among which negative numbers need no `--` before them."""

    ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; what begins with a dash, and is neither an option nor a number, is refused."""
        words = args[: args.index("--")] if "--" in args else list(args)
        rest = super().parse_args(ctx, args)
        for word in ctx.params["args"]:
            if word in words and _OPTION.match(word):
                raise click.NoSuchOption(word.partition("=")[0], ctx=ctx)
        return rest


def call_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """WHO is to be called and with what; `arguments` reads what was given."""
    for option in (
        click.option("--with", "named", multiple=True, metavar=_("NAME=VALUE"), help=_("An argument with a name.")),
        click.argument("args", nargs=-1, metavar=_("[ARGS]…")),
        click.argument("who", metavar=_("WHO")),
    ):
        command = option(command)
    return command


allow_option = click.option(
    "--allow",
    "permissions",
    multiple=True,
    metavar=_("PERMISSION"),
    help=_("What it may do: external, file.read, host:api.nbp.pl:443."),
)


def arguments(args: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
    """`args` and `kwargs` of a call."""
    return {"args": [value_of(text) for text in args], "kwargs": dict(map(_named, named))}


def value_of(text: str) -> Any:
    """JSON where it is some, else the words as they are."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _named(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise click.BadParameter(_("{text!r} is not NAME=VALUE.").format(text=text), param_hint="--with")
    return name, value_of(value)


def wishes_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--name`, `--dir`, `--stack`, `--fields`: what a person may say beside the sentence."""
    for option in (
        click.option("--fields", help=_("What an entry has, in words: „title, date (date), price (number)”.")),
        click.option("--stack", help=_("The framework: django or fastapi.")),
        click.option("--dir", "folder", help=_("The folder of the application.")),
        click.option("--name", help=_("The name of the application.")),
    ):
        command = option(command)
    return command


def wishes(name: str | None, folder: str | None, stack: str | None, fields: str | None) -> dict[str, str | None]:
    """These options as `agent.design.Wishes` takes them."""
    return {"name": name, "folder": folder, "stack": stack, "fields": fields}
