"""`Filter`: which beings are meant. One shape for Python, the command line and REST; `str(filter)` is its text.

`parse` in `filter_text.py` reads the text back. All parts have to hold; what is not said does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from luxos.beings.errors import BeingInvalid, FilterInvalid
from luxos.beings.values import check_embedding, check_value
from luxos.i18n import N_

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
OPERATORS: tuple[str, ...] = get_args(Operator)
Bounds = tuple[int | None, int | None]
Moments = tuple[datetime | None, datetime | None]
Scalar = str | int | float | bool | None
_LONG = 2**63


class Comparison(NamedTuple):
    """An attribute beside a value: `rate > 20` is `Comparison(("rate",), ">", 20)`.

    Where a list stands on the way, any of its elements will do; values of another kind never fit.
    """

    attribute: tuple[str, ...]
    operator: str
    value: Scalar


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which beings are meant.

    `tags` all of them, `any_tags` at least one, `without_tags` none; `energy` and `created` from … to, either may be
    open, the first includes its end and the second does not; `attributes` and `genesis` hold these parts (JSONB
    containment); `where` compares attributes; `path` is a jsonpath on the attributes that finds something, or is true;
    `kind`, `owner` and `name` are those of the genesis; `text` has words, in the order of likeness if asked, that begin
    words of the being; `near` is a vector: beings with an embedding of its length. Tombstones and what LuxOS keeps
    for itself (soul versions, aliases, chapters of memories, messages, runs, core beings) are found when the filter
    names their kind or tag, or with `deleted` and `system`.
    """

    tags: Sequence[str] = ()
    any_tags: Sequence[str] = ()
    without_tags: Sequence[str] = ()
    energy: Bounds | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    genesis: Mapping[str, Any] = field(default_factory=dict)
    where: Sequence[Comparison] = ()
    path: str | None = None
    kind: str | None = None
    owner: str | None = None
    name: str | None = None
    created: Moments | None = None
    text: str | None = None
    near: Sequence[float] | None = None
    deleted: bool = False
    system: bool = False

    def __post_init__(self) -> None:
        for part in ("tags", "any_tags", "without_tags"):
            self._set(part, _texts(part, getattr(self, part)))
        for part in ("path", "kind", "owner", "name", "text"):
            if getattr(self, part) is not None:
                _texts(part, [getattr(self, part)])
        for part in ("attributes", "genesis"):
            self._set(part, _object(part, getattr(self, part)))
        if len(self.any_tags) == 1:  # any of one is that one
            self._set("tags", (*self.tags, *self.any_tags))
            self._set("any_tags", ())
        self._set("where", tuple(_comparison(one) for one in _list("where", self.where)))
        self._set("energy", _energy(self.energy))
        self._set("created", _created(self.created))
        self._set("near", _vector(self.near))

    def _set(self, part: str, value: Any) -> None:
        object.__setattr__(self, part, value)

    def __str__(self) -> str:
        from luxos.beings.filter_text import written

        return written(self)


def as_filter(meant: "Filter | str | None", **parts: Any) -> Filter:
    """A filter from itself, from its text, or from its parts by name."""
    if isinstance(meant, str):
        meant = _read(meant)
    if not isinstance(meant, Filter | None):
        raise FilterInvalid(part=repr(meant)[:80], reason=N_("it must be a filter, or its text"))
    if meant is None or not parts:
        return meant if meant is not None else Filter(**parts)
    return Filter(**{**vars(meant), **parts})


@lru_cache(maxsize=256)
def _read(text: str) -> Filter:
    """What a text means; it is asked again and again, page by page."""
    from luxos.beings.filter_text import parse

    return parse(text)


def _list(part: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise FilterInvalid(part=part, reason=N_("it must be a list"))
    return value


def _texts(part: str, value: Any) -> tuple[str, ...]:
    for item in _list(part, value):
        if not isinstance(item, str) or not item:
            raise FilterInvalid(part=part, reason=N_("it must be a text that is not empty"))
        _fits(part, item)
    return tuple(value)


def _object(part: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise FilterInvalid(part=part, reason=N_("it must be an object"))
    _fits(part, dict(value))
    return dict(value)


def _fits(part: str, value: Any) -> None:
    try:
        check_value(part, value)
    except BeingInvalid as error:
        raise FilterInvalid(part=part, reason=N_("no being can hold such a value")) from error


def _comparison(given: Any) -> Comparison:
    if isinstance(given, str):
        from luxos.beings.filter_text import parse_comparison

        return parse_comparison(given)
    attribute, operator, value = given
    attribute = _texts("where", [attribute] if isinstance(attribute, str) else attribute)
    if operator not in OPERATORS or not attribute:
        raise FilterInvalid(part=f"{'.'.join(attribute)} {operator}", reason=N_("it is no comparison"))
    if not isinstance(value, str | int | float | None):
        raise FilterInvalid(part=".".join(attribute), reason=N_("only texts, numbers, true, false and null compare"))
    _fits(".".join(attribute), value)
    return Comparison(attribute, operator, value)


def _pair(part: str, value: Any, kind: type) -> tuple[Any, Any]:
    pair = _list(part, value)
    if len(pair) != 2 or any(isinstance(end, bool) or not isinstance(end, kind | None) for end in pair):
        raise FilterInvalid(part=part, reason=N_("it must be two bounds, from and to"))
    return pair[0], pair[1]


def _energy(value: Any) -> Bounds | None:
    if value is None:
        return None
    low, high = _pair("energy", value, int)
    if any(end is not None and not -_LONG <= end < _LONG for end in (low, high)):
        raise FilterInvalid(part="energy", reason=N_("the number is too big"))
    return None if low is None and high is None else (low, high)


def _created(value: Any) -> Moments | None:
    if value is None:
        return None
    first, last = _pair("created", value, datetime)
    return None if first is None and last is None else (_in_utc(first), _in_utc(last))


def _in_utc(moment: datetime | None) -> datetime | None:
    """A moment without a zone is in UTC, as in the tables."""
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise FilterInvalid(part="created", reason=N_("the year is out of range")) from error


def _vector(value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        check_embedding(list(_list("near", value)))
    except BeingInvalid as error:
        raise FilterInvalid(part="near", reason=N_("it must be a list of 1 to 16000 numbers")) from error
    if not any(value):
        raise FilterInvalid(part="near", reason=N_("a vector of zeros has no direction"))
    return tuple(float(number) for number in value)
