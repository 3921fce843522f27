"""`luxos graph`: the graph of beings, walked from one of them, or looked at as a whole; as lines, JSON or a picture."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from luxos.errors import reason_of
from luxos.i18n import _
from luxos.ui.cli.app import group
from luxos.ui.cli.asking import ask
from luxos.ui.cli.being import who_argument
from luxos.ui.cli.options import json_option
from luxos.ui.errors import FileUnfit

to_argument = click.argument("to", metavar=_("TO"))


@group("graph", help=_("Walk the graph of beings, or look at it as a whole; WHO and TO as in `luxos being show`."))
def graph_command() -> None:
    """The group; each command of it is a function below."""


def links_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which relationships are followed, and how the answer is given; the first three become `links`."""

    def given(
        tag: Sequence[str], energy: str | None, direction: str, svg: Path | None, as_json: bool, **others: Any
    ) -> None:
        links = {"tags": list(tag), "energy": energy, "direction": direction}
        title, found, lines = command(links=links, as_json=as_json, **others)
        tell(title, found, lines, svg, as_json)

    for option in (
        json_option,
        click.option("--svg", type=click.Path(path_type=Path), help=_("Draw the answer into this file.")),
        click.option("--direction", type=click.Choice(["out", "in", "both"]), default="both", show_default=True,
                     help=_("Follow relationships along, against, or both ways.")),
        click.option("--energy", help=_("Follow those with this energy: 0..100, 5.., ..5.")),
        click.option("--tag", multiple=True, help=_("Follow those with this tag; more than once: with all of them.")),
    ):  # fmt: skip
        given = option(given)
    return given


def limit_option(usual: int) -> Callable[..., Any]:
    """`--limit`."""
    return click.option("--limit", default=usual, show_default=True, type=click.IntRange(1, 100_000),
                        help=_("How many at the most."))  # fmt: skip


def longest_option(usual: int) -> Callable[..., Any]:
    """`--longest`."""
    return click.option("--longest", default=usual, show_default=True, type=click.IntRange(1, 12),
                        help=_("How many relationships it may have."))  # fmt: skip


Answer = tuple[str, dict[str, Any], Iterator[str]]
"""A title, what the method gave, and its lines for a person."""


@graph_command.command("neighbours", help=_("List what one relationship leads to."))
@who_argument
@limit_option(100)
@links_options
def neighbours_command(who: str, links: dict[str, Any], limit: int, as_json: bool) -> Answer:
    found = ask("graph_neighbours", {"who": who, "links": links, "limit": limit}, as_json)
    return who, found, _relationships(found)


@graph_command.command("around", help=_("Show the part of the graph within some steps of a being."))
@who_argument
@click.option("--depth", default=2, show_default=True, type=click.IntRange(1, 20), help=_("How many steps."))
@limit_option(200)
@links_options
def around_command(who: str, links: dict[str, Any], depth: int, limit: int, as_json: bool) -> Answer:
    found = ask("graph_around", {"who": who, "links": links, "depth": depth, "limit": limit}, as_json)
    return who, found, (f"{being['depth']}  {_named(being)}" for being in found["beings"])


@graph_command.command("path", help=_("Show a shortest path from one being to another."))
@who_argument
@to_argument
@longest_option(12)
@links_options
def path_command(who: str, to: str, links: dict[str, Any], longest: int, as_json: bool) -> Answer:
    found = ask("graph_path", {"who": who, "to": to, "links": links, "longest": longest}, as_json)
    return f"{who} → {to}", found, _paths(found)


@graph_command.command("paths", help=_("Show all paths from one being to another that go through no being twice."))
@who_argument
@to_argument
@longest_option(4)
@limit_option(100)
@links_options
def paths_command(who: str, to: str, links: dict[str, Any], longest: int, limit: int, as_json: bool) -> Answer:
    asked = {"who": who, "to": to, "links": links, "longest": longest, "limit": limit}
    found = ask("graph_paths", asked, as_json)
    return f"{who} → {to}", found, _paths(found)


