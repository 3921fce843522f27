"""`luxos run`: a Lux program is carried out; and runs are looked at, followed, stopped, and gone on with.

`luxos run FILE` is short for `luxos run program FILE`, which a file needs that is called like one of the commands.
"""

import click
from click.shell_completion import CompletionItem

from luxos.i18n import _
from luxos.ui.cli.app import Group, group
from luxos.ui.cli.records import runs_command, show_command
from luxos.ui.cli.running import (
    cancel_command,
    confirm_command,
    deny_command,
    move_command,
    pause_command,
    retry_command,
    tail_command,
)
from luxos.ui.cli.work import program_command, resume_command

_PROGRAM = "program"


class _Run(Group):
    """What is none of the commands is the file of a program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = next((one for one in args if not one.startswith("-") or one == "-"), None)
        asks_for_help = named is None and not {"--help", "-h"}.isdisjoint(args)
        if args and named not in self.commands and not asks_for_help:
            args = [_PROGRAM, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]


@group(
    "run",
    help=_("Carry out the Lux program FILE; or list runs, show, follow and stop them, and go on with them."),
    epilog=_("`luxos runs`, `luxos show` and `luxos resume` are short for list, show and resume."),
    subcommand_metavar=_("FILE | COMMAND [ARGS]…"),
    cls=_Run,
)
def run_command() -> None:
    """The group."""


for _name, _command in {
    _PROGRAM: program_command,
    "list": runs_command,
    "show": show_command,
    "tail": tail_command,
    "pause": pause_command,
    "move": move_command,
    "resume": resume_command,
    "cancel": cancel_command,
    "confirm": confirm_command,
    "deny": deny_command,
    "retry": retry_command,
}.items():
    run_command.add_command(_command, _name)
