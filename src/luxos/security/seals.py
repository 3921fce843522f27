"""The chain of the installation: seals, which hold the heads of the chains of runs that have ended.

What a seal is, and whether all of them are as they were written; they are written by `runtime/sealing.py`, and
docs/design.md says what they prove.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID, uuid5

from luxos.beings.errors import GenotypeInvalid
from luxos.beings.genesis import canonical_bytes, canonical_hash
from luxos.security.audit import Walk, beginning
from luxos.security.findings import Finding

CHAIN = UUID("5b0f3a52-9d1c-4c76-8f4e-6f6d1c3b7a90")
"""The being of the chain itself; a seal's UUID is made from it and the seal's number."""
ENDED = ("done", "failed", "stopped", "needs_person", "paused", "cancelled", "undone")
"""The states in which nobody carries a run out, and its chain is sealed."""
_WORKING = frozenset({"chain", "holder", "folded", "checkpoints", "gone", "sealed", "deleted", "wanted"})
"""What of a run's attributes changes without the run: by whoever holds, counts, purges, seals or deletes it."""


def seal_id(number: int) -> UUID:
    """The UUID of a seal: it exists once."""
    return uuid5(CHAIN, str(number))


def state_of(row: Mapping[str, Any]) -> str:
    """The hash of what a run's row says, besides its chain; empty for a row that no LuxOS wrote."""
    told = {key: value for key, value in row["attributes"].items() if key not in _WORKING}
    try:
        return canonical_hash({"created_at": row["created_at"].isoformat(), "attributes": told})
    except GenotypeInvalid:
        return ""


class OpenAttempts:
    """The attempts of a run's steps that began and have no link: a digest for each step."""

    def __init__(self) -> None:
        self._digests: dict[UUID, Any] = {}

    def take(self, step: UUID, genesis: Any, attempt: Any) -> None:
        """Takes the next one of a step, in the order of attempts."""
        digest = self._digests.setdefault(step, hashlib.sha256())
        try:
            digest.update(canonical_bytes({"genesis": genesis, "attempt": attempt}) + b"\n")
        except GenotypeInvalid:
            digest.update(b"?")

    def digests(self) -> dict[str, str]:
        """By the ids of steps."""
        return {str(step): digest.hexdigest() for step, digest in sorted(self._digests.items())}


async def check(connection: Any, sql: Mapping[str, str]) -> AsyncIterator[Finding | int]:
    """Every seal in its order: what does not fit, or its number; at the end whether the head is the last one."""
    head = await connection.fetchrow(sql["seals_head"], CHAIN)
    walk = Walk(beginning(head["genesis"]) if _is_head(head) else {"seq": 0, "hash": ""})
    async for row in connection.cursor(sql["seals"], prefetch=20):
        attributes = row["attributes"] if isinstance(row["attributes"], dict) else {}
        unfit = walk.follow(attributes.get("chain"), _sealed_content(row, attributes))
        if unfit is None and not _is_seal(row, attributes, walk.seq):
            unfit = "altered"
        yield walk.seq if unfit is None else Finding(f"seal_{unfit}", number=walk.seq)
    if head is None and walk.seq == 0:
        return
    if not _is_head(head) or head["attributes"]["chain"] != walk.entry:
        yield Finding("seal_head", number=walk.seq)


def _sealed_content(row: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"genesis": row["genesis"], **{key: attributes[key] for key in attributes if key not in ("chain", "result")}}


def _is_seal(row: Mapping[str, Any], attributes: Mapping[str, Any], number: int) -> bool:
    """Whether what the link does not cover is as it was written."""
    said = attributes.get("result") == attributes["chain"]["hash"] and row["soul"] == seal_id(number)
    return said and row["tags"] == ["seal"] and _is_plain(row)


def _is_head(row: Any) -> bool:
    if row is None or not isinstance(row["attributes"], dict) or not isinstance(row["genesis"], dict):
        return False
    return row["attributes"].keys() == {"chain"} and row["tags"] == ["audit_chain"] and _is_plain(row)


def _is_plain(row: Mapping[str, Any]) -> bool:
    nothing = row["memories"] == [] and row["self_awareness"] == {}
    return nothing and row["energy_level"] == 0 and bool(row["bare"])
