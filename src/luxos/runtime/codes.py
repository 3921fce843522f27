"""The code of the souls that this process calls, read once per hash."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from luxos.beings.errors import BeingUnsaved
from luxos.beings.function import FunctionBeing
from luxos.beings.function_source import signature_of
from luxos.beings.genesis import genotype, soul_hash
from luxos.beings.owner import system_user
from luxos.runtime.code import Code, CodeLimits

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
            known = self._read(being, hash_, owner, now)
        self._kept[hash_, owner] = known
        self._kept.move_to_end((hash_, owner))
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return known

    def _read(self, being: FunctionBeing, hash_: str, owner: str, now: Mapping[str, Any]) -> Known:
        name = str(being.genesis.get("name", being.soul))
        permissions = frozenset(map(str, now.get("permissions") or ()))
        code = Code(
            soul_hash=hash_,
            name=name,
            source=being.source,
            signature=signature_of(being.source, name),
            owner=owner,
            limits=_limits(now.get("limits")),
            requirements=tuple(map(str, now.get("requirements") or ())),
            hosts=tuple(sorted(each.removeprefix("host:") for each in permissions if each.startswith("host:"))),
        )
        pins = cast(Mapping[str, str], now.get("dependencies") or {})
        return Known(now, code, being.tier, now.get("pure") is True, pins, permissions)


def _limits(told: Any) -> CodeLimits:
    """The limits that a genotype asks for, as far as it may."""
    told = told if isinstance(told, Mapping) else {}
    wanted = {}
    for each in fields(CodeLimits):
        value, most = told.get(each.name), getattr(MOST, each.name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            wanted[each.name] = type(most)(min(value, most))
    return CodeLimits(**wanted)
