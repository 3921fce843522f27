"""What a being is made of, as a hash: `sha256:` over the canonical JSON (RFC 8785) of its genotype with typed values.

RFC 8785 has only one kind of number, so values are typed first: 1 becomes `{"int":"1"}`, 1.0 becomes
`{"float":"0x1p+0"}`. An object that looks like one of these is wrapped: `{"object": {…}}`. Nothing else changes.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from luxos.beings.errors import BeingInvalid, GenotypeInvalid
from luxos.beings.values import check_value
from luxos.persistence.json_codec import DEEPEST, LARGEST, USUAL

GENOTYPE = (
    "type",
    "source",
    "attributes",
    "functions",
    "dependencies",
    "requirements",
    "tier",
    "limits",
    "permissions",
    "pure",
)
"""The keys of a genesis that change what the being does; names, examples, authors and times are not among them."""
_MARKS = frozenset({"int", "float", "object"})
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_SORTED = msgspec.json.Encoder(order="sorted").encode
_SHORT = 80
"""Characters of a text that are counted for anything in an object or a list, whatever it is."""
_UNUSUAL = re.compile(rb"[\xf0-\xff]")
"""The first bytes of characters that RFC 8785, which sorts keys as UTF-16, may sort otherwise."""


def genotype(genesis: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a genesis that the hash is over."""
    return {key: genesis[key] for key in GENOTYPE if key in genesis}


def soul_hash(genesis: Mapping[str, Any]) -> str:
    """The identity of a genotype; equal genotypes are one soul."""
    return canonical_hash(genotype(genesis))


def canonical_hash(value: Any) -> str:
    """`sha256:` over the canonical JSON of the typed value; `GenotypeInvalid` for what is not JSON."""
    return "sha256:" + hashlib.sha256(canonical_bytes(value)).hexdigest()


def canonical_bytes(value: Any) -> bytes:
    """The bytes that are hashed, so that other languages can check them."""
    found = usual_bytes(value)
    return _bytes_with_care(value) if found is None else found


def usual_bytes(value: Any) -> bytes | None:
    """The same of what surely is JSON that a row holds; `None` may also mean that it takes a closer look."""
    try:
        found = _SORTED(_Marking().of(value, 0))
    except (TypeError, ValueError):  # what is no JSON, a key that is no text, half a surrogate pair
        return None
    usual = b"\\u0000" not in found and len(found) <= LARGEST
    return found if usual and (found.isascii() or not _UNUSUAL.search(found)) else None


class _Marking:
    """As `typed`, of what is usual; its numbers become texts, so there is little of RFC 8785 left to do.

    `ValueError` or `TypeError` for anything else. What it takes is counted: a value may hold itself many times over.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = LARGEST

    def of(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is dict:
            self._count(_SHORT * len(value) + len("".join(value)), depth)
            plain = {
                key: item if type(item) is str and len(item) <= _SHORT else self.of(item, depth + 1)
                for key, item in value.items()
            }
            return {"object": plain} if len(plain) == 1 and plain.keys() <= _MARKS else plain
        if kind is list:
            self._count(_SHORT * len(value), depth)
            return [self.of(item, depth + 1) for item in value]
        if kind is str:
            self._left -= len(value)
        elif kind is int or kind is float:
            if not -USUAL < value < USUAL:
                raise ValueError
            return {"int": str(value)} if kind is int else {"float": _hexadecimal(value)}
        elif value is not None and kind is not bool:
            raise TypeError
        return value

    def _count(self, size: int, depth: int) -> None:
        self._left -= size
        if self._left < 0 or depth > DEEPEST:
            raise ValueError


def _bytes_with_care(value: Any) -> bytes:
    """The same by the library, or what is wrong with the value."""
    import rfc8785

    try:
        check_value("value", value)
    except BeingInvalid as error:
        raise GenotypeInvalid(**error.details) from error
    return rfc8785.dumps(typed(value))


def is_hash(text: str) -> bool:
    """Whether a text is written as a hash of ours."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def typed(value: Any) -> Any:
    """The value with its numbers as marked texts."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": _hexadecimal(value)}
    if isinstance(value, list):
        return [typed(item) for item in value]
    plain = {key: typed(item) for key, item in value.items()}
    return {"object": plain} if len(plain) == 1 and plain.keys() <= _MARKS else plain


def untyped(value: Any) -> Any:
    """The value that `typed` was given."""
    if isinstance(value, list):
        return [untyped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and value.keys() <= _MARKS:
        ((mark, content),) = value.items()
        if mark == "int":
            return int(content)
        if mark == "float":
            return float.fromhex(content)
        value = content
    return {key: untyped(item) for key, item in value.items()}


def _hexadecimal(value: float) -> str:
    """The shortest hexadecimal text: the mantissa without trailing zeros."""
    if not math.isfinite(value):
        raise GenotypeInvalid(field="value", reason="not_number", value=str(value))
    mantissa, exponent = value.hex().split("p")
    head, _, digits = mantissa.partition(".")
    digits = digits.rstrip("0")
    return f"{head}.{digits}p{exponent}" if digits else f"{head}p{exponent}"
