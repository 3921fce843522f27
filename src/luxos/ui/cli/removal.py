"""`luxos being delete`, `restore` and `purge`."""

import json
from typing import Any

import click

from luxos.errors import Exit
from luxos.i18n import N_, _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.being import being_command, who_argument
from luxos.ui.cli.options import json_option, yes_option
from luxos.ui.cli.terminal import agreed, interactive

_GOES = {
    "chapters": N_("chapters of its memories"),
    "messages": N_("messages along its channels"),
    "steps": N_("steps that called it"),
    "channels": N_("its channels"),
    "descendants": N_("ties to its descendants"),
    "relationships": N_("other relationships"),
}


@being_command.command("delete", help=_("Put a being away; what refers to it stays, and `restore` takes it back."))
@who_argument
@json_option
def delete_command(who: str, as_json: bool) -> None:
    done = ask("delete_being", {"who": who}, as_json)
    _say(done, as_json, _("{soul} is deleted. `luxos being restore {soul}` takes it back."))
    for alias in () if as_json else done["aliases"]:
        click.echo(
            _("It is what the alias {alias} calls: until then, calls of {alias} find nothing.").format(alias=alias)
        )


@being_command.command("restore", help=_("Take back a being that was deleted."))
@who_argument
@json_option
def restore_command(who: str, as_json: bool) -> None:
    done = ask("restore_being", {"who": who}, as_json)
    _say(done, as_json, _("{soul} is back."))


@being_command.command("purge", help=_("Remove a being for good, with what belongs to it; says first what goes."))
@who_argument
@yes_option
@json_option
def purge_command(who: str, yes: bool, as_json: bool) -> int:
    found = ask("preview_purge", {"who": who}, as_json)
    if not as_json:
        _tell(found, for_good=yes)
    if not yes and not (not as_json and interactive() and agreed(_("Remove all of this for good?"))):
        _say(found, as_json, _("Nothing was removed. With --yes it is removed without a question."))
        return Exit.NEEDS_PERSON
    del found["status"]
    done = ask("purge_being", {"confirmed": found}, as_json)
    _say(done, as_json, _("{soul} is removed for good."))
    return Exit.OK


def _tell(found: dict[str, Any], *, for_good: bool) -> None:
    words = _("With {soul} ({name}) go:") if for_good else _("With {soul} ({name}) would go:")
    click.echo(words.format(soul=found["soul"], name=found["name"] or "–"))
    for kind, count in found["counts"].items():
        click.echo(f"  {_(_GOES.get(kind, kind))}: {count}")
    for run, count in found["runs"].items():
        click.echo(_("  steps of run {run}: {count}; a checkpoint stays in its chain").format(run=run[:8], count=count))
    for alias in found["aliases"]:
        click.echo(
            _(
                "  what the alias {alias} calls; its versions stay, `luxos soul add {alias} FILE` has it called again"
            ).format(alias=alias)
        )


def _say(result: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else words.format(**result))
