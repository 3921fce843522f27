"""JSON as PostgreSQL's `jsonb` keeps it: text unescaped, numbers of their kind, and nothing that is not JSON."""

import json
import re
from decimal import Decimal
from typing import Any

_CANONICAL = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_EXPONENT = re.compile(r"\de[+-]?\d")


def encode(value: Any) -> str:
    """The JSON text of a value; `ValueError` for NaN and the infinities."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _write(value) if _EXPONENT.search(text) else text


def decode(text: str) -> Any:
    """The value of a JSON text."""
    return json.loads(text)


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
