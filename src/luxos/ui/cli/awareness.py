"""`luxos being recompute`: what beings know of themselves, counted again."""

import json
from typing import Any

import click

from luxos.errors import Exit
from luxos.i18n import N_, _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.being import being_command
from luxos.ui.cli.options import json_option

_ENDS = {
    "equal": N_("All of it follows from the steps."),
    "repaired": N_("What differed was written as it follows from the steps."),
    "different": N_("Something differs. `luxos being recompute --repair` writes what follows from the steps."),
}


@being_command.command(
    "recompute", help=_("Count what beings know of themselves again, from the steps: of WHO, or of all.")
)
@click.argument("who", required=False, metavar=_("[WHO]"))
@click.option("--repair", is_flag=True, help=_("Write what follows from the steps where a being says anything else."))
@json_option
def recompute_command(who: str | None, repair: bool, as_json: bool) -> int:
    found = ask("recompute_beings", {"who": who, "repair": repair}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for being in found["beings"]:
            _say(being)
        end = _ENDS[found["status"]] if found["beings"] else N_("No being was called or judged yet.")
        click.echo(_(end))
    return Exit.FAILED if found["status"] == "different" else Exit.OK


def _say(being: dict[str, Any]) -> None:
    words = _("equal") if being["equal"] else _("differs")
    click.echo(f"{'✓' if being['equal'] else '✗'} {being['soul']}  {being['name'] or '–':<24} {words}")
    for field, differs in being["differs"].items():
        told = {name: json.dumps(value, ensure_ascii=False) for name, value in differs.items()}
        click.echo(f"    {field}: " + _("says {says}, and the steps say {follows}").format(**told))
