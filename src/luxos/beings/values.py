"""Which values the tables can hold, and keep as they are.

`encoded` looks a value through quickly; only where something may be wrong with it, that is looked for by name.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from luxos.beings.errors import BeingInvalid
from luxos.persistence.json_codec import DEEPEST, LARGEST, Encoded, TooLarge, carefully, usual

_LONGEST_TAG = 500
_MOST_TAGS, _MOST_TAG_BYTES = 1_000, 64 << 10
"""Of one row; beyond that a row that is only looked for by its tags fills the index of tags."""
_LONGEST_VECTOR = 16_000
_MOST_DIGITS = 4000
"""Python reads integers of up to 4300 digits back."""
_BIGGEST_INTEGER = 10**_MOST_DIGITS
_BIGGEST_FLOAT = 3.4e38
_EMPTY: Mapping[type, Encoded] = {dict: Encoded(b"{}"), list: Encoded(b"[]")}


def encoded(field: str, value: Any) -> Encoded:
    """The JSON of a value; `BeingInvalid` with the path of the first part that is not JSON or would not come back."""
    if not value and type(value) in _EMPTY:
        return _EMPTY[type(value)]
    try:
        text = usual(value)
    except TooLarge:
        check_size(field, LARGEST + 1)
        raise
    if text is None:
        check_value(field, value)
        text = carefully(value)
    if text.find(b"\\u0000") >= 0:  # a NUL, or a backslash before these letters
        check_value(field, value)
    check_size(field, len(text))
    return text


def check_whole(state: Mapping[str, Any]) -> None:
    """Raises `BeingInvalid`, with the field that takes the most, where all objects together are too much for a row."""
    size = sum([len(text) for text in state.values() if type(text) is Encoded])
    if size > LARGEST:
        sizes = {field: len(text) for field, text in state.items() if type(text) is Encoded}
        check_size(max(sizes, key=lambda field: sizes[field]), size)


def rounded(embedding: Any) -> list[float] | None:
    """A vector with its numbers as they are kept; `BeingInvalid` where it is no vector."""
    if embedding is None:
        return None
    if not isinstance(embedding, list) or not _is_vector(embedding):
        check_embedding(embedding)
    kind = f"{len(embedding)}f"
    return list(struct.unpack(kind, struct.pack(kind, *embedding)))


def check_value(field: str, value: Any) -> None:
    """Raises `BeingInvalid`, with the path of the first part of `value` that is not JSON or would not come back."""
    _Look(field).at(value, field, 0)


def check_dict(field: str, value: Any) -> None:
    """Raises `BeingInvalid` where `value` is not an object of JSON values."""
    check_object(field, value)
    check_value(field, value)


def check_object(field: str, value: Any) -> None:
    """Raises `BeingInvalid` where `value` is no object, whatever is in it."""
    if not isinstance(value, dict):
        raise BeingInvalid(field=field, reason="not_object", kind=type(value).__name__)


def check_size(field: str, size: int) -> None:
    """Raises `BeingInvalid` for more bytes than a row may take."""
    if size > LARGEST:
        raise BeingInvalid(field=field, reason="too_big", size=-(-size // 2**20), limit=LARGEST // 2**20)


class _Look:
    """Looks through a value, part by part, as far as a row can hold it."""

    def __init__(self, field: str) -> None:
        self._field, self._size = field, 0

    def at(self, value: Any, path: str, depth: int) -> None:
        self._count(1)
        if isinstance(value, str):
            self._count(len(value))
            check_text(path, value)
        elif isinstance(value, int | float):
            check_number(path, value)
            self._count(value.bit_length() // 4 if isinstance(value, int) else 0)
        elif isinstance(value, dict | list):
            if depth > DEEPEST:
                raise BeingInvalid(field=f"{path[:60]}…", reason="nested", limit=DEEPEST)
            for inner, item in self._items(value, path):
                self.at(item, inner, depth + 1)
        elif value is not None:
            raise BeingInvalid(field=path, reason="not_json", kind=type(value).__name__)

    def _items(self, value: dict[Any, Any] | list[Any], path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield f"{path}[{index}]", item
            return
        for key, item in value.items():
            if not isinstance(key, str):
                raise BeingInvalid(field=path, reason="key_not_text", key=repr(key)[:60])
            self._count(len(key))
            check_text(path, key)
            yield f"{path}.{key}", item

    def _count(self, size: int) -> None:
        """Counts what it will take at least; a value may hold itself many times over, and never be written out."""
        self._size += size
        check_size(self._field, self._size)


def check_number(field: str, value: float) -> None:
    """Raises `BeingInvalid` for what is no number in JSON, or longer than Python reads back."""
    if isinstance(value, float) and not math.isfinite(value):
        raise BeingInvalid(field=field, reason="not_number", value=str(value))
    if isinstance(value, int) and not abs(value) < _BIGGEST_INTEGER:
        raise BeingInvalid(field=field, reason="number_too_long", limit=_MOST_DIGITS)


def check_text(field: str, text: str) -> None:
    """Raises `BeingInvalid` for what PostgreSQL's text cannot hold: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        raise BeingInvalid(field=field, reason="nul")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BeingInvalid(field=field, reason="surrogate") from error


