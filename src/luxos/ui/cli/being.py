"""`luxos being`: beings, looked at and looked for. What changes them stands in modules of its own, added at the end."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from luxos.i18n import _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import arguments, json_option


@group("being", help=_("Look at beings, look for them, and put them away."))
def being_command() -> None:
    """The group; each command of it is a function below, or added at the end."""


who_argument = click.argument("who", metavar=_("WHO"))
"""A UUID, the beginning of one, an alias or a name; `ui/methods/naming.py` finds the being."""


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The parts of a filter as options; `filter_text` puts them together."""
    for option in (
        click.option("--system", is_flag=True, help=_("Also what LuxOS keeps for itself.")),
        click.option("--deleted", is_flag=True, help=_("Also those that were deleted.")),
        click.option("--near", help=_("With an embedding near this vector, the nearest first: [0.1, 0.2].")),
        click.option("--text", help=_("With words that begin like these.")),
        click.option("--created", help=_("Made then: 2026-01-01..2026-01-31, open at either end, or one day.")),
        click.option("--name", help=_("Of this name.")),
        click.option("--owner", help=_("Of this owner.")),
        click.option("--kind", help=_("Of this kind: function, task, message, run …")),
        click.option("--path", help=_("For whose attributes this jsonpath finds something, or is true.")),
        click.option("--genesis", help=_("Whose genesis holds this JSON object.")),
        click.option("--attributes", help=_("Whose attributes hold this JSON object.")),
        click.option("--where", multiple=True, help=_("With such an attribute: rate > 20.")),
        click.option("--energy", help=_("With this energy: 0..100, 5.., ..5.")),
        click.option("--without-tag", multiple=True, help=_("Without this tag.")),
        click.option("--any-tag", multiple=True, help=_("With at least one of these tags.")),
        click.option("--tag", multiple=True, help=_("With this tag; more than once: with all of them.")),
    ):
        command = option(command)
    return command


def filter_text(terms: Sequence[str], said: Mapping[str, Any]) -> str:
    """The text of a filter: the terms as they are, and what the options say."""
    from luxos.beings.filter import Filter
    from luxos.beings.filter_text import parse, parse_created, parse_energy, parse_json

    given = Filter(
        tags=said["tag"],
        any_tags=said["any_tag"],
        without_tags=said["without_tag"],
        energy=parse_energy(said["energy"]) if said["energy"] else None,
        created=parse_created(said["created"]) if said["created"] else None,
        where=said["where"],
        **{part: parse_json(said[part]) for part in ("attributes", "genesis", "near") if said[part] is not None},
        **{part: said[part] for part in ("path", "kind", "owner", "name", "text", "deleted", "system")},
    )
    return str(parse(" ".join([*terms, str(given)])))


@being_command.command(
    "find",
    help=_("List beings. TERMS say which, as in docs/reference/filters.md: tag:money energy:0..100 'rate > 20' words."),
)
@click.argument("terms", nargs=-1, metavar=_("[TERMS]…"))
@filter_options
@click.option("--order", help=_("soul, created, -created, energy, -energy, likeness, distance."))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help=_("How many at the most."))
@click.option("--after", metavar=_("KEY"), help=_("Go on after this key, which the page before gave."))
@json_option
def find_command(
    terms: tuple[str, ...], order: str | None, limit: int, after: str | None, as_json: bool, **said: Any
) -> None:
    asked = {"meant": filter_text(terms, said), "order": order, "limit": limit, "after": after}
    found = ask("find_beings", asked, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    lines = [
        f"{being['soul']}  {being['kind'] or '–':<12} {being['energy_level']:>6}  {being['name'] or '–'}"
        for being in found["beings"]
    ]
    if lines:
        click.echo("\n".join(lines))
    else:
        click.echo(_("No being is like that."))
    if found["next_key"]:
        click.echo(_("There are more: --after {key}").format(key=found["next_key"]))
    if found["reads_all"]:
        slow = _(
            "No index knows this jsonpath, so all beings are looked at. A tag, a kind or an attribute beside it helps."
        )
        click.echo(slow, err=True)


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


@being_command.command("make", help=_("Make an instance of the class WHO: an alias, a hash or a UUID."))
@who_argument
@click.option("--name", help=_("Its name, by which its methods are called: luxos call NAME.method."))
@click.option("--with", "named", multiple=True, metavar=_("NAME=VALUE"), help=_("An attribute that it begins with."))
@json_option
def make_command(who: str, name: str | None, named: tuple[str, ...], as_json: bool) -> None:
    found = ask("make_being", {"who": who, "name": name, "attributes": arguments((), named)["kwargs"]}, as_json)
    words = _("{soul} is there. Its methods: {methods}.")
    told = {"soul": found["soul"], "methods": ", ".join(found["methods"]) or "–"}
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else words.format(**told))
    if found["namesakes"] and not as_json:
        words = _("Other instances are called {name} too. Call this one by its UUID: luxos call {beginning}.METHOD.")
        click.echo(words.format(name=name, beginning=found["soul"][:13]))


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What a person reads of a being, one line each; the source as it is."""
    rows = [(_("tags"), ", ".join(found["tags"])), (_("energy"), str(found["energy_level"]))]
    rows += [(_("made"), (found["created_at"] or "–")[:19].replace("T", " "))]
    for name, part in ((_("genesis"), "genesis"), (_("attributes"), "attributes"), (_("awareness"), "self_awareness")):
        rows += [(name, f"{key}: {json.dumps(value, ensure_ascii=False)}") for key, value in found[part].items()]
    rows += [(_("method"), one) for one in found.get("methods", ())]
    rows += [(_("memories"), json.dumps(memory, ensure_ascii=False)) for memory in found["memories"][-5:]]
    return rows


from luxos.ui.cli import awareness, removal  # noqa: E402, F401 - they add their commands to the group
