"""The text of a filter, for people: `tag:money -tag:old energy:0..100 rate > 20 faktura`; docs/reference/filters.md.

Terms stand beside each other and all have to hold. `parse(written(filter)) == filter`.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from luxos.beings.errors import FilterInvalid
from luxos.beings.filter import Comparison, Filter, Scalar
from luxos.i18n import N_

_SPACE = re.compile(r"\s*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KEY = re.compile(r"(-?[a-z]+):")
_NAME = re.compile(r"[^\W\d][\w-]*")
_OPERATOR = re.compile(r"\s*(!=|<=|>=|=|<|>)\s*")
_WORD = re.compile(r'[^\s"|<>=!]+')
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_PLAIN = re.compile(r"[^\W\d][\w.-]*")
_WORDS = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"[+-]?\d{1,19}")


def parse(text: str) -> Filter:
    """The filter that a text means; `FilterInvalid` says which part has no meaning, and why."""
    return _Reader(text).filter()


def parse_comparison(text: str) -> Comparison:
    """One comparison, such as `rate > 20`."""
    where = parse(text).where
    if len(where) != 1 or parse(text) != Filter(where=where):
        raise FilterInvalid(part=text, reason=N_("it is no comparison"))
    return where[0]


def parse_energy(text: str) -> tuple[int | None, int | None]:
    """`0..100`, `5..`, `..5` or `5`."""
    low, dots, high = text.partition("..")
    ends = [low, high] if dots else [low, low]
    if any(end and not _INTEGER.fullmatch(end) for end in ends) or not any(ends):
        raise FilterInvalid(part=text, reason=N_("energy is a number or a range such as 0..100"))
    return (int(ends[0]) if ends[0] else None), (int(ends[1]) if ends[1] else None)


def parse_created(text: str) -> tuple[datetime | None, datetime | None]:
    """`2026-01-01..2026-02-01`, open at either end, or one day; a day at the end is within."""
    first, dots, last = text.partition("..")
    if not dots:
        last = first
    if not first and not last:
        raise FilterInvalid(part=text, reason=N_("a moment is a date such as 2026-01-31, with a time or without"))
    return (_moment(first, 0) if first else None), (_moment(last, 1) if last else None)


def parse_json(text: str) -> Any:
    """A JSON value that is a part of a filter."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterInvalid(part=text[:80], reason=N_("it is no JSON")) from error


