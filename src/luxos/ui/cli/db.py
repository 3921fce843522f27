"""`luxos db`: the database as a whole."""

import json

import click

from luxos.errors import Exit
from luxos.i18n import _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option


@group("db", help=_("Check the database, see what takes its room, and clean it."))
def db_command() -> None:
    """The group."""


@db_command.command("check", help=_("Check every table, index, view, chapter of memories and audit chain."))
@json_option
def check_command(as_json: bool) -> int:
    found = ask("check_database", {}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif found["status"] == "whole":
        click.echo(_("Everything is as it was written."))
    else:
        for fault in found["faults"]:
            click.echo(f"  ✗ {fault['message']}")
        click.echo(_("The database is damaged. Restore a backup (`luxos restore`), or ask for help with this list."))
    return Exit.OK if found["status"] == "whole" else Exit.FAILED
