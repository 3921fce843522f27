"""The audit chain of a run: each entry names the hash of the one before, so that no entry can be changed or left out.

An entry is `{"seq", "previous", "hash"}`; the hash is over the entry's content, its number and the hash before.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from luxos.beings.genesis import canonical_hash

EMPTY: dict[str, Any] = {"seq": 0, "hash": ""}
"""The head of a chain without entries."""


def link(head: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that follows `head` for this content."""
    seq, previous = int(head["seq"]) + 1, str(head["hash"])
    return {"seq": seq, "previous": previous, "hash": _hash(seq, previous, content)}


def broken(entries: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], head: Mapping[str, Any]) -> int | None:
    """The number of the first entry that does not fit its chain, or `None`; `entries` are (content, entry) pairs."""
    seq, previous = 0, ""
    for content, entry in sorted(entries, key=lambda pair: int(pair[1]["seq"])):
        seq += 1
        if (entry["seq"], entry["previous"], entry["hash"]) != (seq, previous, _hash(seq, previous, content)):
            return seq
        previous = str(entry["hash"])
    return None if (seq, previous) == (int(head["seq"]), str(head["hash"])) else seq + 1


def _hash(seq: int, previous: str, content: Mapping[str, Any]) -> str:
    return canonical_hash({"seq": seq, "previous": previous, "content": content})
