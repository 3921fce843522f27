"""A part of the graph as an SVG picture: beings as circles, relationships as arrows, and what the colours mean.

Colours mean communities where the part has some, kinds otherwise. Those who see few colours have the numbers too."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from luxos.i18n import _
from luxos.ui import svg

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
"""Those of Okabe and Ito, which people with any sight tell apart; text on the first, third and sixth is white."""
_DARK = ("#0072b2", "#009e73", "#d55e00")
_OTHER = "#d0d0d0"
_MARGIN, _LEGEND, _RADIUS = 70, 200, 11
Point = tuple[float, float]


class _Meaning(NamedTuple):
    """What colours stand for: the number of each being's, from 0, and the words for each number in the legend."""

    numbers: dict[str, int]
    words: Sequence[str]
    others: str
    is_written: bool
    """Whether the number stands in the circle too, from 1."""


class _Look(NamedTuple):
    """A circle's colour, and what is written in it."""

    colour: str
    mark: str = ""


def draw(part: Mapping[str, Any], title: str) -> str:
    """The picture of `beings` and `relationships`, as methods give them; those of `paths` and `cycles` stand out."""
    beings: Sequence[Mapping[str, Any]] = part["beings"]
    size = 320 + int(90 * len(beings) ** 0.5)
    picture = svg.picture(size + _LEGEND, size, title)
    _arrow_head(picture)
    places = _placed(part, size)
    strong = _strong(part)
    for relationship in part["relationships"]:
        _arrow(picture, relationship, places, relationship["id"] in strong)
    meaning = _communities(part) if "communities" in part else _kinds(beings)
    for being in beings:
        _circle(picture, being, places[being["soul"]], _look(meaning, meaning.numbers.get(being["soul"])))
    for being in beings:
        _label(picture, being, places[being["soul"]])
    _legend(picture, meaning, size, title)
    return svg.written(picture)


def _placed(part: Mapping[str, Any], size: int) -> dict[str, Point]:
    """Where each being stands: related ones near each other, the same picture each time."""
    import rustworkx

    graph: rustworkx.PyGraph[str | None, None] = rustworkx.PyGraph()
    souls = [being["soul"] for being in part["beings"]]
    index = dict(zip(souls, graph.add_nodes_from(souls), strict=True))
    ends = [(index[one["source"]], index[one["target"]]) for one in part["relationships"]]
    graph.extend_from_edge_list([(source, target) for source, target in ends if source != target])
    layout = rustworkx.spring_layout(graph, seed=1, num_iter=200, k=1.5 / max(1, len(souls)) ** 0.5)
    points = [layout[index[soul]] for soul in souls]
    return {
        soul: (_scaled(x, [p[0] for p in points], size), _scaled(y, [p[1] for p in points], size))
        for soul, (x, y) in zip(souls, points, strict=True)
    }


def _scaled(value: float, values: Sequence[float], size: int) -> float:
    """A coordinate of the layout as one of the picture, within its margins."""
    low, high = min(values), max(values)
    share = (value - low) / (high - low) if high > low else 0.5
    return round(_MARGIN + share * (size - 2 * _MARGIN), 1)


def _strong(part: Mapping[str, Any]) -> set[str]:
    """The relationships of paths, and those along cycles."""
    found = {identity for path in part.get("paths", ()) for identity in path["relationships"]}
    steps = {step for cycle in part.get("cycles", ()) for step in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True)}
    return found | {one["id"] for one in part["relationships"] if (one["source"], one["target"]) in steps}


def _kinds(beings: Sequence[Mapping[str, Any]]) -> _Meaning:
    """The kinds, the commonest first."""
    kinds = [being["kind"] for being in beings]
    common = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind or ""))
    numbers = {being["soul"]: common.index(being["kind"]) for being in beings}
    return _Meaning(numbers, [kind or _("without a kind") for kind in common], _("other kinds"), False)


def _communities(part: Mapping[str, Any]) -> _Meaning:
    """The groups, the largest first."""
    groups = part["communities"]
    numbers = {soul: number for number, group in enumerate(groups) for soul in group["beings"]}
    words = [_("a group of {size}").format(size=group["size"]) for group in groups]
    return _Meaning(numbers, words, _("smaller groups"), True)


