"""An alias that is an earlier version again: a new number of its history, the same hash."""

from typing import Any

from luxos.beings.being import BaseBeing
from luxos.souls.aliases import Alias, history
from luxos.souls.errors import NothingEarlier, SoulDamaged, VersionUnknown
from luxos.souls.evolution import advance
from luxos.souls.registry import Soul


async def rollback_alias(name: str, *, to: str | None = None, connection: Any = None) -> tuple[Soul, int]:
    """Has an alias name the parent of what it names now, or `to` (a number, a hash or its beginning), in one
    transaction; gives the version and its new number.

    Energy and history stay with the being that is left, as at every mutation. `NothingEarlier`, `VersionUnknown`.
    """

    async def work(lent: Any) -> tuple[Soul, int]:
        alias = await Alias.lock((await Alias.of(name, connection=lent)).name, lent)
        told = [one for one in await history(alias.name, connection=lent) if one["kind"] == "version"]
        target = _parent(told, alias) if to is None else _named(told, to)
        if target is None:
            raise NothingEarlier(name=name) if to is None else VersionUnknown(name=name, version=to)
        soul = await Soul.of(target, connection=lent)
        because = {"kind": "rollback", "to": max(one["version"] for one in told if one["hash"] == soul.hash)}
        back = await advance(alias, {**soul.more, **soul.genotype}, because=because, connection=lent)
        if back.hash != soul.hash:
            raise SoulDamaged(name=soul.hash)
        return soul, (await Alias.of(alias.name, connection=lent)).version

    return await BaseBeing._transacted(work, connection)


def _parent(told: list[dict[str, Any]], alias: Alias) -> str | None:
    """What the newest version was made from, when it was there first."""
    return next((one.get("parent") for one in told if one["hash"] == alias.hash), None)


def _named(told: list[dict[str, Any]], which: str) -> str | None:
    plain = which.removeprefix("sha256:")
    for one in reversed(told):
        begins = len(plain) >= 8 and one["hash"].removeprefix("sha256:").startswith(plain)
        if str(one["version"]) == which or begins:
            return str(one["hash"])
    return None
