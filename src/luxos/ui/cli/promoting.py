"""`luxos soul promotions`: candidates in the shadow of their alias, and aliases whose calls are watched."""

import json
from collections.abc import Iterator
from typing import Any

import click

from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option
from luxos.ui.cli.soul import soul_command, tell, who_argument


@soul_command.command("promotions", help=_("Show candidates in a shadow, and what became of promotions."))
@who_argument("name", _("[ALIAS]"), required=False)
@click.option("--stop", is_flag=True, help=_("End what goes on; the alias stays what it is."))
@json_option
def promotions_command(name: str | None, stop: bool, as_json: bool) -> None:
    if stop and name is None:
        raise click.UsageError(_("Say which alias: --stop ends the promotion of one."))
    tell(ask("soul_promotions", {"name": name, "stop": stop}, as_json), as_json, _promotions)


def _promotions(found: dict[str, Any]) -> Iterator[str]:
    if not found["promotions"]:
        yield _("There are no promotions that were watched.")
    for one in found["promotions"]:
        yield f"{(one['begun'] or '')[:19].replace('T', ' ')}  {one['sentence']}"
        yield from map(_difference, one["differences"])
        yield from map(_failure, one.get("failed", []))


def _difference(told: dict[str, Any]) -> str:
    words = _("  with {arguments}: now {current}, the candidate {candidate}")
    if "asked_otherwise" in told:
        words = _("  with {arguments}: the candidate calls others than the current one does: {asked_otherwise}")
    shown = {key: _shown(told[key]) for key in ("arguments", "current", "candidate")}
    return words.format(**shown, asked_otherwise=told.get("asked_otherwise"))


def _failure(told: dict[str, Any]) -> str:
    error = told["error"]
    said = error["message"] if isinstance(error, dict) else str(error)
    return _("  with {arguments}: {error}").format(arguments=_shown(told["arguments"]), error=said)


def _shown(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1 and (value.keys() & {"result", "error"}):
        (value,) = value.values()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"
