"""JSON as PostgreSQL's `jsonb` keeps it: text unescaped, numbers of their kind, and nothing that is not JSON."""

import json
import re
from decimal import Decimal
from typing import Any

_CANONICAL = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_PLAIN = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
"""Spaced as PostgreSQL shows `jsonb`, so that what was not changed mostly has the very text of its column."""
_DECODER = json.JSONDecoder()
_EXPONENT = re.compile(r"\de[+-]\d")
_NUMBER = re.compile(r"(?:^|[\[ ])-?\d[\d.]*e[+-]\d")
"""A number with an exponent, or a text that has one; never a UUID, which would take the long way often."""
_VERSION = b"\x01"
"""The first byte of a `jsonb` on the wire."""


class Encoded(bytes):
    """The JSON text of a value, in UTF-8, so that it is not encoded again."""

    __slots__ = ()


class Object(dict[str, Any]):
    """An object that came from a `jsonb` column, and the text that it had there."""

    __slots__ = ("text",)
    text: bytes


class Array(list[Any]):
    """A list that came from a `jsonb` column, and the text that it had there."""

    __slots__ = ("text",)
    text: bytes


def encode(value: Any) -> str:
    """The JSON text of a value; `ValueError` for NaN and the infinities."""
    text = _PLAIN.encode(value)
    # Python writes an exponent always with its sign; two look-ups cost a tenth of the search.
    if ("e+" in text or "e-" in text) and _EXPONENT.search(text) and _NUMBER.search(text):
        return _write(value)
    return text


def decode(text: str | bytes) -> Any:
    """The value of a JSON text."""
    return json.loads(text)


def to_binary(value: Any) -> bytes:
    """A value as it goes to a `jsonb` column."""
    return _VERSION + (value if type(value) is Encoded else encode(value).encode())


def from_binary(data: bytes) -> Any:
    """The value that came from a `jsonb` column; objects and lists with the text that they had there."""
    text = data[1:]
    value = _DECODER.raw_decode(str(text, "utf-8"))[0]
    if type(value) is dict:
        value = Object(value)
        value.text = text
    elif type(value) is list:
        value = Array(value)
        value.text = text
    return value


def canonical(value: Any) -> str:
    """One text for one value, whatever the order of its keys, to compare values by; 1 and 1.0 differ."""
    return _CANONICAL.encode(value)


def _write(value: Any) -> str:
    """Writes floats without exponents: `jsonb` would turn 1e22 into an integer, and 1e22.0 stays what it is."""
    if isinstance(value, float):
        text = format(Decimal(repr(float(value))), "f")
        return text if "." in text else text + ".0"
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_write(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_write, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
