"""`luxos soul`: versions and aliases, looked at. What changes environments stands in modules added at the end."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from luxos.errors import Exit
from luxos.i18n import _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option
from luxos.ui.cli.report import change_words, report_lines


@group("soul", help=_("Look at souls, promote them, roll them back, and check them."))
def soul_command() -> None:
    """The group; each command of it is a function below, or added at the end."""


def _aliases(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Aliases that reports name: completion opens no database."""
    from luxos.ui.cli.app import settings

    file: Path = settings().home / "souls" / "hash_index.json"
    try:
        souls = json.loads(file.read_bytes())["souls"]
        names = {one.get("alias") for one in souls.values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return sorted(name for name in names if isinstance(name, str) and name.startswith(incomplete))


def who_argument(name: str = "who", metavar: str = "", *, required: bool = True) -> Callable[..., Any]:
    """An alias, a hash or its beginning, completed from what reports say."""
    return click.argument(name, metavar=metavar or _("WHO"), required=required, shell_complete=_aliases)


def tell(found: dict[str, Any], as_json: bool, lines: Callable[[dict[str, Any]], Iterable[str]]) -> None:
    """Prints an answer as JSON, or as its lines."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in lines(found):
        click.echo(line)


def table(heads: list[str], rows: Iterable[list[str]]) -> Iterable[str]:
    """A table as lines, as wide as it needs to be."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="")
    for head in heads:
        made.add_column(head, no_wrap=True)
    for row in rows:
        made.add_row(*map(Text, row))
    out = StringIO()
    Console(file=out, width=1000, highlight=False).print(made)
    return (line.rstrip() for line in out.getvalue().splitlines())


def short(found: str | None) -> str:
    """The beginning of a hash."""
    return (found or "–").removeprefix("sha256:")[:12]


@soul_command.command("list", help=_("List souls by alias: the newest version, and the environments that name them."))
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help=_("How many at the most.")
)
@click.option("--after", default="", metavar=_("KEY"), help=_("Go on after this key, which the page before gave."))
@json_option
def list_command(limit: int, after: str, as_json: bool) -> None:
    tell(ask("soul_list", {"limit": limit, "after": after}, as_json), as_json, _list)


@soul_command.command("show", help=_("Show a version: WHO is an alias, a hash, or the first 8 digits of one."))
@who_argument()
@json_option
def show_command(who: str, as_json: bool) -> None:
    tell(ask("soul_show", {"who": who}, as_json), as_json, report_lines)


@soul_command.command("log", help=_("Show every version of an alias, and when it was given it."))
@who_argument()
@json_option
def log_command(who: str, as_json: bool) -> None:
    tell(ask("soul_log", {"who": who}, as_json), as_json, _log)


@soul_command.command("diff", help=_("Show in which lines two versions differ."))
@who_argument("one", _("ONE"))
@who_argument("other", _("OTHER"))
@json_option
def diff_command(one: str, other: str, as_json: bool) -> None:
    tell(ask("soul_diff", {"one": one, "other": other}, as_json), as_json, _diff)


@soul_command.command("at", help=_("Print the source of a version to the byte, or its genotype where it has none."))
@who_argument()
@json_option
def at_command(who: str, as_json: bool) -> None:
    found = ask("soul_at", {"who": who}, as_json)
    source = found["genotype"].get("source")
    if not as_json and isinstance(source, str):
        click.echo(source, nl=False)
    else:
        click.echo(json.dumps(found if as_json else found["genotype"], ensure_ascii=False))


@soul_command.command("rename", help=_("Give an alias another name; the old one leads to it."))
@who_argument("old", _("OLD"))
@click.argument("new", metavar=_("NEW"))
@json_option
def rename_command(old: str, new: str, as_json: bool) -> None:
    found = ask("soul_rename", {"old": old, "new": new}, as_json)
    tell(found, as_json, lambda found: [_("{formerly} is called {alias} now.").format(**found)])


