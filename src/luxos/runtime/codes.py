"""The code of the souls that this process calls, read once per hash."""

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, cast
from uuid import UUID

from luxos.beings.class_source import methods_in
from luxos.beings.classes import ClassBeing
from luxos.beings.errors import BeingUnsaved
from luxos.beings.function import TIERS, FunctionBeing
from luxos.beings.function_source import Signature, signature_of
from luxos.beings.genesis import genotype, soul_hash
from luxos.beings.instance import InstanceBeing, InstanceMethod
from luxos.beings.owner import system_user
from luxos.runtime.code import Code, CodeLimits
from luxos.runtime.errors.calls import MethodUnknown
from luxos.runtime.hosts import hosts_of
from luxos.runtime.instances import BoundMethod
from luxos.souls.errors import SoulUnknown
from luxos.souls.registry import Soul

_KEPT = 1024
MOST = CodeLimits(seconds=3600.0, memory=4 << 30, output=64 << 20, result=16 << 20, recursion=10_000)
"""What a genotype may ask for."""


@dataclass(frozen=True)
class Known:
    """A soul as it is called: its code, what it pins, whether its result follows from its arguments alone."""

    genotype: Mapping[str, Any]
    code: Code
    tier: str | None
    """The tier that it names; nothing where it leaves that to LuxOS."""
    pure: bool
    pins: Mapping[str, str]
    permissions: frozenset[str]
    """What it asks for; a run grants it or not."""


class Codes:
    """The newest of them are kept; and versions themselves, which are what their hash says for ever."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._versions: OrderedDict[str, FunctionBeing] = OrderedDict()

    def version(self, hash_: str) -> FunctionBeing | None:
        """The version with this whole hash, where it was called before."""
        found = self._versions.get(hash_)
        if found is not None:
            self._versions.move_to_end(hash_)
        return found

    def keep_version(self, hash_: str, version: FunctionBeing) -> None:
        """Keeps what answered to a hash, where that is the whole one."""
        if version.genesis.get("soul_hash") != hash_:
            return
        self._versions[hash_] = version
        if len(self._versions) > _KEPT:
            self._versions.popitem(last=False)

    def of(self, being: FunctionBeing) -> Known:
        """What is to be run when a being is called; `BeingUnsaved` where it was changed since it got its hash."""
        owner = being.owner or system_user()
        told = being.genesis.get("soul_hash")
        now = genotype(being.genesis)
        hash_ = told if isinstance(told, str) else soul_hash(now)
        known = self._kept.get((hash_, owner))
        if known is None or known.genotype != now:
            if (found := soul_hash(now)) != hash_:
                raise BeingUnsaved(soul=being.soul, field=f"genesis.soul_hash ({found[:15]}…)")
            name = str(being.genesis.get("name", being.soul))
            known = _read(now, hash_, name, owner, signature_of(being.source, name))
        return self._keep(known)

    def of_class(self, being: ClassBeing) -> Known:
        """What is to be run when methods of its instances are called, where they are its owner's."""
        return _read_class(being.genesis, being.soul_hash, being.owner or system_user())

    async def method(self, method: InstanceMethod) -> BoundMethod:
        """A method with what is to be run of it; `MethodUnknown`, `SoulUnknown` where its class is not there."""
        instance = method.instance
        known, methods = await self.class_of(instance)
        if method.name not in methods:
            shown = ", ".join(methods) or "–"
            raise MethodUnknown(who=instance.genesis.get("name") or instance.soul, name=method.name, methods=shown)
        return BoundMethod(instance, method.name, methods[method.name], known)

    async def class_of(self, instance: InstanceBeing) -> tuple[Known, Mapping[str, Signature]]:
        """The version of the class that made an instance, and its methods; `SoulUnknown` where it is not there."""
        owner = instance.owner or system_user()
        known = self._kept.get((instance.class_hash, owner))
        if known is None:
            known = _read_class(await _genesis_of(instance), instance.class_hash, owner)
        methods = methods_in(known.code.source, known.code.name) if known.code.source else {}
        return self._keep(known), methods

    def _keep(self, known: Known) -> Known:
        key = known.code.soul_hash, known.code.owner
        self._kept[key] = known
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return known


async def _genesis_of(instance: InstanceBeing) -> Mapping[str, Any]:
    """The genesis of the version of the class that made an instance; one that has no alias is its own row."""
    soul = await Soul.get_by_hash(instance.class_hash)
    if soul is not None:
        return {**soul.more, **soul.genotype}
    with suppress(ValueError):
        being = await ClassBeing.find(UUID(str(instance.genesis.get("class"))))
        if being is not None and being.soul_hash == instance.class_hash:
            return being.genesis
    raise SoulUnknown(name=instance.class_hash)


def _read_class(genesis: Mapping[str, Any], hash_: str, owner: str) -> Known:
    """The code of all methods of a class; what is called is said by each call."""
    name = str(genesis.get("name", hash_))
    return _read(genotype(genesis), hash_, name, owner, Signature(name, (), None, is_async=False, purpose=""))


def _read(now: Mapping[str, Any], hash_: str, name: str, owner: str, signature: Signature) -> Known:
    permissions = frozenset(map(str, now.get("permissions") or ()))
    code = Code(
        soul_hash=hash_,
        name=name,
        source=str(now.get("source") or ""),
        signature=signature,
        owner=owner,
        limits=_limits(now.get("limits")),
        requirements=tuple(map(str, now.get("requirements") or ())),
        hosts=hosts_of(name, permissions),
    )
    pins = cast(Mapping[str, str], now.get("dependencies") or {})
    tier = now.get("tier") if now.get("tier") in TIERS else None
    pure = now.get("pure") is True and now.get("type") == FunctionBeing.kind
    return Known(now, code, tier, pure, pins, permissions)


def _limits(told: Any) -> CodeLimits:
    """The limits that a genotype asks for, as far as it may."""
    told = told if isinstance(told, Mapping) else {}
    wanted = {}
    for each in fields(CodeLimits):
        value, most = told.get(each.name), getattr(MOST, each.name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            wanted[each.name] = type(most)(min(value, most))
    return CodeLimits(**wanted)
