"""The audit chain of a run: each entry names the hash of the one before, so that no entry can be changed or left out.

An entry is `{"seq", "previous", "hash"}`; the hash is over the entry's content, its number and the hash before. The
chain begins with the hash of the run's own genesis. Where the content was removed for good, its entry stays as a
checkpoint: what it says cannot be computed any more, but it has to fit between its neighbours.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from luxos.beings.genesis import canonical_hash


def beginning(genesis: Mapping[str, Any]) -> dict[str, Any]:
    """The head of a chain that has no entries yet."""
    return {"seq": 0, "hash": canonical_hash(dict(genesis))}


def link(head: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that follows `head` for this content."""
    seq, previous = int(head["seq"]) + 1, str(head["hash"])
    return {"seq": seq, "previous": previous, "hash": _hash(seq, previous, content)}


def broken(
    entries: Iterable[tuple[Mapping[str, Any], object]],
    first: Mapping[str, Any],
    head: object,
    checkpoints: object = (),
    *,
    unfinished: bool = False,
) -> int | None:
    """The number of the first entry that does not fit, or `None` for a whole chain.

    `entries` are (content, entry); `checkpoints` the entries whose content is gone. The head is the last entry; of a
    chain that is `unfinished` it may be an earlier one.
    """
    seq, previous = int(first["seq"]), str(first["hash"])
    known = {(seq, previous)}
    gone = [(None, entry) for entry in checkpoints] if isinstance(checkpoints, list | tuple) else [(None, None)]
    for content, entry in sorted([*entries, *gone], key=lambda pair: _number(pair[1])):
        seq += 1
        own = _kept_hash(entry) if content is None else _hash(seq, previous, content)
        if entry != {"seq": seq, "previous": previous, "hash": own}:
            return seq
        previous = own
        known.add((seq, previous))
    said = (head.get("seq"), head.get("hash")) if isinstance(head, Mapping) else None
    return None if said == (seq, previous) or (unfinished and said in known) else seq + 1


def _kept_hash(entry: object) -> str:
    kept = entry.get("hash") if isinstance(entry, Mapping) else None
    return kept if isinstance(kept, str) else ""


def _number(entry: object) -> int:
    seq = entry.get("seq") if isinstance(entry, Mapping) else None
    return seq if isinstance(seq, int) else 0


def _hash(seq: int, previous: str, content: Mapping[str, Any]) -> str:
    return canonical_hash({"seq": seq, "previous": previous, "content": content})
