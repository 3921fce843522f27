"""The audit chain of a run: each entry names the hash of the one before, so that no entry can be changed or left out.

An entry is `{"seq", "previous", "hash"}`; the hash is over the entry's content, its number and the hash before. The
chain begins with the hash of the run's own genesis. Where the content was removed for good, its entry stays as a
checkpoint: what it says cannot be computed any more, but it has to fit between its neighbours.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from luxos.beings.errors import GenotypeInvalid
from luxos.beings.genesis import canonical_bytes, canonical_hash, usual_bytes

Unfit = Literal["altered", "unlinked", "missing", "inserted"]
"""What is wrong with an entry: it is not what its hash says, it does not name the one before, others before it are not
there, its number was used."""

_NEGATIVE_ZERO = b'"-0x0p+0"'


def beginning(genesis: Mapping[str, Any]) -> dict[str, Any]:
    """The head of a chain that has no entries yet."""
    return {"seq": 0, "hash": canonical_hash(dict(genesis))}


def link(head: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that follows `head` for this content."""
    return linked(head, content)[0]


def linked(head: Mapping[str, Any], content: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The same, and whether all of the content is usual JSON (`json_codec.surely`)."""
    seq, previous = int(head["seq"]) + 1, str(head["hash"])
    told, usual = _told(seq, previous, content)
    return {"seq": seq, "previous": previous, "hash": _hash(told)}, usual


class Walk:
    """Walks along a chain, entry by entry in the order of their numbers, and says which ones do not fit."""

    def __init__(self, first: Mapping[str, Any]) -> None:
        self.seq, self.hash = int(first["seq"]), str(first["hash"])
        self.entry: Mapping[str, Any] = first
        """The one that was taken last; the beginning before that."""
        self._fit = {self.hash}
        """What the next entry may name: also what an altered one should have been, so that a change is told once."""

    def follow(self, entry: object, content: Mapping[str, Any] | None) -> Unfit | None:
        """Takes the next entry, with what it is of, or none for a checkpoint; goes on from it, fit or not."""
        if not _well_formed(entry):
            return "altered"
        assert isinstance(entry, dict)  # noqa: S101 - it is well formed
        if entry["seq"] <= self.seq:
            return "inserted"
        own = entry["hash"] if content is None else _computed(entry, content)
        unfit: Unfit | None = "missing" if entry["seq"] > self.seq + 1 else None
        if own != entry["hash"]:
            unfit = "altered"
        elif unfit is None and entry["previous"] not in self._fit:
            unfit = "unlinked"
        self.seq, self.hash, self.entry = entry["seq"], entry["hash"], entry
        self._fit = {self.hash, own}
        return unfit


def _well_formed(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == {"seq", "previous", "hash"}
        and type(entry["seq"]) is int
        and isinstance(entry["previous"], str)
        and isinstance(entry["hash"], str)
    )


def _computed(entry: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    try:
        return _hash(_told(entry["seq"], entry["previous"], content)[0])
    except GenotypeInvalid:  # what cannot be hashed was never written by us
        return ""


def _told(seq: int, previous: str, content: Mapping[str, Any]) -> tuple[bytes, bool]:
    """The bytes that an entry's hash is over, and whether they are of usual JSON."""
    entry = {"seq": seq, "previous": previous, "content": content}
    usual = usual_bytes(entry)
    told = canonical_bytes(entry) if usual is None else usual
    if _NEGATIVE_ZERO in told:
        told = canonical_bytes(_kept(entry))
    return told, usual is not None


def _hash(told: bytes) -> str:
    return "sha256:" + hashlib.sha256(told).hexdigest()


def _kept(value: Any) -> Any:
    """A value as `jsonb` keeps it: there -0.0 is 0.0."""
    if isinstance(value, dict):
        return {key: _kept(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_kept(item) for item in value]
    return 0.0 if isinstance(value, float) and value == 0 else value
