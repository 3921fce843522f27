"""Which values the tables can hold, and keep as they are."""

import math
from collections.abc import Iterable
from typing import Any

from luxos.beings.errors import BeingInvalid

_DEEPEST = 200
_LONGEST_TAG = 500
_INTEGER = 2**31
_BIGGEST = 10**4000
"""Python reads integers of up to 4300 digits back."""


def check_value(field: str, value: Any, depth: int = 0) -> None:
    """Raises `BeingInvalid`, with the path of the first part of `value` that is not JSON or would not come back."""
    if isinstance(value, str):
        check_text(field, value)
    elif isinstance(value, int | float):
        check_number(field, value)
    elif isinstance(value, dict | list) and depth > _DEEPEST:
        raise BeingInvalid(field=field, reason="it is nested too deeply")
    elif isinstance(value, dict):
        check_dict(field, value, depth)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_value(f"{field}[{index}]", item, depth + 1)
    elif value is not None:
        raise BeingInvalid(field=field, reason=f"{type(value).__name__} is not JSON")


def check_number(field: str, value: float) -> None:
    """Raises `BeingInvalid` for what is no number in JSON, or longer than Python reads back."""
    if isinstance(value, float) and not math.isfinite(value):
        raise BeingInvalid(field=field, reason=f"{value} is not a number in JSON")
    if isinstance(value, int) and not -_BIGGEST < value < _BIGGEST:
        raise BeingInvalid(field=field, reason="the number is too long")


def check_dict(field: str, value: Any, depth: int = 0) -> None:
    """Raises `BeingInvalid` where `value` is not an object of JSON values."""
    if not isinstance(value, dict):
        raise BeingInvalid(field=field, reason=f"it must be an object, not {type(value).__name__}")
    for key, item in value.items():
        if not isinstance(key, str):
            raise BeingInvalid(field=field, reason=f"the key {key!r} is not text")
        check_text(field, key)
        check_value(f"{field}.{key}", item, depth + 1)


def check_text(field: str, text: str) -> None:
    """Raises `BeingInvalid` for what PostgreSQL's text cannot hold: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        raise BeingInvalid(field=field, reason="it holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BeingInvalid(field=field, reason="it holds half a surrogate pair") from error


def check_tags(tags: Iterable[Any]) -> None:
    """Raises `BeingInvalid` where a tag is not a short text."""
    if not isinstance(tags, list):
        raise BeingInvalid(field="tags", reason=f"it must be a list, not {type(tags).__name__}")
    for index, tag in enumerate(tags):
        if not isinstance(tag, str) or len(tag) > _LONGEST_TAG:
            raise BeingInvalid(field=f"tags[{index}]", reason=f"a tag is a text of up to {_LONGEST_TAG} characters")
        check_text(f"tags[{index}]", tag)


def check_energy(energy: Any) -> None:
    """Raises `BeingInvalid` where the energy does not fit its column."""
    if isinstance(energy, bool) or not isinstance(energy, int) or not -_INTEGER <= energy < _INTEGER:
        raise BeingInvalid(field="energy_level", reason="it must be an integer of 32 bits")


def check_embedding(embedding: Any) -> None:
    """Raises `BeingInvalid` where it is neither nothing nor a vector that pgvector takes, of 1 to 16,000 numbers."""
    if embedding is None:
        return
    if not isinstance(embedding, list) or not 1 <= len(embedding) <= 16_000:
        raise BeingInvalid(field="embedding", reason="it must be a list of 1 to 16000 numbers")
    for index, number in enumerate(embedding):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < 3.4e38:
            raise BeingInvalid(field=f"embedding[{index}]", reason="it must be a number of 32 bits")
