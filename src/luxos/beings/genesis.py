"""What a being is made of, as a hash: `sha256:` over the canonical JSON (RFC 8785) of its genotype with typed values.

RFC 8785 has only one kind of number, so values are typed first: 1 becomes `{"int":"1"}`, 1.0 becomes
`{"float":"0x1p+0"}`. An object that looks like one of these is wrapped: `{"object": {…}}`. Nothing else changes.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from luxos.beings.errors import BeingInvalid, GenotypeInvalid
from luxos.beings.values import check_value
from luxos.persistence.json_codec import LARGEST

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
_quoted = json.encoder.encode_basestring
"""A text as RFC 8785 writes it."""
_DEEP, _MANY = 100, 2_000_000
_UNUSUAL = re.compile("[\ud800-\U0010ffff]")
"""Halves of characters, and characters that RFC 8785, which sorts keys as UTF-16, may sort otherwise than Python."""


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
    parts: list[str] = []
    try:
        _write(value, parts, 0)
        text = "".join(parts)
        found = text.encode()
        usual = "\\u0000" not in text and len(found) <= LARGEST and _UNUSUAL.search(text) is None
    except (_Unusual, TypeError, ValueError):
        usual = False
    return found if usual else _bytes_with_care(value)


class _Unusual(Exception):
    """Something that takes a closer look, and may be no JSON."""


def _write(value: Any, parts: list[str], depth: int) -> None:
    """The canonical text of the typed value, in one go; its numbers are texts, so there is little of RFC 8785 to do."""
    kind = type(value)
    if kind is str:
        parts.append(_quoted(value))
    elif value is None or kind is bool:
        parts.append("null" if value is None else "true" if value else "false")
    elif kind is int:
        parts.append(f'{{"int":"{value}"}}')
    elif kind is float:
        parts.append(f'{{"float":"{_hexadecimal(value)}"}}')
    elif depth > _DEEP or len(parts) > _MANY:
        raise _Unusual
    elif isinstance(value, dict):
        _write_object(value, parts, depth + 1)
    elif isinstance(value, list):
        parts.append("[")
        for item in value:
            _write(item, parts, depth + 1)
            parts.append(",")
        parts[-1 if value else len(parts) :] = ["]"]
    else:
        raise _Unusual


def _write_object(value: dict[Any, Any], parts: list[str], depth: int) -> None:
    wrapped = len(value) == 1 and value.keys() <= _MARKS
    parts.append('{"object":{' if wrapped else "{")
    for key in sorted(value):
        parts.append(f"{_quoted(key)}:")
        _write(value[key], parts, depth)
        parts.append(",")
    parts[-1 if value else len(parts) :] = ["}}" if wrapped else "}"]


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
