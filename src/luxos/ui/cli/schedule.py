"""`luxos schedule`: what is called again and again; `luxos task add --cron` adds one."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from luxos.i18n import _, ngettext
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option

_LOCALTIME, _ZONES = Path("/etc/localtime"), "zoneinfo/"


@group("schedule", help=_("Look at what is called again and again; `luxos task add --cron` adds to it."))
def schedule_command() -> None:
    """The group."""


@schedule_command.command("list", help=_("List the schedules, when they are due next, and what was missed."))
@json_option
def list_command(as_json: bool) -> None:
    found = ask("schedule_list", {}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found["schedules"]:
        click.echo(f"{one['schedule'][:8]}  {_when(one)}  {one['cron']} ({one['zone']})  {one['who']}")
        if one["permissions"]:
            click.echo("  " + _("may: {permissions}").format(permissions=", ".join(one["permissions"])))
        if one["missed"]:
            words = ngettext(
                "{count} moment was missed while nobody worked",
                "{count} moments were missed while nobody worked",
                one["missed"],
            )
            click.echo("  " + words.format(count=one["missed"]))
        if one["trouble"]:
            click.echo(f"  ✗ {one['trouble']['message']}")
    if not found["schedules"]:
        click.echo(_("There are no schedules."))


@schedule_command.command("remove", help=_("End a schedule, by its name, what it calls, or the digits in the list."))
@click.argument("name", metavar=_("SCHEDULE"))
@json_option
def remove_command(name: str, as_json: bool) -> None:
    words = _("The schedule {asked} has ended: {who} is not called by {cron} ({zone}) any more.")
    told = ask("schedule_remove", {"name": name}, as_json)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else words.format(**told, asked=name))


def add(call: dict[str, Any], cron: str, zone: str | None, options: dict[str, Any], as_json: bool) -> None:
    """Adds a schedule, in the person's own time zone where they name none."""
    times = {"cron": cron, "zone": zone or own_zone(), "name": options.pop("key")}
    asked = {**call, "times": times, "options": options}
    words = _("{who} is called next at {when} ({zone}). `luxos schedule list` lists what is called so.")
    _say(ask("schedule_add", asked, as_json), as_json, words)


def own_zone() -> str:
    """The name of this person's time zone: of `TZ`, else of the machine, else UTC."""
    told = os.environ.get("TZ", "").removeprefix(":")
    if told and _is_zone(told):
        return told
    _before, found, name = str(_LOCALTIME.resolve()).partition(_ZONES)
    return name if found and _is_zone(name) else "UTC"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _say(told: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else words.format(**told, when=_when(told)))


def _when(one: dict[str, Any]) -> str:
    return datetime.fromisoformat(one["next"]).strftime("%Y-%m-%d %H:%M")