@soul_command.command("report", help=_("Write the report of a version again, or with --all those that are missing."))
@who_argument(required=False)
@click.option("--all", "everything", is_flag=True, help=_("All that are missing."))
@json_option
def report_command(who: str | None, everything: bool, as_json: bool) -> None:
    if (who is None) is not everything:
        raise click.UsageError(_("Name a soul, or say --all."))
    found = ask("soul_report", {"who": who}, as_json)
    words = _("{count} reports were written into {folder}.")
    tell(found, as_json, lambda found: [words.format(count=len(found["written"]), folder=found["folder"])])


@soul_command.command("import", help=_("Take souls from a folder of reports, of this LuxOS or of the older one."))
@click.argument("place", metavar=_("FOLDER"), type=click.Path(exists=True, path_type=Path))
@json_option
def import_command(place: Path, as_json: bool) -> int:
    found = ask("soul_import", {"place": str(place.absolute())}, as_json)
    tell(found, as_json, _imported)
    return Exit.OK if found["imported"] or found["unchanged"] else Exit.FAILED


@soul_command.command("export", help=_("Write a version, its lineage and what they pin as a folder of reports."))
@who_argument()
@click.option("--output", type=click.Path(path_type=Path), help=_("The folder, or one file that ends in .json."))
@json_option
def export_command(who: str, output: Path | None, as_json: bool) -> None:
    place = (output or Path(f"soul-{who[:40].replace(':', '-').replace('/', '-')}")).absolute()
    found = ask("soul_export", {"who": who, "output": str(place)}, as_json)
    words = _("{count} versions were written to {output}.")
    tell(found, as_json, lambda found: [words.format(count=len(found["exported"]), output=found["output"])])


def _imported(found: dict[str, Any]) -> Iterable[str]:
    counts = {key: len(found[key]) for key in ("imported", "unchanged", "refused")}
    yield _("Imported: {imported}, there already: {unchanged}, refused: {refused}.").format(**counts)
    if not any(counts.values()):
        yield _("There are no reports there; `luxos soul export` writes some.")
    for one in found["refused"]:
        yield f"  {one['file']}: {one['reason']}"


def _list(found: dict[str, Any]) -> Iterable[str]:
    if not found["souls"]:
        yield _("There are no souls yet.")
        return
    heads = [_("alias"), _("version"), _("hash"), _("environments")]
    rows = [[one["alias"], str(one["version"]), short(one["hash"]), ", ".join(_places(one))] for one in found["souls"]]
    yield from table(heads, rows)
    if found["next_key"]:
        yield _("There are more: --after {key}").format(key=found["next_key"])


def _places(one: dict[str, Any]) -> Iterable[str]:
    """The environments that name an alias, with the version where it is not the newest."""
    for name, told in one["environments"].items():
        yield name if told == one["hash"] else f"{name}: {short(told)}"


def _log(found: dict[str, Any]) -> Iterable[str]:
    heads = [_("version"), _("when"), _("change"), _("hash")]
    rows = [
        [
            str(one["version"]),
            one["at"][:19].replace("T", " "),
            _change(one),
            short(one["hash"]),
        ]
        for one in found["history"]
    ]
    return table(heads, rows)


def _change(one: dict[str, Any]) -> str:
    because = one.get("because")
    if because is None:
        renamed = _("renamed from {renamed_from}").format(renamed_from=one.get("renamed_from", ""))
        return change_words(one.get("change")) or renamed
    words = {
        "rollback": _("rolled back to version {to}"),
        "shadow": _("moved here after {calls} equal calls in the shadow"),
        "budget": _("moved back: {failures} of {calls} calls failed"),
    }
    return words[because["kind"]].format(**because)


def _diff(found: dict[str, Any]) -> Iterable[str]:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in found["diff"] or [_("They are the same.")]:
        yield click.style(line, fg=colours.get(line[:1])) if found["diff"] else line


from luxos.ui.cli import adding, environments, evolving, promoting  # noqa: E402, F401 - they add their commands to the group
