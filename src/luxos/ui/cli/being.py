"""`luxos being`: beings, looked at and looked for. What changes them stands in modules of its own, added at the end."""

import json
from typing import Any

import click

from luxos.i18n import _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option


@group("being", help=_("Look at beings, look for them, and put them away."))
def being_command() -> None:
    """The group; each command of it is a function below, or added at the end."""


who_argument = click.argument("who", metavar=_("WHO"))
"""A UUID, the beginning of one, an alias or a name; `ui/methods/naming.py` finds the being."""


@being_command.command("show", help=_("Show one being: WHO is a UUID, its first 8 characters, an alias or a name."))
@who_argument
@json_option
def show_command(who: str, as_json: bool) -> None:
    found = ask("show_being", {"who": who}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"{found['soul']}  {found['kind'] or '–'}  {found['name'] or '–'}")
    for name, value in _rows(found):
        click.echo(f"  {name:<12} {value}")


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What a person reads of a being, one line each; the source as it is."""
    rows = [(_("tags"), ", ".join(found["tags"])), (_("energy"), str(found["energy_level"]))]
    rows += [(_("made"), (found["created_at"] or "–")[:19].replace("T", " "))]
    for name, part in ((_("genesis"), "genesis"), (_("attributes"), "attributes"), (_("awareness"), "self_awareness")):
        rows += [(name, f"{key}: {json.dumps(value, ensure_ascii=False)}") for key, value in found[part].items()]
    rows += [(_("memories"), json.dumps(memory, ensure_ascii=False)) for memory in found["memories"][-5:]]
    return rows
