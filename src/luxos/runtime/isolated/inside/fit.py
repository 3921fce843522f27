"""Whether a value is JSON; what is not, is told by where it stands."""

from __future__ import annotations

from math import isfinite

TYPE_CHECKING = False  # as `typing` has it, which is not imported
if TYPE_CHECKING:
    from typing import Any

DEPTH = 200
DIGITS = 4300
"""Of a number, as Python reads them."""
_SCALARS = {int, float, str, bool, type(None)}
_BITS = DIGITS * 3


class Unfit(Exception):
    """A value that is not JSON: the steps to it, what is wrong, and of what."""

    def __init__(self, path: list[Any], what: str, told: str = "") -> None:
        super().__init__(what)
        self.frame = {"where": "".join(f"[{step!r:.50}]" for step in path[:20]), "what": what, "told": told[:100]}


def checked(value: Any, most: int, asker: str) -> Any:
    """As `plain`, for what is asked with; a `TypeError` that names who was asked, a `MemoryError` for too much."""
    try:
        return plain(value, most)
    except Unfit as unfit:
        if unfit.frame["what"] == "size":
            raise MemoryError from None
        place, told = unfit.frame["where"].partition("]")[2], unfit.frame["told"]
        what = {"kind": f"{told} is not JSON", "key": f"the key {told} is not a text"}.get(unfit.frame["what"])
        raise TypeError(f"{asker}: {place}{': ' if place else ''}{what or f'{told} is not JSON'}") from None


def plain(value: Any, most: int) -> Any:
    """The value as JSON has it, a tuple as a list; `most` are bytes, roughly."""
    return _Look(most).at(value, [])


class _Look:
    def __init__(self, most: int) -> None:
        self._rest = most
        self._most = most

    def at(self, value: Any, path: list[Any]) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            self._scalar(value, kind, path)
            return value
        if len(path) >= DEPTH:
            raise Unfit(path[:3], "depth", str(DEPTH))
        if kind is dict:
            return self._object(value, path)
        if kind is list or kind is tuple:
            self._takes(2 + len(value), path)
            return [self.at(item, [*path, number]) for number, item in enumerate(value)]
        raise Unfit(path, "kind", kind.__name__)

    def _object(self, value: dict[Any, Any], path: list[Any]) -> dict[str, Any]:
        self._takes(2 + len(value), path)
        made = {}
        for key, item in value.items():
            if type(key) is not str:
                raise Unfit(path, "key", f"{key!r:.50}")
            self._scalar(key, str, path)
            made[key] = self.at(item, [*path, key])
        return made

    def _scalar(self, value: Any, kind: type, path: list[Any]) -> None:
        if kind is str:
            self._takes(2 + len(value), path)
            try:
                value.isascii() or value.encode()
            except UnicodeEncodeError:
                raise Unfit(path, "text") from None
        elif kind is int:
            if value.bit_length() > _BITS:
                raise Unfit(path, "digits", str(DIGITS))
            self._takes(1 + value.bit_length() // 4, path)
        elif kind is float:
            if not isfinite(value):
                raise Unfit(path, "number", str(value))
            self._takes(3, path)

    def _takes(self, size: int, path: list[Any]) -> None:
        self._rest -= size
        if self._rest < 0:
            raise Unfit(path[:3], "size", f"{self._most / (1 << 20):g}")
