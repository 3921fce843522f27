"""A part of the graph as an SVG picture: beings as circles, relationships as arrows, and what the colours mean.

Names come from people, so every text goes through the XML writer, and characters that XML cannot hold are replaced.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from luxos.i18n import _

_COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e")
_OTHER = "#9498a0"
_MARGIN, _LEGEND, _RADIUS = 70, 200, 11
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 24
Point = tuple[float, float]


def draw(part: Mapping[str, Any], title: str) -> str:
    """The picture of `beings` and `relationships`, as methods give them; those of `paths` and `cycles` stand out."""
    beings: Sequence[Mapping[str, Any]] = part["beings"]
    size = 320 + int(60 * len(beings) ** 0.5)
    picture = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {size + _LEGEND} {size}")
    picture.set("font-family", "sans-serif")
    picture.set("font-size", "11")
    SubElement(picture, "title").text = _clean(title)
    _arrow_head(picture)
    SubElement(picture, "rect", width="100%", height="100%", fill="white")
    places = _placed(part, size)
    strong = _strong(part)
    for relationship in part["relationships"]:
        _arrow(picture, relationship, places, relationship["id"] in strong)
    colours = _coloured(beings)
    for being in beings:
        _circle(picture, being, places[being["soul"]], colours.get(being["kind"], _OTHER))
    _legend(picture, colours, size, title)
    return tostring(picture, encoding="unicode", xml_declaration=False) + "\n"


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


def _coloured(beings: Sequence[Mapping[str, Any]]) -> dict[str | None, str]:
    """A colour for each of the commonest kinds."""
    kinds = [being["kind"] for being in beings]
    common = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind or ""))
    return dict(zip(common, _COLOURS, strict=False))


def _arrow_head(picture: Element) -> None:
    head = SubElement(SubElement(picture, "defs"), "marker", id="head", viewBox="0 0 8 8", refX="8", refY="4")
    for name, value in (("markerWidth", "7"), ("markerHeight", "7"), ("orient", "auto-start-reverse")):
        head.set(name, value)
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
    SubElement(line, "title").text = _clean(f"{', '.join(one['tags'])} ({one['energy_level']})")


def _circle(picture: Element, being: Mapping[str, Any], place: Point, colour: str) -> None:
    x, y = place
    circle = SubElement(picture, "circle", cx=str(x), cy=str(y), r=str(_RADIUS), fill=colour, stroke="white")
    if being["deleted"]:
        circle.set("fill-opacity", "0.3")
    SubElement(circle, "title").text = _clean(f"{being['name'] or '–'} · {being['kind'] or '–'} · {being['soul']}")
    label = SubElement(picture, "text", x=str(x), y=str(y + _RADIUS + 11))
    label.set("text-anchor", "middle")
    label.text = _short(being["name"] or being["soul"][:8])


def _legend(picture: Element, colours: Mapping[str | None, str], size: int, title: str) -> None:
    """What the colours and lines mean."""
    lines = [(None, title), *((colour, kind or _("without a kind")) for kind, colour in colours.items())]
    lines += [(None, _("→ from a being to another")), (None, _("thicker: more energy"))]
    for number, (colour, words) in enumerate(lines):
        y = 30 + 20 * number
        if colour:
            SubElement(picture, "circle", cx=str(size + 8), cy=str(y - 4), r="6", fill=colour)
        SubElement(picture, "text", x=str(size + (20 if colour else 0)), y=str(y)).text = _short(words)


def _short(text: str) -> str:
    clean = _clean(text)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
