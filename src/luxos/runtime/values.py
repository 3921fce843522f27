"""Whether a value that left the sandbox is JSON; what is not, is told by where it stands.

A value is looked at level by level, all of a level at once. Only one in which something is unusual is walked through,
with the place of each part; what stands in several places is looked at once, so that it costs what the value takes, not
what it looks like.
"""

import math
import re
from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import Any

from luxos.runtime.said import unfit_words

DEPTH = 200
DIGITS = 4300
"""Of a number, as Python reads them."""
_BITS = DIGITS * 3
_GHOST = re.compile(r"<(?:function|class|coroutine|module|bound method) .*>")
"""What Monty makes of a function that leaves it; nobody writes such a text."""
_SMALL = 1 << 64
_SCALARS = {int, float, str, bool, type(None)}
Path = tuple[Any, ...]


class Unfit(Exception):
    """A value that is not JSON: `where` it stands below the value looked at, and `what` is wrong, in words."""

    def __init__(self, path: Path, what: str, told: object = "") -> None:
        self.where = "".join(f"[{step!r:.50}]" for step in path)
        self.what = unfit_words(what, told)
        super().__init__(self.where, self.what)


def plain(value: Any, most: int, *, ghosts: bool = False) -> tuple[Any, int]:
    """The value as JSON has it, a tuple as a list, and about how many bytes it takes; `Unfit` for what is not JSON.

    `ghosts` looks for texts that were functions before they left the sandbox.
    """
    if value is None or type(value) is bool or (type(value) is int and -_SMALL < value < _SMALL):
        return value, 0
    if (size := _usual(value, most, ghosts)) is not None:
        return value, size
    look = _Look(most, ghosts)
    if type(value) in _SCALARS:
        return value, look.scalars((value,), {type(value)}, lambda _number: ())
    return look.container(value, ())


def _usual(value: Any, most: int, ghosts: bool) -> int | None:
    """The size of lists and objects in which everything is JSON as it is, each in one place; nothing for others."""
    size, level, seen = 0, [value], set[int]()
    for _depth in range(DEPTH):
        lists, objects = [each for each in level if type(each) is list], [each for each in level if type(each) is dict]
        known = len(seen)
        seen.update(map(id, level))
        if len(lists) + len(objects) < len(level) or len(seen) < known + len(level):
            return None
        keys = list(chain.from_iterable(objects))
        items = list(chain(chain.from_iterable(lists), chain.from_iterable(map(dict.values, objects))))
        scalars = _size_of(items, keys, ghosts)
        if scalars is None or (size := size + scalars + 2 * len(lists) + 4 * len(objects)) > most:
            return None
        level = [each for each in items if type(each) not in _SCALARS]
        if not level:
            return size
    return None


def _size_of(items: Collection[Any], keys: Collection[Any], ghosts: bool) -> int | None:
    """The size of the scalars of a level and of its commas; nothing where one is unusual."""
    if not set(map(type, keys)) <= {str}:
        return None
    kinds = set(map(type, items))
    texts, ints, floats = (_of(kind, items, kinds) if kind in kinds else () for kind in (str, int, float))
    if not all(map(math.isfinite, floats)) or (ghosts and any(text.startswith("<") for text in texts)):
        return None
    bits = sum(map(int.bit_length, ints))
    if bits > _BITS and max(map(int.bit_length, ints)) > _BITS:
        return None
    size = sum(map(len, texts)) + 2 * len(texts) + sum(map(len, keys)) + 2 * len(keys)
    return size + len(items) + len(keys) + bits // 3 + 3 * len(floats)


class _Look:
    def __init__(self, most: int, ghosts: bool) -> None:
        self._most, self._ghosts = most, ghosts
        self._seen: dict[int, tuple[Any, int]] = {}

    def container(self, value: Any, path: Path) -> tuple[Any, int]:
        """A value that is no scalar, and its size."""
        if len(path) == DEPTH:
            raise Unfit(path[:3], "depth", DEPTH)
        known = self._seen.get(id(value))
        if known is None:
            known = self._seen[id(value)] = self._looked_at(value, path)
        return known

    def _looked_at(self, value: Any, path: Path) -> tuple[Any, int]:
        if type(value) is dict:
            keys = list(value)
            strange = set(map(type, keys)) - {str}
            if strange:
                key = next(key for key in keys if type(key) is not str)
                raise Unfit(path, "key", f"{key!r:.50}")
            items, size = self._items(value.values(), keys, path)
            size += self.scalars(keys, {str} if keys else set(), lambda _number: path)
            return (value if items is None else dict(zip(keys, items, strict=True))), size
        if isinstance(value, list | tuple):
            items, size = self._items(value, range(len(value)), path)
            if items is None:
                items = value if type(value) is list else list(value)
            return items, size
        raise Unfit(path, "kind", _kind(value))

    def _items(self, values: Collection[Any], names: Sequence[Any], path: Path) -> tuple[list[Any] | None, int]:
        """The size of what a list or an object holds, and the items where some of them had to become others."""
        kinds = set(map(type, values))
        size = self.scalars(values, kinds, lambda number: (*path, names[number]))
        if kinds <= _SCALARS:
            return None, size
        items, changed = [], False
        for name, item in zip(names, values, strict=True):
            if type(item) in _SCALARS:
                items.append(item)
                continue
            as_json, inner = self.container(item, (*path, name))
            items.append(as_json)
            changed |= as_json is not item
            size = self._fits(size + inner, path)
        return (items if changed else None), size

    def scalars(self, values: Collection[Any], kinds: set[type], path: Callable[[int], Path]) -> int:
        """The size of those items that are no containers, and of the commas between all."""
        size = 2 + len(values)
        if str in kinds:
            texts = _of(str, values, kinds)
            size += sum(map(len, texts)) + 2 * len(texts)
            if self._ghosts and any(text.startswith("<") and _GHOST.fullmatch(text) for text in texts):
                number = next(n for n, item in enumerate(values) if type(item) is str and _GHOST.fullmatch(item))
                raise Unfit(path(number), "function")
        if int in kinds:
            bits = list(map(int.bit_length, _of(int, values, kinds)))
            size += sum(bits) // 3
            if max(bits) > _BITS:
                number = next(n for n, x in enumerate(values) if type(x) is int and x.bit_length() > _BITS)
                raise Unfit(path(number), "digits", DIGITS)
        if float in kinds:
            floats = _of(float, values, kinds)
            size += 3 * len(floats)
            if not all(map(math.isfinite, floats)):
                number, bad = next((n, x) for n, x in enumerate(values) if type(x) is float and not math.isfinite(x))
                raise Unfit(path(number), "number", bad)
        return self._fits(size, path(0) if values else ())

    def _fits(self, size: int, path: Path) -> int:
        if size > self._most:
            raise Unfit(path[:3], "size", f"{self._most / (1 << 20):g}")
        return size


def _of(kind: type, values: Collection[Any], kinds: set[type]) -> Collection[Any]:
    return values if kinds == {kind} else [value for value in values if type(value) is kind]


def _kind(value: Any) -> str:
    name = getattr(value, "name", None) if type(value).__name__.startswith("Monty") else None
    return str(name or type(value).__name__)
