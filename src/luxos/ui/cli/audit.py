"""`luxos audit`: whether what was done is recorded as it was done, and the head of the record, signed."""

import json
from pathlib import Path

import click

from luxos.errors import Exit, reason_of
from luxos.i18n import _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option, run_completion
from luxos.ui.errors import FileUnfit


@group("audit", help=_("Check the record of what was done."))
def audit_command() -> None:
    """The group."""


@audit_command.command(
    "verify", help=_("Find any change of a recorded run, step, attempt or seal; of all runs, or RUN.")
)
@click.argument("run", required=False, metavar=_("[RUN]"), shell_complete=run_completion)
@click.option("--anchor", metavar=_("FILE"), help=_("A head that `luxos audit anchor` wrote: nothing up to it is new."))
@json_option
def verify_command(run: str | None, anchor: str | None, as_json: bool) -> int:
    found = ask("audit_verify", {"run": run, "anchor": anchor}, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for finding in found["findings"]:
            click.echo(f"  ✗ {finding['message']}")
        if found["found"] > len(found["findings"]):
            click.echo(_("There are {count} in all.").format(count=found["found"]))
        words = _(
            "Looked at: {runs} runs, {steps} attempts of steps, {seals} seals; not sealed as they are: {unsealed}."
        )
        click.echo(words.format(**found))
        whole = found["status"] == "whole"
        click.echo(
            _("Everything is as it was written.")
            if whole
            else _("The record was altered. Keep a copy of it (`luxos backup`), and compare it with an earlier one.")
        )
    return Exit.OK if found["status"] == "whole" else Exit.FAILED


@audit_command.command("anchor", help=_("Print the signed head of the record, to be kept elsewhere."))
@click.option("--out", type=click.Path(path_type=Path), metavar=_("FILE"), help=_("Write it into this new file."))
@json_option
def anchor_command(out: Path | None, as_json: bool) -> None:
    anchor = ask("audit_anchor", {}, as_json)
    text = json.dumps(anchor)
    if out is None:
        click.echo(text)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise FileUnfit(path=out, reason=reason_of(error)) from error
    told = _("The head of the record ({seq} seals) is in {path}. Keep it where nobody who can write here can write.")
    click.echo(json.dumps({**anchor, "file": str(out)}) if as_json else told.format(seq=anchor["seq"], path=out))
