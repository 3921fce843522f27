"""`luxos queue`: the queues, how much waits in them, for how long, and how much is done."""

import json
from typing import Any

import click

from luxos.amounts import duration, number
from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option


@click.command(
    "queue", help=_("Show the queues of tasks: what waits, for how long, and what is done; they are beings.")
)
@json_option
def queue_command(as_json: bool) -> None:
    found = ask("queues", {}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for queue in found["queues"]:
        click.echo(f"{queue['queue']}  ({queue['soul']})")
        for name, value in _rows(queue):
            click.echo(f"  {name}  {value}")
        if queue["trouble"]:
            click.echo(f"  ✗ {queue['trouble']['message']} " + _("Its tasks wait; nothing of them is lost."))


def _rows(queue: dict[str, Any]) -> list[tuple[str, Any]]:
    rows = [
        (_("ready"), queue["ready"]),
        (_("for later"), queue["waiting"] - queue["ready"]),
        (_("being done"), queue["doing"]),
        (_("failed for good"), queue["dead"]),
        (_("workers"), queue["workers"]),
        (_("waiting the longest"), duration(queue["longest"])),
        (_("waited in the last minute"), f"{duration(queue['wait'])}, 99%: {duration(queue['wait_p99'])}"),
        (_("done in the last minute"), _("{count} a second").format(count=number(queue["per_second"], 2))),
    ]
    width = max(len(name) for name, _value in rows)
    return [(f"{name:<{width}}", value) for name, value in rows]
