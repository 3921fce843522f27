"""Putting beings away: a tombstone, which can be taken back, and removal for good, with all that is said first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingKept, BeingSealed, BeingStatic, BeingUnknown, PurgeChanged, PurgeRefused
from luxos.beings.kinds import HOUSE
from luxos.beings.owner import system_user
from luxos.beings.record import SEALED, TOMBSTONE, Record, identified
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.queries import queries

KEPT = frozenset({"soul", "alias", "run", "memory", "message", "environment", "manifest", *SEALED})
"""Tags of what other things stand on: versions and names, runs, parts of memories and of channels."""
_KINDS: tuple[type[Record], ...] = (BaseBeing, RelationshipBeing)
_ENDED = frozenset({"done", "undone", "cancelled"})
"""What becomes of a run that is never taken up again."""


@dataclass(frozen=True)
class Purge:
    """What goes with a being: how many of each kind, of which runs it takes steps, which aliases lose it."""

    soul: UUID
    name: str | None
    counts: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As a person's report has it; `from_json` reads it back."""
        return {**asdict(self), "soul": str(self.soul), "aliases": list(self.aliases)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Purge":
        """What `as_json` gave."""
        return cls(UUID(told["soul"]), told["name"], dict(told["counts"]), dict(told["runs"]), tuple(told["aliases"]))


async def delete(identity: UUID, *, by: str | None = None, connection: Any = None) -> None:
    """Leaves a tombstone of a being or a relationship, which nobody changes and `restore` takes back.

    A second time changes nothing. `BeingStatic` for a core being, `BeingSealed` for a part of the audit chain,
    `BeingKept` for what LuxOS itself stands on.
    """
    deleted = {"at": _now(), "by": by or system_user()}
    async with BaseBeing._borrowed(connection) as lent:
        if not await _done("delete", lent, identified(identity), deleted, sorted(HOUSE)):
            found = await _there(identity, lent)
            if found.genesis.get("tier") == "core":
                raise BeingStatic(soul=identity)
            if not SEALED.isdisjoint(found.tags):
                raise BeingSealed(soul=identity)
            if TOMBSTONE not in found.tags and is_house(found.tags, found.genesis):
                raise BeingKept(soul=identity, kind=_kind(found.genesis))


async def aliases_of(soul: UUID, *, connection: Any = None) -> list[str]:
    """The aliases whose living being this is: as long as it is put away, calls of them find nothing."""
    async with BaseBeing._borrowed(connection) as lent:
        return [row["name"] for row in await lent.fetch(queries()["purged_aliases"], soul)]


async def restore(identity: UUID, *, connection: Any = None) -> None:
    """Takes a tombstone back; changes nothing where there is none."""
    async with BaseBeing._borrowed(connection) as lent:
        if not await _done("restore", lent, identified(identity)):
            await _there(identity, lent)


async def _done(work: str, connection: Any, *arguments: Any) -> bool:
    """Does it to the row that is meant, whichever table it is in; `False` where there is nothing to be done."""
    rows = [await connection.fetch(queries()[f"{work}_{kind.row}"], *arguments) for kind in _KINDS]
    return any(rows)


async def _there(identity: UUID, connection: Any) -> Record:
    """The row, deleted or not; `BeingUnknown`."""
    found = [await kind.find(identity, deleted=True, connection=connection) for kind in _KINDS]
    row = next((row for row in found if row is not None), None)
    if row is None:
        raise BeingUnknown(soul=identity)
    return row


async def purge_preview(soul: UUID, *, connection: Any = None) -> Purge:
    """What `purge` would remove now; `PurgeRefused` or `BeingStatic` where it would not."""
    soul = identified(soul)
    async with BaseBeing.transaction(connection) as lent:
        return (await _looked_through(soul, lent))[0]


async def purge(soul: UUID, *, confirm: Purge, connection: Any = None) -> Purge:
    """Removes a being for good, with what `purge_preview` said, in one transaction; all of it, or nothing.

    `PurgeChanged` where meanwhile something else would go than what is confirmed. Each run that loses a step keeps a
    checkpoint of its link, so that its audit chain still shows whether anything else was changed.
    """
    soul = identified(soul)

    async def work(lent: Any) -> Purge:
        found, members = await _looked_through(soul, lent)
        if found != confirm:
            raise PurgeChanged(soul=soul)
        await lent.execute(queries()["write_checkpoints"], members)
        await lent.execute(queries()["unname_being"], soul, {"at": _now(), "kind": "purged", "being": str(soul)})
        await lent.execute(queries()["remove_relationships"], members)
        await lent.execute(queries()["remove_beings"], members)
        return found

    return await BaseBeing._transacted(work, connection)


async def _looked_through(soul: UUID, connection: Any) -> tuple[Purge, list[UUID]]:
    """What goes, and the beings that go; the being is locked, so that nobody comes to refer to it."""
    await connection.execute(queries()["lock_purged_aliases"], soul)
    row = await connection.fetchrow(queries()["lock_purged"], soul)
    if row is None:
        raise BeingUnknown(soul=soul)
    _check_purgeable(soul, row)
    if (alias := await connection.fetchval(queries()["purged_promotion"], soul)) is not None:
        raise PurgeRefused(soul=soul, reason="promotion", alias=alias)
    below = await connection.fetch(queries()["purged_with"], soul)
    members = [soul, *(one["soul"] for one in below)]
    steps = await connection.fetch(queries()["purged_steps"], members)
    for step in steps:
        if step["status"] not in _ENDED:
            raise PurgeRefused(soul=soul, reason="run", run=str(step["run"])[:8])
    ties = await connection.fetch(queries()["purged_relationships"], members)
    aliases = await connection.fetch(queries()["purged_aliases"], soul)
    counts = {**Counter(one["what"] for one in below), **{tie["what"]: tie["count"] for tie in ties}}
    runs = {str(step["run"]): step["count"] for step in steps}
    name = row["genesis"].get("name")
    return Purge(soul, name, dict(sorted(counts.items())), runs, tuple(one["name"] for one in aliases)), members


def _check_purgeable(soul: UUID, row: Any) -> None:
    if row["genesis"].get("tier") == "core":
        raise BeingStatic(soul=soul)
    if is_house(row["tags"] or (), row["genesis"]):
        raise PurgeRefused(soul=soul, reason="house", kind=_kind(row["genesis"]))
    if held := KEPT.intersection(row["tags"] or ()):
        raise PurgeRefused(soul=soul, reason="kept", kind=min(held))


def is_house(tags: Iterable[str], genesis: Mapping[str, Any]) -> bool:
    """Whether LuxOS itself stands on a row with these; a person's own may bear such a tag, or such a type, not both.

    A version of a soul is of the type of its genotype.
    """
    version = "soul" in tags and "soul_hash" in genesis
    return version or (genesis.get("type") in HOUSE and not HOUSE.isdisjoint(tags))


def _kind(genesis: Mapping[str, Any]) -> str:
    """As what LuxOS keeps a row."""
    return "soul" if "soul_hash" in genesis else str(genesis["type"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
