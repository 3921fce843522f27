"""`luxos node`: machines of one database, so that a call that waits goes on in its middle on any of them."""

import json
from typing import Any

import click

from luxos.i18n import N_, _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option
from luxos.ui.cli.soul import table

_SAID = {
    "asked": N_("This machine asks for the key. Type this where the key is: luxos node approve {code}"),
    "approved": N_(
        "The key was handed over. Type `luxos node enroll CODE` here, with the code that `luxos node approve` printed."
    ),
    "enrolled": N_("This machine has the key: calls that wait go on in their middle here too."),
}
_STATUS = {"asked": N_("asks"), "approved": N_("may take the key"), "enrolled": N_("has the key")}


@group("node", help=_("Let calls that wait go on in their middle on another machine of the same database."))
def node_command() -> None:
    """The group."""


@node_command.command(
    "enroll",
    help=_("Ask for the key under which waiting calls are sealed; or take it, with the CODE of who hands it over."),
)
@click.argument("code", required=False, metavar=_("[CODE]"))
@json_option
def enroll_command(code: str | None, as_json: bool) -> None:
    found = ask("node_enroll", {"code": code}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    said = _SAID[found["status"]]
    click.echo(_(said).format(**found))


@node_command.command("approve", help=_("Hand the key of this machine over to the one that shows this CODE."))
@click.argument("code", metavar=_("CODE"))
@json_option
def approve_command(code: str, as_json: bool) -> None:
    found = ask("node_approve", {"code": code}, as_json)
    words = _("The key is handed over, for that machine only. Type this there: luxos node enroll {code}")
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else words.format(**found))


@node_command.command("list", help=_("List the machines that asked for the key."))
@json_option
def list_command(as_json: bool) -> None:
    found = ask("node_list", {}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif not found["nodes"]:
        click.echo(_("No machine has asked for the key."))
    else:
        for line in table([_("code"), _("machine"), _("state"), ""], map(_row, found["nodes"])):
            click.echo(line)


def _row(node: dict[str, Any]) -> list[str]:
    state = _STATUS.get(node["status"], "–")
    return [node["code"], node["name"], _(state), _("here") if node["here"] else ""]
