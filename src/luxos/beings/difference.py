"""What differs between an object and the row that it was loaded from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luxos.persistence.json_codec import Encoded, canonical, decode

State = Mapping[str, Any]
"""What an object was at one moment, by field: JSON as `Encoded`, anything else as it compares."""


_SCALARS = frozenset({str, int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one object that changed: their values now and before, as far as there are any."""

    names: list[str]
    now: dict[str, Any]
    before: dict[str, Any]


def differing(before: Encoded, now: Encoded, content: Mapping[str, Any]) -> Keys | None:
    """What changed between two texts of an object, the second of which is that of `content`; `None` for nothing."""
    if before == now:
        return None
    old = decode(before)
    names = [name for name in {**old, **content} if not _same(name, old, content)]
    if not names:
        return None
    return Keys(
        names,
        {name: content[name] for name in names if name in content},
        {name: old[name] for name in names if name in old},
    )


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
    if name not in one or name not in other:
        return False
    first, second = one[name], other[name]
    if type(first) in _SCALARS and type(second) in _SCALARS:
        return type(first) is type(second) and bool(first == second)
    return canonical(first) == canonical(second)
