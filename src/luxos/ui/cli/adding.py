"""`luxos soul add`: a soul made of a file of source, or the newest version of one that is there."""

import json
from collections.abc import Iterator
from typing import Any

import click

from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import arguments, json_option
from luxos.ui.cli.soul import short, soul_command, tell, who_argument
from luxos.ui.cli.text import text_of

_MORE = ("attributes", "examples", "limits", "permissions", "requirements")
_GONE = (*_MORE, "pure", "purpose", "tier")
"""What `NAME=` takes away."""
_WITH = _("What else belongs to it, as JSON: {names}. NAME= takes it away.").format(names=", ".join(_MORE))


@soul_command.command(
    "add",
    help=_(
        "Make a soul with this ALIAS of the Python in FILE (- for what is typed in), or its next version, which keeps "
        "what you do not name. None of it is run."
    ),
)
@who_argument("name", _("ALIAS"))
@click.argument("file", metavar=_("FILE"), type=click.Path(allow_dash=True))
@click.option("--class", "kind", flag_value="class", help=_("It is a class, whose instances have methods."))
@click.option("--function", "kind", flag_value="function", help=_("It is a function, as it is where nobody says."))
@click.option("--tier", type=click.Choice(["hermetic", "isolated"]), help=_("Where it runs; else LuxOS chooses."))
@click.option("--pure", is_flag=True, help=_("Its result follows from its arguments alone, and may be remembered."))
@click.option("--purpose", help=_("What it is for."))
@click.option("--with", "more", multiple=True, metavar=_("NAME=VALUE"), help=_WITH)
@json_option
def add_command(name: str, file: str, more: tuple[str, ...], as_json: bool, **options: Any) -> None:
    genesis = arguments((), more)["kwargs"]
    wrong = [key for key, value in genesis.items() if key not in (_GONE if value == "" else _MORE)]
    if wrong:
        words = _("There is no {name}; there are: {names}.").format(name=wrong[0], names=", ".join(_MORE))
        raise click.BadParameter(words, param_hint="--with")
    said = {"type" if key == "kind" else key: value for key, value in options.items()}
    genesis |= {key: value for key, value in said.items() if value or (key, value) == ("purpose", "")}
    found = ask("soul_add", {"name": name, "source": text_of(file), "genesis": genesis}, as_json)
    tell(found, as_json, _lines)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    words = {
        "made": _("{alias} is there, version {hash}."),
        "evolved": _("{alias} is {hash} now; `luxos soul rollback {alias}` goes back."),
        "told": _("{alias} is {hash} already; what it says beside its source was changed: {changed}."),
        "born": _("{alias} is {hash} already; its living being was gone, and was made anew."),
        "unchanged": _("{alias} is {hash} already; nothing was changed."),
    }
    changed = ", ".join(found["changed"])
    yield words[found["status"]].format(alias=found["alias"], hash=short(found["hash"]), changed=changed)
    if found["gone"]:
        yield _("Taken away: {names}.").format(names=", ".join(found["gone"]))
    if found["tier"] == "hermetic":
        yield _("It runs in the hermetic tier.")
    elif found["tier"] == "isolated":
        yield _("It runs in the isolated tier.")
    if found["because"]:
        yield _("The hermetic tier cannot run it: {places}.").format(places="; ".join(found["because"]))
    if found["forgotten"]:
        yield _forgotten(found["alias"], found["forgotten"])


def _forgotten(alias: str, names: list[str]) -> str:
    declared = json.dumps({names[0]: {"py_type": "int", "default": 0}})
    words = _(
        "Its attributes do not declare {names}: it is forgotten after each call. Declare it, for example: {example}"
    )
    return words.format(names=", ".join(names), example=f"`luxos soul add {alias} … --with 'attributes={declared}'`")
