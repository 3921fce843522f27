"""A run as an SVG picture: each step a bar from when it began to when it ended, below what called it and further in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from luxos.amounts import duration, number
from luxos.i18n import _
from luxos.ui.formatters import status_words
from luxos.ui.svg import clean, picture, short, written

_COLOURS = {"done": "#009e73", "failed": "#d55e00", "started": "#56b4e9"}
"""Those of Okabe and Ito, which people with any sight tell apart; the words stand beside each bar too."""
_OTHER = "#999999"
_NAMES, _BARS, _AFTER = 330, 620, 150
"""Widths of the names, of the bars and of what is written after them."""
_HEAD, _ROW, _BAR = 64, 18, 11
_MOST = 2000
"""Steps in one picture."""
_TICKS = 6
_ROOM = 1.05
"""How much further the picture goes where a step has not ended, so that it is seen."""
Step = Mapping[str, Any]


class _Scale(NamedTuple):
    """From moments to places: `begin` is the left end, and the bars are `seconds` wide."""

    begin: datetime
    seconds: float

    def after(self, moment: str) -> float:
        """Seconds since the left end."""
        return (datetime.fromisoformat(moment) - self.begin).total_seconds()

    def place(self, seconds: float) -> float:
        return round(_NAMES + _BARS * min(max(seconds / self.seconds, 0.0), 1.0), 1)


def draw_run(run: Mapping[str, Any]) -> str:
    """The picture of a run with its steps, as `luxos run show --json` gives it."""
    rows = list(_in_order(run["steps"]))
    shown = rows[:_MOST]
    scale = _scale(run)
    bottom = _HEAD + _ROW * len(shown) + 12
    title = f"{run['run'][:8]}  {run['goal']}  [{status_words(run['status'])}]"
    made = picture(_NAMES + _BARS + _AFTER, bottom + (_ROW if len(rows) > _MOST else 0), title)
    _text(made, 12, 24, short(title, 140)).set("font-weight", "bold")
    for tick in _ticks(scale.seconds):
        _line(made, scale.place(tick), bottom)
        _text(made, scale.place(tick), _HEAD - 10, _tick_words(tick, scale.seconds)).set("text-anchor", "middle")
    for line, (depth, step) in enumerate(shown):
        _row(made, _HEAD + _ROW * line, depth, step, scale)
    if len(rows) > _MOST:
        _text(made, 12, bottom + 6, _("Further steps: {count}").format(count=len(rows) - _MOST))
    return written(made)


def _in_order(steps: Sequence[Step]) -> Iterator[tuple[int, Step]]:
    """Each step with its depth, below the one that called it."""
    below: dict[str | None, list[Step]] = {}
    known = {step["step"] for step in steps}
    for step in steps:
        below.setdefault(step["parent"] if step["parent"] in known else None, []).append(step)
    left = [(0, step) for step in reversed(below.get(None, []))]
    while left:
        depth, step = left.pop()
        yield depth, step
        left += [(depth + 1, child) for child in reversed(below.get(step["step"], []))]


def _scale(run: Mapping[str, Any]) -> _Scale:
    began = [step["started_at"] for step in run["steps"]]
    ended = [step["finished_at"] for step in run["steps"] if step.get("finished_at")]
    moments = [datetime.fromisoformat(moment) for moment in (*began, *ended)]
    if not moments:
        return _Scale(datetime.fromisoformat(run["created_at"]), 1.0)
    seconds = max((max(moments) - min(moments)).total_seconds(), 1e-6)
    is_open = len(ended) < len(began)
    return _Scale(min(moments), seconds * _ROOM if is_open else seconds)


def _ticks(seconds: float) -> Iterator[float]:
    """Round moments from 0 on, about so many as fit."""
    power = 10.0**-7
    while True:
        for first in (1, 2, 5):
            if seconds / (first * power) <= _TICKS:
                return (first * power * number for number in range(int(seconds / (first * power)) + 1))
        power *= 10


def _tick_words(tick: float, seconds: float) -> str:
    """A moment below a line, in milliseconds where the whole picture is short."""
    return f"{number(tick * 1000)} ms" if seconds < 0.5 else duration(tick)


def _row(made: Element, y: int, depth: int, step: Step, scale: _Scale) -> None:
    began = scale.place(scale.after(step["started_at"]))
    ended = scale.place(scale.after(step["finished_at"])) if step.get("finished_at") else float(_NAMES + _BARS)
    _text(made, 12 + 10 * min(depth, 12), y + _BAR - 1, short(step["step"].rsplit("/")[-1] + "  " + step["call"], 44))
    bar = SubElement(made, "rect", x=str(began), y=str(y), width=f"{max(ended - began, 1.5):.1f}", height=str(_BAR))
    bar.set("fill", _COLOURS.get(step["status"], _OTHER))
    if not step.get("finished_at"):
        bar.set("fill-opacity", "0.4")
    words = f"{status_words(step['status'])}  {duration(step['seconds'])}"
    problem = f"\n{step['error']['message']}" if "error" in step else ""
    SubElement(bar, "title").text = clean(f"{step['step']}  {step['call']}\n{words}{problem}")
    _text(made, _NAMES + _BARS + 8, y + _BAR - 1, words)


def _text(made: Element, x: float, y: float, words: str) -> Element:
    text = SubElement(made, "text", x=str(x), y=str(y))
    text.text = words
    return text


def _line(made: Element, x: float, bottom: int) -> None:
    line = SubElement(made, "line", x1=str(x), x2=str(x), y1=str(_HEAD - 6), y2=str(bottom - 8), stroke="#dddddd")
    line.set("stroke-width", "1")
