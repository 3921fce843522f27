"""Whether every soul is what its hash says: what `luxos db check` and `luxos soul validate` ask."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.damaged import UNFIT
from luxos.beings.errors import BeingError
from luxos.beings.genesis import genotype, soul_hash
from luxos.persistence.errors import ValueUnreadable
from luxos.persistence.queries import queries
from luxos.souls import aliases, versions
from luxos.souls.errors import SoulError
from luxos.souls.evolution import living
from luxos.souls.groups import pins_of, read_group

_PAGE = 500
_DAMAGED = (SoulError, BeingError, ValueUnreadable, *UNFIT)
"""How a row says that it is not as it was registered."""
Kind = Literal["version", "group", "alias", "dependency", "carrier"]


@dataclass(frozen=True)
class Damage:
    """Something that does not have its hash any more: a version, a group, what an alias names, what a soul pins.

    Or a `carrier`, a being that is or was the living one of an alias.
    """

    kind: Kind
    name: str


async def damaged(*, connection: Any = None) -> AsyncIterator[Damage]:
    """Every version, group, alias and carrier that is not as it was registered; changes nothing, reads in pages."""
    for query, look in (("soul_rows", _damage), ("soul_carriers", _carrier_damage)):
        after = UUID(int=0)
        while True:
            async with BaseBeing._borrowed(connection) as lent:
                rows = await lent.fetch(queries()[query], after, _PAGE)
            for row in rows:
                if (found := await look(row, connection)) is not None:
                    yield found
            if len(rows) < _PAGE:
                break
            after = rows[-1]["soul"]


async def _damage(row: Mapping[str, Any], connection: Any) -> Damage | None:
    name = str(row["name"] or row["hash"] or row["soul"])
    if "alias" in row["tags"]:
        whole = row["soul"] == aliases.row_of(name) and await _alias_is_whole(name, connection)
        return None if whole else Damage("alias", name)
    if row["type"] == "soul_group":
        whole = row["soul"] == versions.row_of(f"group:{row['hash']}") and await _group_is_whole(
            row["hash"], connection
        )
        return None if whole else Damage("group", str(row["hash"]))
    return await _version_damage(row, connection)


async def _version_damage(row: Mapping[str, Any], connection: Any) -> Damage | None:
    found = str(row["hash"])
    if row["soul"] != versions.row_of(found):
        return Damage("version", str(row["soul"]))
    try:
        version = await versions.read_version(found, connection=connection)
    except _DAMAGED:
        return Damage("version", found)
    pins = version.genotype.get("dependencies", {}) if version else {}
    for used, pin in pins.items():
        if not await _pin_leads_somewhere(found, used, pin, connection):
            return Damage("dependency", f"{found}: {used}")
    return None


async def _carrier_damage(row: Mapping[str, Any], connection: Any) -> Damage | None:
    """Whether a being has the genotype whose hash it bears; where `jsonb` keeps it otherwise, its version says so."""
    try:
        genesis = (await BaseBeing.load(row["soul"], deleted=True, connection=connection)).genesis
        told = genesis["soul_hash"]
        if soul_hash(genesis) == told:
            return None
        version = await versions.read_version(told, connection=connection)
        if version and versions.as_kept(version.genotype) == versions.as_kept(genotype(genesis)):
            return None
    except _DAMAGED:
        pass
    return Damage("carrier", str(row["soul"]))


async def _pin_leads_somewhere(found: str, used: str, pin: str, connection: Any) -> bool:
    try:
        led = (await pins_of(found, {used: pin}, connection=connection))[used]
        row = led if isinstance(led, UUID) else versions.row_of(led)
        return await BaseBeing.find(row, connection=connection) is not None
    except _DAMAGED:
        return False


async def _group_is_whole(group: str, connection: Any) -> bool:
    try:
        await read_group(group, connection=connection)
    except _DAMAGED:
        return False
    return True


async def _alias_is_whole(name: str, connection: Any) -> bool:
    """Whether all that an alias ever named is there, and its living being, where there is one, is its newest."""
    try:
        alias = await aliases.Alias.find(name, connection=connection)
        if alias is None or alias.hash is None:
            return False
        told = {memory["hash"] for memory in await aliases.history(name, connection=connection)}
        rows = [await BaseBeing.find(versions.row_of(found), connection=connection) for found in told]
        await living(name, connection=connection)
    except _DAMAGED:
        return False
    return alias.hash in told and all(rows)
