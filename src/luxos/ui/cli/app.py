"""The command `luxos`: its groups, its options for all, and the one place where an error becomes words and a code."""

import asyncio
import gettext
import json
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from luxos.config import Settings
from luxos.errors import Exit, LuxError, reason_of
from luxos.i18n import N_, _, language
from luxos.ui.errors import FolderUnfit, check_text
from luxos.version import __version__

T = TypeVar("T")

COMMANDS: Mapping[str, str] = {
    "do": "luxos.ui.cli.work",
    "plan": "luxos.ui.cli.work",
    "resume": "luxos.ui.cli.work",
    "undo": "luxos.ui.cli.work",
    "run": "luxos.ui.cli.run",
    "call": "luxos.ui.cli.call",
    "runs": "luxos.ui.cli.records",
    "show": "luxos.ui.cli.records",
    "audit": "luxos.ui.cli.audit",
    "doctor": "luxos.ui.cli.doctor",
    "being": "luxos.ui.cli.being",
    "graph": "luxos.ui.cli.graph",
    "soul": "luxos.ui.cli.soul",
    "db": "luxos.ui.cli.db",
    "task": "luxos.ui.cli.task",
    "schedule": "luxos.ui.cli.schedule",
    "queue": "luxos.ui.cli.queue",
    "backup": "luxos.ui.cli.backup",
    "restore": "luxos.ui.cli.backup",
    "node": "luxos.ui.cli.node",
    "nlp": "luxos.ui.cli.nlp",
    "psql": "luxos.ui.cli.psql",
    "up": "luxos.ui.cli.service",
    "down": "luxos.ui.cli.service",
    "status": "luxos.ui.cli.service",
    "completion": "luxos.ui.cli.completion",
}
"""The module of each command; it is imported when the command is used, or its help is shown."""


def _speak() -> None:
    """Lets click speak the person's language too."""
    gettext.bindtextdomain("luxos", str(Path(__file__).parents[2] / "locale"))
    gettext.textdomain("luxos")
    os.environ["LANGUAGE"] = language()


_speak()
import click  # noqa: E402 - it takes its messages from the catalogue that was bound above

click.STRING.name = _("text")  # help names the types of options by these, and has no translation of them
click.INT.name = _("integer")
click.IntRange.name = _("integer range")
click.FloatRange.name = _("float range")


class Group(click.Group):
    """A command that has commands, each with its options named in the person's language."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            command.options_metavar = _("[OPTIONS]")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; who names a command that there is not is told what the group does, and which there are."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            there = _("There are: {names}.").format(names=", ".join(self.list_commands(ctx)))
            raise click.NoSuchCommand(args[0], f"{error.message} {there} {self.help}", self.commands, ctx) from None


def group(name: str, help: str, **more: Any) -> Callable[[Callable[[], None]], Group]:  # noqa: A002 - click's word
    """Makes a group of the command line, such as `luxos being`."""
    words = {"cls": Group, "options_metavar": _("[OPTIONS]"), "subcommand_metavar": _("COMMAND [ARGS]…")}
    return click.group(name, help=help, **{**words, **more})


class Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), f"{cmd_name}_command")
        command.options_metavar = _("[OPTIONS]")
        return command


@click.command(
    cls=Commands,
    help=_("LuxOS does what you say, on your own machine, and remembers it."),
    epilog=_('Begin with: luxos do "Build a todo application in Django"'),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]…"),
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)
@click.version_option(__version__, message="luxos %(version)s", help=_("Show the version and exit."))
def luxos() -> None:
    """The root of all commands."""


class Interrupted(LuxError):
    """The person pressed Ctrl+C, and no run had begun."""

    code = "ui.interrupted"
    exit_code = Exit.INTERRUPTED
    message = N_("Stopped.")


class RunInterrupted(Interrupted):
    """The person pressed Ctrl+C while a run of theirs was carried out."""

    message = N_(
        "Stopped. Nothing half done was kept; `luxos show {run}` shows the run, `luxos resume {run}` goes on with it."
    )


class SettingUnfit(LuxError):
    """A setting in the environment has no meaning."""

    code = "ui.setting_unfit"
    exit_code = Exit.USAGE
    message = N_(
        "The setting {name} has the value {value!r}, which is no number that fits. Correct it, or take it away."
    )


class ClusterUnfit(SettingUnfit):
    """The cluster that is set is no address of one."""

    message = N_("The setting {name} has the value {value!r}. It takes `local`, or `ray://HOST:PORT`; correct it.")


def settings() -> Settings:
    """The settings of this process."""
    try:
        return Settings.from_environment(os.environ)
    except ValueError as error:
        name, value = error.args
        raise (ClusterUnfit if name == "LUXOS_CLUSTER" else SettingUnfit)(name=name, value=value) from error
    except OSError as error:
        raise FolderUnfit(reason=reason_of(error)) from error


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end; Ctrl+C cancels it and lets it put its things in order."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise Interrupted() from None


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and gives its exit code, which does not depend on whether anybody reads what it writes.

    Where it went well, and what it wrote could not be kept (a full disk), that is its exit code.
    """
    from luxos.ui.cli.output import tell_trouble, tolerate

    out = tolerate()
    code = _run(arguments)
    return Exit.ENVIRONMENT if tell_trouble(out) and code == Exit.OK else code


def _run(arguments: Sequence[str]) -> int:
    """Every error is a sentence on stderr, or an object with `--json`."""
    as_json = "--json" in arguments
    try:
        for argument in arguments:
            check_text(argument)
        code = luxos.main(list(arguments), prog_name="luxos", standalone_mode=False)
    except click.ClickException as error:
        return _usage(error, as_json)
    except (click.Abort, KeyboardInterrupt):
        return _tell(Interrupted(), as_json)
    except LuxError as error:
        return _tell(error, as_json)
    except Exception as error:
        from luxos.ui.defects import defect

        return _tell(defect(error), as_json)
    return code if isinstance(code, int) else Exit.OK


def _tell(error: LuxError, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"status": "error", "error": error.as_json()}, ensure_ascii=False))
    else:
        click.echo(str(error), err=True)
        for suggestion in error.as_json().get("suggestions", ()):
            click.echo(f'  luxos do "{suggestion}"', err=True)
    return int(error.exit_code)


def _usage(error: click.ClickException, as_json: bool) -> int:
    if as_json:
        shape = {"code": "ui.usage", "message": error.format_message(), "details": {}}
        click.echo(json.dumps({"status": "error", "error": shape}, ensure_ascii=False))
    else:
        error.show()
    return error.exit_code
