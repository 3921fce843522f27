"""What a genotype has more than its ancestor: lines of source, keys of objects, items of lists. Or that it lost some.

Lines end at `\\n` and keep it, so that `\\r\\n`, form feeds and U+2028 are parts of lines; an addition gives back every
byte. Whether only something was added is decided exactly: the old lines must be a subsequence of the new ones (difflib,
which looks for the longest common block first, would sometimes see a removal where there is none).

An addition is JSON: `{"lines": [[at, text], …]}`, `{"items": [[at, [typed value, …]], …]}` or
`{"keys": {key: typed value}, "within": {key: addition}}`; `at` counts the old lines or items before it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from luxos.beings.genesis import canonical_bytes, typed, untyped

Addition = dict[str, Any]
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SOURCES = frozenset({"source", "functions"})
"""The keys of a genotype whose texts are compared by lines; every other text is one value."""
_Piece = tuple[int, list[Any]]


def lines_of(text: str) -> list[str]:
    """The lines of a source, each with its `\\n`; joined they are the source."""
    return _LINE.findall(text)


def added(old: Mapping[str, Any], new: Mapping[str, Any]) -> Addition | None:
    """What has to be added to the genotype `old` to have `new`; `None` where anything was removed or changed."""
    return _in_object(old, new, by_lines=False, top=True)


def extended(old: Any, additions: Iterable[Addition]) -> Any:
    """The value `old` with one addition after the other; `ValueError` where one does not fit."""
    for addition in additions:
        old = _extended(old, addition)
    return _joined(old)


class _Lines(list[str]):
    """A text that is taken apart while lines are added to it."""


def _extended(old: Any, addition: Addition) -> Any:
    if not addition:
        return old
    if "lines" in addition and isinstance(old, str | _Lines):
        pieces = [(at, lines_of(text)) for at, text in addition["lines"]]
        return _Lines(_merged(lines_of(old) if isinstance(old, str) else old, pieces))
    if "items" in addition and isinstance(old, list):
        return _merged(old, [(at, [untyped(item) for item in items]) for at, items in addition["items"]])
    if addition.keys() == {"keys", "within"} and isinstance(old, dict) and addition["within"].keys() <= old.keys():
        within = {key: _extended(old[key], inner) for key, inner in addition["within"].items()}
        return {**old, **within, **{key: untyped(value) for key, value in addition["keys"].items()}}
    raise ValueError("the addition does not fit what it is added to")


def _joined(value: Any) -> Any:
    if isinstance(value, _Lines):
        return "".join(value)
    return {key: _joined(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _added(old: Any, new: Any, by_lines: bool) -> Addition | None:
    """`{}` for equal values."""
    if isinstance(old, dict) and isinstance(new, dict):
        return _in_object(old, new, by_lines)
    if isinstance(old, list) and isinstance(new, list):
        return _in_list(old, new)
    if by_lines and isinstance(old, str) and isinstance(new, str):
        return _in_text(old, new)
    return {} if typed(old) == typed(new) else None


def _in_object(old: Mapping[str, Any], new: Mapping[str, Any], by_lines: bool, top: bool = False) -> Addition | None:
    within: dict[str, Addition] = {}
    for key, value in old.items():
        inner = _added(value, new[key], by_lines or (top and key in _SOURCES)) if key in new else None
        if inner is None:
            return None
        if inner:
            within[key] = inner
    keys = {key: typed(value) for key, value in new.items() if key not in old}
    return {"keys": keys, "within": within} if keys or within else {}


def _in_list(old: list[Any], new: list[Any]) -> Addition | None:
    pieces = _inserted([canonical_bytes(item) for item in old], [canonical_bytes(item) for item in new], new)
    if pieces is None:
        return None
    return {"items": [[at, [typed(item) for item in items]] for at, items in pieces]} if pieces else {}


def _in_text(old: str, new: str) -> Addition | None:
    before, after = lines_of(old), lines_of(new)
    pieces = _inserted(before, after, after)
    if pieces is None:
        return None
    return {"lines": [[at, "".join(lines)] for at, lines in pieces]} if pieces else {}


def _inserted(old: Sequence[Any], new: Sequence[Any], values: Sequence[Any]) -> list[_Piece] | None:
    """The pieces of `values` (which stand for `new`) between the members of `old`; `None` where `old` is not in `new`.

    Equal ends are left out first, so that what was added in one place is one piece.
    """
    start, end = 0, 0
    most = min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    pieces: list[_Piece] = []
    at, last = start, len(old) - end
    for index in range(start, len(new) - end):
        if at < last and old[at] == new[index]:
            at += 1
        elif pieces and pieces[-1][0] == at:
            pieces[-1][1].append(values[index])
        else:
            pieces.append((at, [values[index]]))
    return pieces if at == last else None


def _merged(old: Sequence[Any], pieces: Sequence[_Piece]) -> list[Any]:
    result: list[Any] = []
    last = 0
    for at, items in pieces:
        if not last <= at <= len(old):
            raise ValueError("an addition stands where nothing is")
        result += [*old[last:at], *items]
        last = at
    return [*result, *old[last:]]
