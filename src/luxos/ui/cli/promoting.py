"""`luxos soul promotions`: candidates in the shadow of their alias, and aliases whose calls are watched."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import click

from luxos.i18n import _
from luxos.runtime.promoting.promotion import Terms
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option
from luxos.ui.cli.soul import soul_command, tell, who_argument


def terms_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The terms of a promotion, one option each."""
    usual = Terms()
    for option in (
        click.option("--calls", type=click.IntRange(1, 1_000_000), default=usual.calls, show_default=True,
                     help=_("Equal calls in the shadow, after which the alias moves.")),
        click.option("--slower", type=click.FloatRange(1.0, 1000), default=usual.slower, show_default=True,
                     help=_("How many times the time of the current version it may take.")),
        click.option("--budget", type=click.FloatRange(0, 1), default=usual.budget, show_default=True,
                     help=_("The part of the calls after that which may fail before the alias moves back.")),
    ):  # fmt: skip
        command = option(command)
    return command


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