def _moment(text: str, days: int) -> datetime:
    """A moment; a day stands for its beginning, or with `days` for the end of it."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=days)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        reason = N_("a moment is a date such as 2026-01-31, with a time or without")
        raise FilterInvalid(part=text, reason=reason) from error


class _Reader:
    """Reads a text from left to right, a term at a time."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._parts: dict[str, Any] = {}
        self._words: list[str] = []

    def filter(self) -> Filter:
        self._skip()
        while self._at < len(self._text):
            self._term()
            self._skip()
        if self._words:
            self._set("text", " ".join(self._words))
        return Filter(**self._parts)

    def _term(self) -> None:
        if (key := self._take(_KEY)) is not None:
            self._keyed(key[:-1])
        elif not self._comparison():
            self._words.append(self._value())

    def _keyed(self, key: str) -> None:
        if key in _JSON:
            self._set(key, self._json())
        elif key == "tag":
            self._tags()
        elif key == "-tag":
            self._add("without_tags", self._value())
        elif key in _PARTS:
            part, read = _PARTS[key]
            self._set(part, read(self._value()))
        elif key == "with":
            self._with(self._value())
        else:
            reason = N_("there is no such key; put a text with a colon between quotation marks")
            raise FilterInvalid(part=f"{key}:", reason=reason)

    def _tags(self) -> None:
        """`tag:a`, or `tag:a|b` for any of them."""
        found = [self._value()]
        while self._text.startswith("|", self._at):
            self._at += 1
            found.append(self._value())
        if len(found) == 1:
            self._add("tags", found[0])
        else:
            self._set("any_tags", found)

    def _with(self, word: str) -> None:
        if word not in ("deleted", "system"):
            raise FilterInvalid(part=f"with:{word}", reason=N_("it can be with:deleted or with:system"))
        self._set(word, True)

    def _comparison(self) -> bool:
        """Reads `attribute operator value`, or nothing where the text goes on otherwise."""
        begin = self._at
        attribute = [self._string() or self._take(_NAME)]
        while attribute[-1] is not None and self._text.startswith(".", self._at):
            self._at += 1
            attribute.append(self._string() or self._take(_NAME))
        operator = self._take(_OPERATOR) if attribute[-1] is not None else None
        if operator is None:
            self._at = begin
            return False
        self._add("where", Comparison(tuple(map(str, attribute)), operator.strip(), self._scalar()))
        return True

    def _scalar(self) -> Scalar:
        if (quoted := self._string()) is not None:
            return quoted
        word = self._value()
        if word in _WORDS:
            return _WORDS[word]
        return _number(word) if _NUMBER.fullmatch(word) else word

    def _value(self) -> str:
        value = self._string()
        value = self._take(_WORD) if value is None else value
        if value is None:
            raise FilterInvalid(part=self._rest(), reason=N_("a value is missing before it, or it is out of place"))
        return value

    def _string(self) -> str | None:
        """A text between quotation marks, written as in JSON."""
        if not self._text.startswith('"', self._at):
            return None
        quoted = self._take(_STRING)
        if quoted is None:
            raise FilterInvalid(part=self._rest(), reason=N_("the quotation mark is never closed"))
        try:
            return str(json.loads(quoted, strict=False))
        except ValueError as error:
            raise FilterInvalid(part=quoted, reason=N_("it is no text as in JSON")) from error

    def _json(self) -> Any:
        try:
            value, self._at = json.JSONDecoder().raw_decode(self._text, self._at)
        except (ValueError, RecursionError) as error:
            raise FilterInvalid(part=self._rest(), reason=N_("it is no JSON")) from error
        return value

    def _set(self, part: str, value: Any) -> None:
        if part in self._parts:
            raise FilterInvalid(part=part, reason=N_("it is said twice"))
        self._parts[part] = value

    def _add(self, part: str, value: Any) -> None:
        self._parts.setdefault(part, []).append(value)

    def _take(self, pattern: "re.Pattern[str]") -> str | None:
        if (match := pattern.match(self._text, self._at)) is None:
            return None
        self._at = match.end()
        return match.group()

    def _skip(self) -> None:
        self._take(_SPACE)

    def _rest(self) -> str:
        return self._text[self._at : self._at + 40] or "…"


def _number(word: str) -> Scalar:
    try:
        return json.loads(word)  # type: ignore[no-any-return] # it is a number
    except ValueError as error:
        raise FilterInvalid(part=word[:40], reason=N_("the number is too big")) from error


_JSON = ("attributes", "genesis", "near")
_PARTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "energy": ("energy", parse_energy),
    "created": ("created", parse_created),
    "kind": ("kind", str),
    "owner": ("owner", str),
    "name": ("name", str),
    "path": ("path", str),
    "text": ("text", str),
}


def written(meant: Filter) -> str:
    """The text that `parse` reads as this filter."""
    return " ".join(_terms(meant))


def _terms(meant: Filter) -> Iterator[str]:
    yield from (f"tag:{_quoted(tag)}" for tag in meant.tags)
    if meant.any_tags:
        yield "tag:" + "|".join(map(_quoted, meant.any_tags))
    yield from (f"-tag:{_quoted(tag)}" for tag in meant.without_tags)
    for key in ("kind", "owner", "name", "path", "text"):
        if (value := getattr(meant, key)) is not None:
            yield f"{key}:{_quoted(value)}"
    yield from _ranges(meant)
    for key in _JSON:
        if value := getattr(meant, key):
            yield f"{key}:{json.dumps(value, ensure_ascii=False)}"
    for one in meant.where:
        value = json.dumps(one.value, ensure_ascii=False)
        yield f"{'.'.join(json.dumps(name, ensure_ascii=False) for name in one.attribute)} {one.operator} {value}"
    yield from (f"with:{word}" for word in ("deleted", "system") if getattr(meant, word))


def _ranges(meant: Filter) -> Iterator[str]:
    if meant.energy is not None:
        yield "energy:" + "..".join("" if end is None else str(end) for end in meant.energy)
    if meant.created is not None:
        yield "created:" + "..".join("" if end is None else end.isoformat() for end in meant.created)


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
