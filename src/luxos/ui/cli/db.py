"""`luxos db`: the database as a whole."""

import json
from collections.abc import Iterable
from typing import Any

import click

from luxos.amounts import size
from luxos.errors import Exit
from luxos.i18n import N_, _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option, yes_option
from luxos.ui.cli.terminal import agreed, interactive

_FOLDERS = {
    "runs": N_("runs: journals and undo data"),
    "souls": N_("reports on souls"),
    "backups": N_("backups"),
    "postgres": N_("the database, with all that it writes"),
    "packages": N_("cache: packages"),
    "environments": N_("cache: environments"),
    "other": N_("cache: other"),
}
_GOES = {
    "runs": N_("runs that ended, with their journals"),
    "undo": N_("undo data of runs"),
    "reports": N_("reports on versions that nobody uses now"),
    "conversations": N_("conversations"),
    "tasks": N_("tasks that were done or dropped"),
    "messages": N_("messages that were read"),
    "tombstones": N_("beings that were deleted"),
    "memories": N_("memories"),
    "packages": N_("cache: packages"),
    "environments": N_("cache: environments"),
}


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


@db_command.command("usage", help=_("What takes the room: tables, indexes, kinds of beings, folders."))
@json_option
def usage_command(as_json: bool) -> None:
    used = ask("usage", {}, as_json)
    if as_json:
        click.echo(json.dumps(used, ensure_ascii=False))
        return
    tables = [line for table in used["tables"] for line in _table_lines(table)]
    _tell(_("Tables, with their indexes:"), tables)
    _tell(_("Kinds of beings, without indexes:"), ((kind["kind"] or "–", kind) for kind in used["kinds"]))
    _tell(_("Folders:"), ((_(_FOLDERS[folder["name"]]), folder) for folder in used["folders"]))


@db_command.command("clean", help=_("Remove what is older than the settings keep it; says first what goes."))
@click.option("--dry-run", is_flag=True, help=_("Only say what would go."))
@yes_option
@json_option
def clean_command(dry_run: bool, yes: bool, as_json: bool) -> int:
    found = ask("preview_clean", {}, as_json)
    nothing = dry_run or not found["goes"]
    if not as_json:
        _tell_goes(found["goes"])
    if nothing or not (yes or (not as_json and interactive() and agreed(_("Remove all of this for good?")))):
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False))
        elif not nothing:
            click.echo(_("Nothing was removed. With --yes it is removed without a question."))
        return Exit.OK if nothing else Exit.NEEDS_PERSON
    done = ask("clean_database", {}, as_json)
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False))
    else:
        count = sum(part["count"] for part in done["went"])
        click.echo(
            _("Removed: {count}. The being {soul} tells of it.").format(count=count, soul=done["cleaning"] or "–")
        )
    return Exit.OK


def _tell_goes(goes: list[dict[str, Any]]) -> None:
    if not goes:
        click.echo(_("Nothing is older than the settings keep it."))
        return
    lines = ((_(_GOES[part["kind"]]), {"bytes": part["bytes"], "rows": part["count"]}) for part in goes)
    _tell(_("What goes:"), lines)


def _table_lines(table: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    yield table["name"], table
    for name, taken in table["indexes"].items():
        yield f"  {name}", {"bytes": taken}


def _tell(title: str, lines: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """What takes how much, and of how many rows it is made where it is made of rows."""
    click.echo(title)
    for name, taken in lines:
        rows = f"  ({taken['rows']})" if "rows" in taken else ""
        click.echo(f"  {name:<40} {size(taken['bytes']):>10}{rows}")
