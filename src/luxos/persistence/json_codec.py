"""JSON as PostgreSQL's `jsonb` keeps it: text unescaped, numbers of their kind, and nothing that is not JSON."""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from luxos.persistence.errors import ValueUnreadable

LARGEST = 16 << 20
"""What the JSON of one row may take, in bytes."""
DEEPEST = 200
"""How many objects and lists may lie in one another."""
_CANONICAL = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_PLAIN = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_QUICK = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder().decode
_EXPONENT = re.compile(r"\de[+-]\d")
USUAL = 10.0**15
"""Below it no number is written with a positive exponent, which would make a whole number of a float."""
_VERSION = b"\x01"
"""The first byte of a `jsonb` on the wire."""


class TooLarge(ValueError):
    """A value would take more than `LARGEST` bytes."""


class Encoded(bytes):
    """The JSON text of a value, in UTF-8, so that it is not encoded again."""

    __slots__ = ()


def encode(value: Any) -> Encoded:
    """The JSON text of a value; `ValueError` for NaN and the infinities, `TypeError` for what is not JSON."""
    text = usual(value)
    return carefully(value) if text is None else text


def usual(value: Any) -> Encoded | None:
    """The JSON text of what surely is JSON that a row holds; `None` may also mean that it takes a closer look.

    `TooLarge` as `is_usual`.
    """
    try:
        return Encoded(_QUICK(value)) if is_usual(value) else None
    except (TypeError, UnicodeEncodeError):  # a key that is no text, half a surrogate pair
        return None


def surely(value: Any) -> Encoded:
    """The same of a value that is known to be usual."""
    return Encoded(_QUICK(value))


def as_it_came(value: Any) -> Encoded:
    """A text of a value that came from a column, to compare by; not to be written, for its exponents."""
    return Encoded(_QUICK(value))


def carefully(value: Any) -> Encoded:
    """The same as `encode`, for what is not usual."""
    text = _PLAIN.encode(value)
    # Python writes an exponent always with its sign.
    long = ("e+" in text or "e-" in text) and _EXPONENT.search(text)
    return Encoded((_written_out(value) if long else text).encode())


def decode(text: str | bytes | memoryview) -> Any:
    """The value of a JSON text; `ValueError` where it is none."""
    try:
        return _DECODE(text)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def to_text(value: Any) -> str:
    """A value as it goes to a `json` column."""
    return encode(value).decode()


def to_binary(value: Any) -> bytes:
    """A value as it goes to a `jsonb` column."""
    return _VERSION + (value if type(value) is Encoded else encode(value))


def from_binary(data: bytes) -> Any:
    """The value that came from a `jsonb` column; `ValueUnreadable` where only PostgreSQL can read it."""
    try:
        return decode(memoryview(data)[1:])
    except (ValueError, RecursionError) as error:
        raise ValueUnreadable from error


def canonical(value: Any) -> str:
    """One text for one value, whatever the order of its keys, to compare values by; 1 and 1.0 differ."""
    return _CANONICAL.encode(value)


def is_usual(value: Any) -> bool:
    """Whether it is made of objects, lists, texts and numbers that are not big; its texts are not looked into.

    Looks without recursion and without paths: this runs at every save. A value may hold itself many times over, so what
    it will take is counted: `TooLarge` beyond `LARGEST`. `TypeError` for a key that is no text.
    """
    left = LARGEST
    open_: list[list[Any]] = [[(value,)]]
    while open_:
        if not open_[-1]:
            open_.pop()
            continue
        inner: list[Any] = []
        size = _size(open_[-1].pop(), inner)
        left -= size
        if size < 0 or len(open_) > DEEPEST + 1:
            return False
        if left < 0:
            raise TooLarge
        if inner:
            open_.append(inner)
    return True


def _size(container: Any, inner: list[Any]) -> int:
    """How many bytes it takes at least, without the objects and lists in it, which `inner` gets.

    Below zero where it takes a closer look.
    """
    size = 0
    if type(container) is dict:
        size = len("".join(container))
        container = container.values()
    for item in container:
        kind = type(item)
        if kind is str:
            size += len(item)
        elif kind is dict or kind is list:
            inner.append(item)
        elif kind is int or kind is float:
            if not -USUAL < item < USUAL:
                return -1
        elif item is not None and kind is not bool:
            return -1
    return size + 2 * len(container)


def _written_out(value: Any) -> str:
    """Writes floats without exponents: `jsonb` would turn 1e22 into an integer, and 1e22.0 stays what it is."""
    if isinstance(value, float):
        text = format(Decimal(repr(float(value))), "f")
        return text if "." in text else text + ".0"
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}:{_written_out(item)}" for key, item in value.items()]
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written_out, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