def check_moment(field: str, moment: Any) -> None:
    """Raises `BeingInvalid` where it is neither nothing nor a moment that can be said in UTC."""
    try:
        if moment is None or (isinstance(moment, datetime) and (moment.tzinfo is None or moment.astimezone(UTC))):
            return
    except (OverflowError, ValueError):  # in UTC it would be before the year 1 or after 9999
        pass
    raise BeingInvalid(field=field, reason="not_moment", kind=type(moment).__name__)


def check_tags(tags: Iterable[Any]) -> None:
    """Raises `BeingInvalid` where a tag is not a short text, or where they are too many, or too long together."""
    if not isinstance(tags, list):
        raise BeingInvalid(field="tags", reason="not_list", kind=type(tags).__name__)
    if len(tags) <= _MOST_TAGS and _are_usual(tags):
        return
    size = 0
    for index, tag in enumerate(tags):
        if not isinstance(tag, str) or len(tag) > _LONGEST_TAG:
            raise BeingInvalid(field=f"tags[{index}]", reason="tag", limit=_LONGEST_TAG)
        check_text(f"tags[{index}]", tag)
        size += len(tag) if tag.isascii() else len(tag.encode())
    if len(tags) > _MOST_TAGS or size > _MOST_TAG_BYTES:
        raise BeingInvalid(field="tags", reason="tags", limit=_MOST_TAGS, size=_MOST_TAG_BYTES >> 10)


def _are_usual(tags: list[Any]) -> bool:
    """Whether they are surely right; in a few steps, for every save looks."""
    try:
        joined = "".join(tags)
    except TypeError:
        return False
    return len(joined) <= _LONGEST_TAG and joined.isascii() and "\0" not in joined


def check_energy(energy: Any) -> None:
    """Raises `BeingInvalid` where the energy does not fit its column."""
    if isinstance(energy, bool) or not isinstance(energy, int) or not -(2**31) <= energy < 2**31:
        raise BeingInvalid(field="energy_level", reason="energy")


def check_embedding(embedding: Any) -> None:
    """Raises `BeingInvalid` where it is neither nothing nor a vector that pgvector takes, of 1 to 16,000 numbers."""
    if embedding is None:
        return
    if not isinstance(embedding, list) or not 1 <= len(embedding) <= _LONGEST_VECTOR:
        raise BeingInvalid(field="embedding", reason="vector", limit=_LONGEST_VECTOR)
    for index, number in enumerate(embedding):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < _BIGGEST_FLOAT:
            raise BeingInvalid(field=f"embedding[{index}]", reason="vector_number")


def _is_vector(embedding: list[Any]) -> bool:
    """Whether it is surely one; in a few steps, for vectors are long."""
    if not 1 <= len(embedding) <= _LONGEST_VECTOR or not set(map(type, embedding)) <= {int, float}:
        return False
    smallest, biggest = min(embedding), max(embedding)
    return -_BIGGEST_FLOAT < smallest <= biggest < _BIGGEST_FLOAT and math.isfinite(sum(embedding))
