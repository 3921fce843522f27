"""`luxos backup` and `luxos restore`: the whole installation in one file, and back."""

import json
from typing import Any

import click

from luxos.amounts import size
from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option


@click.command("backup", help=_("Write everything into one file: beings, souls, keys, reports, undo data, archives."))
@click.argument("file", required=False, metavar=_("[FILE]"))
@json_option
def backup_command(file: str | None, as_json: bool) -> None:
    made = _ask("backup", {"file": file}, as_json)
    if made is None:
        return
    click.echo(_("The backup {file} is written and read again ({size}).").format(**made | {"size": size(made["size"])}))
    click.echo(_counts(made))
    click.echo(_("It holds your keys: keep it where only you can read it."))


@click.command("restore", help=_("Put back what a backup holds; into an empty installation, or with --replace."))
@click.argument("file", metavar=_("FILE"))
@click.option("--replace", is_flag=True, help=_("Replace what is here, after a backup of it was made."))
@json_option
def restore_command(file: str, replace: bool, as_json: bool) -> None:
    restored = _ask("restore", {"file": file, "replace": replace}, as_json)
    if restored is None:
        return
    click.echo(_("The backup {file} of {created_at} is restored.").format(**restored))
    click.echo(_counts(restored))
    if restored["before"]:
        click.echo(_("What was here before is in {before}.").format(**restored))


def _ask(method: str, arguments: dict[str, Any], as_json: bool) -> dict[str, Any] | None:
    """The result of a method; `None` where it was printed as JSON."""
    result = ask(method, arguments, as_json)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return None
    return result


def _counts(result: dict[str, Any]) -> str:
    return _("  beings: {base_beings}, relationships: {relationships}, files: {files}").format(
        **result["counts"], files=result["files"]
    )