def _look(meaning: _Meaning, number: int | None) -> _Look:
    if number is None:
        return _Look(_OTHER)
    colour = _COLOURS[number] if number < len(_COLOURS) else _OTHER
    return _Look(colour, str(number + 1) if meaning.is_written else "")


def _arrow_head(picture: Element) -> None:
    head = SubElement(SubElement(picture, "defs"), "marker", id="head", viewBox="0 0 8 8", refX="8", refY="4")
    for name, value in (("markerWidth", "8"), ("markerHeight", "8"), ("orient", "auto-start-reverse")):
        head.set(name, value)
    head.set("markerUnits", "userSpaceOnUse")
    SubElement(head, "path", d="M0,0 L8,4 L0,8 z", fill="#777")


def _arrow(picture: Element, one: Mapping[str, Any], places: Mapping[str, Point], strong: bool) -> None:
    """A line from the edge of one circle to the edge of the other; what leads to itself is a ring above it."""
    (x1, y1), (x2, y2) = places[one["source"]], places[one["target"]]
    far = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    if far == 0:
        line = SubElement(picture, "circle", cx=str(x1), cy=str(y1 - 1.4 * _RADIUS), r=str(_RADIUS), fill="none")
    else:
        dx, dy = (x2 - x1) / far * _RADIUS, (y2 - y1) / far * _RADIUS
        ends = {"x1": x1 + dx, "y1": y1 + dy, "x2": x2 - dx, "y2": y2 - dy}
        line = SubElement(picture, "line", {name: f"{value:.1f}" for name, value in ends.items()})
        line.set("marker-end", "url(#head)")
    line.set("stroke", "#d62728" if strong else "#999")
    line.set("stroke-width", str(2.4 if strong else min(3.0, 0.8 + max(0, one["energy_level"] or 0) / 50)))
    SubElement(line, "title").text = svg.clean(f"{', '.join(one['tags'])} ({one['energy_level']})")


def _circle(picture: Element, being: Mapping[str, Any], place: Point, look: _Look) -> None:
    circle = _dot(picture, place, _RADIUS, look)
    if being["deleted"]:
        circle.set("fill-opacity", "0.3")
    SubElement(circle, "title").text = svg.clean(f"{being['name'] or '–'} · {being['kind'] or '–'} · {being['soul']}")


def _label(picture: Element, being: Mapping[str, Any], place: Point) -> None:
    """The name below its circle, above all that is drawn there."""
    x, y = place
    label = SubElement(picture, "text", x=str(x), y=str(y + _RADIUS + 11), stroke="white")
    for name, value in (("text-anchor", "middle"), ("paint-order", "stroke"), ("stroke-width", "3")):
        label.set(name, value)
    label.text = svg.short(being["name"] or being["soul"][:8])


def _dot(picture: Element, place: Point, radius: int, look: _Look) -> Element:
    """A circle and what is written in it."""
    x, y = place
    circle = SubElement(picture, "circle", cx=str(x), cy=str(y), r=str(radius), fill=look.colour, stroke="#555")
    circle.set("stroke-width", "0.6")
    if look.mark:
        mark = SubElement(picture, "text", x=str(x), y=str(y + 3.5), fill="white" if look.colour in _DARK else "black")
        mark.set("text-anchor", "middle")
        mark.set("font-size", "10")
        mark.text = look.mark
    return circle


def _legend(picture: Element, meaning: _Meaning, size: int, title: str) -> None:
    """What the colours and lines mean; of communities only those that are in the picture."""
    shown = sorted(set(meaning.numbers.values()))[: len(_COLOURS)]
    lines: list[tuple[_Look | None, str]] = [(None, title)]
    lines += [(_look(meaning, number), meaning.words[number]) for number in shown]
    if len(meaning.words) > len(_COLOURS):
        lines.append((_Look(_OTHER), meaning.others))
    lines += [(None, _("→ from a being to another")), (None, _("thicker: more energy"))]
    for number, (look, words) in enumerate(lines):
        y = 30 + 20 * number
        if look:
            _dot(picture, (size + 8, y - 4), 8, look)
        SubElement(picture, "text", x=str(size + (24 if look else 0)), y=str(y)).text = svg.short(words)
