"""What a caller means: an alias is the living being, a hash is exactly that version, a UUID is the row."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.classes import ClassBeing
from luxos.beings.errors import BeingAmbiguous
from luxos.beings.function import FunctionBeing
from luxos.beings.genesis import genotype, soul_hash
from luxos.beings.instance import InstanceBeing, InstanceMethod
from luxos.persistence.queries import queries
from luxos.souls.errors import ClassUnknown, SoulDamaged
from luxos.souls.evolution import living
from luxos.souls.registry import Soul
from luxos.souls.versions import as_kept

_DIGITS = re.compile(r"[0-9a-f]{8,64}")
_BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,27}")
_SHOWN = 5


async def resolve(who: str, *, connection: Any = None) -> FunctionBeing | None:
    """The function that answers to an alias, a UUID or a hash (or its beginning), or `None`.

    A version that is kept as a diff comes whole. `SoulDamaged` where what is stored is not what was registered,
    `SoulAmbiguous` where several hashes begin so.
    """
    try:
        return await _by_uuid(UUID(who), connection)
    except ValueError:
        pass
    if not who.startswith("sha256:") and (being := await living(who, connection=connection)):
        return being if isinstance(being, FunctionBeing) else None
    if who.startswith("sha256:") or _DIGITS.fullmatch(who):
        return await _by_hash(who, connection)
    return None


async def resolve_method(who: str, *, connection: Any = None) -> InstanceMethod | None:
    """The method that `INSTANCE.name` means, or `None` where there is no such instance: its UUID, its name, or
    the beginning of its UUID, of 8 digits or more.

    `BeingAmbiguous` where several instances are meant.
    """
    named, _dot, name = who.rpartition(".")
    if not named or not name.isidentifier():
        return None
    try:
        souls = [UUID(named)]
    except ValueError:
        souls = await _instances(named, connection)
    if len(souls) > 1:
        raise BeingAmbiguous(name=named, candidates=", ".join(map(str, souls)))
    instance = await InstanceBeing.find(souls[0], connection=connection) if souls else None
    return None if instance is None else InstanceMethod(instance, name)


async def namesakes(instance: InstanceBeing, *, connection: Any = None) -> list[str]:
    """The UUIDs of other instances with the name of this one, some of them: by it, none can be called."""
    name = instance.genesis.get("name")
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(queries()["instances_named"], name, _SHOWN) if isinstance(name, str) else []
    return [str(row["soul"]) for row in rows if row["soul"] != instance.soul]


async def instance_named(named: str, *, connection: Any = None) -> InstanceBeing | None:
    """The one instance that a name, a UUID or its beginning means."""
    try:
        souls = [UUID(named)]
    except ValueError:
        souls = await _instances(named, connection)
    return await InstanceBeing.find(souls[0], connection=connection) if len(souls) == 1 else None


async def _instances(named: str, connection: Any) -> list[UUID]:
    """Those with this name; where there is none, those whose UUID begins so."""
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(queries()["instances_named"], named, _SHOWN)
        if not rows and _BEGINNING.fullmatch(named.lower()):
            digits = named.lower().replace("-", "")[:32]
            first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
            rows = await lent.fetch(queries()["instances_between"], first, last, _SHOWN)
    return [row["soul"] for row in rows]


async def resolve_class(who: str, *, connection: Any = None) -> ClassBeing:
    """The class that an alias, a UUID or a hash means; `ClassUnknown` where there is none."""
    found: BaseBeing | None = None
    try:
        found = await ClassBeing.find(UUID(who), connection=connection)
    except ValueError:
        found = await living(who, connection=connection)
        if found is None and (soul := await Soul.get_by_hash(who, connection=connection)) is not None:
            found = ClassBeing(genesis={**soul.more, **soul.genotype, "soul_hash": soul.hash})
    if not isinstance(found, ClassBeing) or found.genesis.get("type") != ClassBeing.kind:
        raise ClassUnknown(name=who)
    return found


async def _by_uuid(uuid: UUID, connection: Any) -> FunctionBeing | None:
    row = await BaseBeing.find(uuid, connection=connection)
    if row is None:
        return None
    told = row.genesis.get("soul_hash")
    if told is not None and "soul" in row.tags:
        return await _by_hash(str(told), connection)
    if row.genesis.get("type") != FunctionBeing.kind:
        return None
    being = await FunctionBeing.find(uuid, connection=connection)
    if being is not None and told is not None and soul_hash(being.genesis) != told:
        being.genesis |= await _exact(str(told), being.genesis, connection)
    return being


async def _by_hash(name: str, connection: Any) -> FunctionBeing | None:
    soul = await Soul.get_by_hash(name, connection=connection)
    if soul is None or soul.genotype.get("type") != FunctionBeing.kind:
        return None
    return FunctionBeing(
        soul=soul.being,
        tags=["soul"],
        genesis={"name": soul.hash, **soul.more, **soul.genotype, "soul_hash": soul.hash},
    )


async def _exact(told: str, genesis: Mapping[str, Any], connection: Any) -> Mapping[str, Any]:
    """The genotype that a row stands for, where `jsonb` lost the sign of a zero in it."""
    soul = await Soul.get_by_hash(told, connection=connection)
    if soul is None or as_kept(soul.genotype) != as_kept(genotype(genesis)):
        raise SoulDamaged(name=told)
    return soul.genotype
