"""What differs between an object and the row that it was loaded from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luxos.beings.values import encoded
from luxos.persistence.json_codec import Encoded, as_it_came, canonical, decode

State = Mapping[str, Any]
"""What an object was at one moment, by field: JSON as `Encoded`, anything else as it compares."""


_SCALARS = frozenset({str, int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one object that changed: their values now and before, as far as there are any."""

    names: list[str]
    now: dict[str, Any]
    before: dict[str, Any]
    text: Encoded
    """The JSON of `now`."""


def changed(before: Encoded, content: Mapping[str, Any], field: str) -> Keys | None:
    """What is not any more as a text of an object says; `None` for nothing.

    `BeingInvalid`, with the path under `field`, where a row could not hold what changed.
    """
    old = decode(before)
    if _surely_same(old, content, before):
        return None
    names = [name for name in {**old, **content} if not _stays(name, old, content, field)]
    if not names:
        return None
    now = {name: content[name] for name in names if name in content}
    return Keys(names, now, {name: old[name] for name in names if name in old}, encoded(field, now))


def is_text_of(text: Encoded, value: Any, field: str) -> bool:
    """Whether a text of a row is of a value; `BeingInvalid`, with its path under `field`, for what no row holds."""
    return _surely_same(decode(text), value, text) or is_same(text, encoded(field, value))


def is_same(one: Encoded, other: Encoded) -> bool:
    """Whether two texts are of one value: a column may write a number otherwise than Python does."""
    return one == other or canonical(decode(one)) == canonical(decode(other))


def first_difference(before: State, now: State) -> str | None:
    """The first field, or key of an object as `attributes.name`, in which two states differ."""
    for field in {**before, **now}:
        old, new = before.get(field), now.get(field)
        if old == new:
            continue
        if not (isinstance(old, Encoded) and isinstance(new, Encoded)):
            return field
        found = _first_key(decode(old), decode(new))
        if found is not None:
            return f"{field}.{found}" if found else field
    return None


def _first_key(old: Any, new: Any) -> str | None:
    """The first key that differs; an empty text where they are no objects and differ."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return None if canonical(old) == canonical(new) else ""
    return next((name for name in {**old, **new} if not _same(name, old, new)), None)


def _same(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both have the same under a name; 1, 1.0 and true are not the same."""
    return name in one and name in other and canonical(one[name]) == canonical(other[name])


def _stays(name: str, old: Mapping[str, Any], content: Mapping[str, Any], field: str) -> bool:
    """The same of a row's value and one that nobody has checked."""
    if name not in old or name not in content:
        return False
    first, second = old[name], content[name]
    if type(first) in _SCALARS and type(second) in _SCALARS:
        return type(first) is type(second) and bool(first == second)
    return _surely_same(first, second) or canonical(first) == canonical(decode(encoded(f"{field}.{name}", second)))


def _surely_same(known: Any, value: Any, text: Encoded | None = None) -> bool:
    """Whether a value is one that came from a row, so that nothing about it has to be checked again.

    They are compared first, which looks at no more than the known one has, however much the other is; their texts
    know 1 from 1.0 and true.
    """
    try:
        return bool(known == value) and as_it_came(value) == (text or as_it_came(known))
    except (TypeError, ValueError, RecursionError):
        return False