@graph_command.command("influence", help=_("List the most influential beings, by PageRank."))
@limit_option(20)
@links_options
def influence_command(links: dict[str, Any], limit: int, as_json: bool) -> Answer:
    found = ask("graph_influence", {"links": links, "limit": limit}, as_json)
    beings = _by_soul(found)
    rows = ((one["share"], beings.get(one["soul"], {"soul": one["soul"]})) for one in found["influence"])
    return _("influence"), found, (f"{share:.4f}  {_named(being)}" for share, being in rows)


@graph_command.command("communities", help=_("List groups of beings with more relationships within than between."))
@limit_option(10)
@links_options
def communities_command(links: dict[str, Any], limit: int, as_json: bool) -> Answer:
    found = ask("graph_communities", {"links": links, "limit": limit}, as_json)
    beings = _by_soul(found)
    groups = found["communities"]
    rows = ((one["size"], [beings[soul] for soul in one["beings"][:5] if soul in beings]) for one in groups)
    return _("communities"), found, (f"{size:>7}  {', '.join(map(_called, some))}" for size, some in rows)


@graph_command.command("cycles", help=_("List ways that lead from a being back to it."))
@longest_option(6)
@limit_option(100)
@links_options
def cycles_command(links: dict[str, Any], longest: int, limit: int, as_json: bool) -> Answer:
    found = ask("graph_cycles", {"links": links, "longest": longest, "limit": limit}, as_json)
    beings = _by_soul(found)
    rows = ([beings.get(soul, {"soul": soul}) for soul in [*cycle, cycle[0]]] for cycle in found["cycles"])
    return _("cycles"), found, (" → ".join(map(_called, cycle)) for cycle in rows)


def tell(title: str, found: dict[str, Any], lines: Iterator[str], svg: Path | None, as_json: bool) -> None:
    """Gives the answer: as JSON, or as lines, and as a picture where one is wanted."""
    if svg is not None:
        _draw(found, title, svg)
    if as_json:
        click.echo(json.dumps(found | ({"svg": str(svg)} if svg else {}), ensure_ascii=False))
        return
    told = list(lines)
    for line in told or [_("There is nothing of the kind.")]:
        click.echo(line)
    if ties := found.get("not_followed"):
        named = ", ".join(f"{tag} ({count})" for tag, count in ties.items())
        words = _("Ties by which LuxOS keeps its own things together were not followed: {ties}. `--tag {tag}` does.")
        click.echo(words.format(ties=named, tag=next(iter(ties))))
    if not found["complete"]:
        click.echo(_("There is more than that; `--limit` shows more."))
    if svg is not None:
        click.echo(_("The picture is in {path}.").format(path=svg))


def _draw(found: dict[str, Any], title: str, svg: Path) -> None:
    from luxos.ui.drawing import draw

    try:
        svg.write_text(draw(found, title), encoding="utf-8")
    except OSError as error:
        raise FileUnfit(path=svg, reason=reason_of(error)) from error


def _by_soul(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {being["soul"]: being for being in found["beings"]}


def _called(being: Mapping[str, Any]) -> str:
    return being.get("name") or str(being["soul"])[:8]


def _named(being: Mapping[str, Any]) -> str:
    return f"{being['soul']}  {being.get('kind') or '–':<12} {being.get('name') or '–'}"


def _relationships(found: Mapping[str, Any]) -> Iterator[str]:
    beings, home = _by_soul(found), found["beings"][0]["soul"]
    for one in found["relationships"]:
        out = one["source"] == home
        other = beings[one["target" if out else "source"]]
        yield f"{'→' if out else '←'} {one['energy_level']:>4}  {_named(other)}  [{', '.join(one['tags'])}]"


def _paths(found: Mapping[str, Any]) -> Iterator[str]:
    beings = _by_soul(found)
    for path in found["paths"]:
        yield f"{len(path['relationships'])}:  " + " – ".join(_called(beings[soul]) for soul in path["beings"])
