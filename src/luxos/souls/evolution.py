"""A new version under an alias: an evolution where it only adds to the newest one, and otherwise a mutation.

All of it is one transaction under the lock of the alias: version, living being, descent, relationships, alias.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from luxos.beings import typed
from luxos.beings.being import BaseBeing
from luxos.beings.genesis import GENOTYPE, genotype, soul_hash
from luxos.beings.kinds import class_of
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.queries import queries
from luxos.souls.additions import added
from luxos.souls.aliases import Alias
from luxos.souls.dependencies import not_pinned
from luxos.souls.errors import SoulConflict, SoulDamaged
from luxos.souls.versions import Version, as_kept, more_of, read_version, write_version

Kind = Literal["first", "evolution", "mutation", "same"]
BORN_WITH = 100
"""The energy of a new living being; one that has none sleeps."""
ANCESTORS = 32
"""How many hashes `genesis.ancestors` holds, newest first; the whole line is in the history of the alias."""
ANCESTOR = "ancestor"
"""The tag of a being that a mutation left behind."""


@dataclass(frozen=True)
class Change:
    """A new version of an alias, and the one before; `more` is what the genesis says beside its genotype."""

    alias: Alias
    parent: Version | None
    version: Version
    more: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        if self.parent is None:
            return "first"
        if self.parent.hash == self.version.hash:
            return "same"
        return "mutation" if added(self.parent.genotype, self.version.genotype) is None else "evolution"

    @property
    def number(self) -> int:
        return self.alias.version + 1

    def genesis(self, ancestors: list[str]) -> dict[str, Any]:
        """The genesis of the living being from now on."""
        if self.parent is not None:
            ancestors = [self.parent.hash, *ancestors][:ANCESTORS]
        kept = {"soul_hash": self.version.hash, "version": self.number, "ancestors": ancestors}
        return {**self.more, **self.version.genotype, **kept}


async def advance(
    alias: Alias,
    genesis: Mapping[str, Any],
    *,
    base: str | None = None,
    because: Mapping[str, Any] | None = None,
    connection: Any,
) -> Version:
    """Has the alias, which the caller has locked, name this genesis, which has its pins, from now on.

    `base` is the hash that the change was made from: `SoulConflict` where the alias names another by now. `because` is
    told in the history of the alias, where it was not a person who asked for it.
    """
    if base is not None and alias.hash != base:
        raise SoulConflict(name=alias.name, newest=alias.hash or "-")
    new, more = genotype(genesis), {**more_of(genesis), "name": alias.name}
    parent = await read_version(alias.hash, connection=connection) if alias.hash else None
    old = await load_living(alias, connection)
    if parent is not None and old is not None and parent.hash == soul_hash(new):
        await _tell(old, parent, more, connection)
        return parent
    version = await write_version(new, parent, more=more, connection=connection)
    change = Change(alias, parent, version, more)
    kind = change.kind
    if old is not None and kind == "evolution":
        await _evolve(old, change, connection)
        being = old.soul
    else:
        being = await _bear(old, change, connection)
    places = {"not_pinned": found} if (found := [place.as_json() for place in not_pinned(new, alias.name)]) else {}
    told = places | ({"because": dict(because)} if because else {})
    now = replace(alias, hash=version.hash, version=change.number, being=being)
    await alias.point(now, connection, kind="version", change=kind, parent=alias.hash, **told)
    return version


async def living(name: str, *, connection: Any = None) -> BaseBeing | None:
    """The living being of an alias, with exactly the genotype of its newest version; `None` where there is none.

    `SoulDamaged` where its row was changed otherwise than by an evolution.
    """
    alias = await Alias.find(name, connection=connection)
    while alias is not None and alias.hash is not None:
        being = await load_living(alias, connection)
        if being is None or soul_hash(being.genesis) == alias.hash:
            return being
        again = await Alias.find(name, connection=connection)
        if again == alias:
            return await _exact(being, alias.hash, connection)
        alias = again  # it evolved between the two readings
    return None


async def load_living(alias: Alias, connection: Any) -> BaseBeing | None:
    """The row of the living being, as its kind, or `None`."""
    return None if alias.being is None else await BaseBeing.find(alias.being, connection=connection)


async def _exact(being: BaseBeing, hash: str, connection: Any) -> BaseBeing:  # noqa: A002 - the seeds' name
    """The being with the genotype that its version keeps: `jsonb` knows no -0.0."""
    version = await read_version(hash, connection=connection)
    if version is None or as_kept(version.genotype) != as_kept(genotype(being.genesis)):
        raise SoulDamaged(name=hash)
    being.genesis |= version.genotype
    return being


async def _tell(old: BaseBeing, version: Version, more: Mapping[str, Any], connection: Any) -> None:
    """Writes what is new beside the genotype, and the genotype where the row does not have it any more."""
    if as_kept(version.genotype) != as_kept(genotype(old.genesis)):
        _become(old, version.genotype)
        old.remember("repaired", hash=version.hash)
    old.genesis |= more
    await old.save(connection=connection)


async def _evolve(old: BaseBeing, change: Change, connection: Any) -> None:
    _become(old, change.genesis(old.genesis.get("ancestors", [])))
    old.remember("evolved", hash=change.version.hash, version=change.number)
    await old.save(connection=connection)


async def _bear(old: BaseBeing | None, change: Change, connection: Any) -> UUID:
    """Makes the new living being; what is not history or energy comes from the old one.

    Attributes that do not fit the new genotype stay with the old one, and the first memory names them.
    """
    genesis = change.genesis(old.genesis.get("ancestors", []) if old else [])
    genesis["created_at"] = datetime.now(UTC).isoformat()
    new = class_of(genesis)(genesis=genesis, energy_level=BORN_WITH)
    left: list[str] = []
    if old is not None:
        new.tags = [tag for tag in old.tags if tag != ANCESTOR]
        new.attributes, left = typed.inherited(genesis, old.attributes)
        if "owner" in old.genesis:
            new.genesis.setdefault("owner", old.genesis["owner"])
    stays = {"attributes_left": left} if left else {}
    new.remember("born", hash=change.version.hash, version=change.number, **stays)
    await new.save(connection=connection)
    if old is not None:
        await _leave_behind(old, new, change, connection)
    return new.soul


async def _leave_behind(old: BaseBeing, new: BaseBeing, change: Change, connection: Any) -> None:
    """Ties the new being to the old one, and has what names the alias follow."""
    hashes = {"from": change.parent.hash if change.parent else None, "to": change.version.hash}
    genesis = {"type": "descent", "name": change.alias.name, "version": change.number, **hashes}
    await RelationshipBeing(tags=["descent"], source_soul=old.soul, target_soul=new.soul, genesis=genesis).save(
        connection=connection
    )
    if ANCESTOR not in old.tags:
        old.tags.append(ANCESTOR)
    old.remember("mutated", hash=change.version.hash, version=change.number, being=str(new.soul))
    await old.save(connection=connection)
    named = {"alias": change.alias.name}
    await connection.execute(queries()["follow_alias"], old.soul, new.soul, named)


def _become(being: BaseBeing, genesis: Mapping[str, Any]) -> None:
    being.genesis = {key: value for key, value in being.genesis.items() if key not in GENOTYPE} | dict(genesis)
    typed.fill(being)
