"""The statement that writes what was changed in a row, and names nothing else; sql/parts/update.sql has its parts."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from luxos.persistence.queries import parts

Part = tuple[str, str, Sequence[Any]]
"""One thing that is written: which change it is, in which column, and its arguments, which follow from the change."""
_ARGUMENT = re.compile(r"\$(\d+)")
_HEAD_ARGUMENTS = 2
_JOINED_BY = {"change": ", ", "bounds": " ", "results": " "}
"""The places of a head; a part goes to the one that its name begins with."""


def update(row: str, written: Sequence[Part]) -> tuple[str, list[Any]]:
    """The statement for a kind of row, and its arguments after the key and the version."""
    text = _text(row, *[(change, column) for change, column, _arguments in written])
    return text, [argument for _change, _column, arguments in written for argument in arguments]


@cache
def _text(row: str, *written: tuple[str, str]) -> str:
    filled: dict[str, list[str]] = {place: [] for place in _JOINED_BY}
    before = _HEAD_ARGUMENTS
    for change, column in written:
        for place, found in filled.items():
            if (part := parts().get(f"{place}_{change}")) is not None:
                found.append(_counted_on(part, before).replace("{column}", column))
        before += len(set(_ARGUMENT.findall(parts()[f"change_{change}"])))
    text = parts()[f"update_{row}"]
    for place, found in filled.items():
        text = text.replace(f"{{{place}}}", _JOINED_BY[place].join(found))
    return text


def _counted_on(part: str, before: int) -> str:
    return _ARGUMENT.sub(lambda match: f"${int(match[1]) + before}", part)
