"""How a promotion that is watched begins: with a candidate in the shadow, or with an alias that has just moved."""

from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.function import FunctionBeing
from luxos.i18n import N_, _
from luxos.runtime.promoting.errors import NothingPromoted, PromotedBefore, ShadowRuns, ShadowUnfit
from luxos.runtime.promoting.moving import end, moment
from luxos.runtime.promoting.promotion import Promotion, refused_before
from luxos.runtime.promoting.terms import Terms
from luxos.souls import environment
from luxos.souls.aliases import Alias
from luxos.souls.archive import Archive
from luxos.souls.manifest import Manifest
from luxos.souls.promotion import Ready
from luxos.souls.registry import Soul

_SAME = N_("it is this version already")
_NO_FUNCTION = N_("only functions run in a shadow, for the state of an instance would change")
_HOSTS = N_("it names hosts, and what they say is not on record")


async def begin_shadow(
    soul: Soul, name: str, terms: Terms, *, to: str | None = None, entry: Any = None, force: bool = False
) -> Promotion:
    """Has a version run in the shadow of an alias, which becomes it when so many calls were equal.

    Then the environment `to`, where one is named, says `entry` of it. `ShadowUnfit`, `ShadowRuns`, `PromotedBefore`.
    """
    async with BaseBeing.transaction(None) as lent:
        alias = await Alias.lock((await Alias.of(name, connection=lent)).name, lent)
        assert alias.hash is not None  # noqa: S101 - `Alias.of` says so
        await _check_fit(await Soul.of(alias.hash, connection=lent), soul, name)
        await check_not_back(name, soul.hash, force=force, connection=lent)
        running = await Promotion.going_on(alias, lent)
        if running is not None and running.status == "shadowing":
            raise ShadowRuns(name=name, to=running.to)
        if running is not None:
            await end(running, "overtaken", lent)
        genesis = {"shadow": True, "from": alias.hash, "to": soul.hash, "environment": to, "entry": entry}
        return await Promotion.begin(alias, {**genesis, "forced": force}, terms, lent)


async def promote_watched(archive: Archive, ready: Ready, to: str, terms: Terms, *, force: bool) -> Manifest:
    """Has an environment name a version at once, and watches the calls of its alias, where that is it by now.

    What it goes back to is what the environment named before; where that is nothing, there is nothing to watch.
    """
    async with BaseBeing.transaction(None) as lent:
        alias = await Alias.find(ready.name, connection=lent)
        if alias is not None:
            alias = await Alias.lock(alias.name, lent)
        await check_not_back(ready.name, ready.soul.hash, force=force, connection=lent)
        before: dict[str, Any] = {}

        def edit(found: environment.Environment) -> Any:
            before.update(found.souls.get(ready.name, {}))
            return ready.edit(found)

        made = await environment.change(archive, to, edit, connection=lent)
        if alias is not None and alias.hash == ready.soul.hash != before.get("hash", ready.soul.hash):
            told = {"environment": to, "entry": ready.entry, "forced": force}
            await watch(alias, before["hash"], terms, lent, genesis=told, attributes={"entry_before": before})
    await environment.write_files(archive)
    return made


async def watch(
    alias: Alias, before: str, terms: Terms, connection: Any, *, genesis: Any = None, attributes: Any = None
) -> Promotion:
    """Watches an alias that has moved from `before` to what it is now; the caller holds its lock."""
    running = await Promotion.going_on(alias, connection)
    if running is not None:
        await end(running, "overtaken", connection)
    told = {"shadow": False, "from": before, "to": alias.hash, **(genesis or {})}
    return await Promotion.begin(alias, told, terms, connection, since=await moment(connection), **(attributes or {}))


async def check_not_back(name: str, hash_: str, *, force: bool, connection: Any = None) -> None:
    """Raises `PromotedBefore` for a version from which the alias was moved back."""
    back = None if force else await refused_before(name, hash_, connection=connection)
    if back is not None:
        at = next(memory["at"][:10] for memory in reversed(back.row.memories) if memory["kind"] == "back")
        told = {key: back.row.attributes[key] for key in ("calls", "failures")}
        raise PromotedBefore(to=hash_.removeprefix("sha256:")[:12], name=name, at=at, **told)


async def stop(name: str) -> Promotion:
    """Ends the promotion of an alias that goes on; the alias stays what it is. `NothingPromoted`."""
    async with BaseBeing.transaction(None) as lent:
        alias = await Alias.lock((await Alias.of(name, connection=lent)).name, lent)
        running = await Promotion.going_on(alias, lent)
        if running is None:
            raise NothingPromoted(name=name)
        await end(running, "stopped", lent)
        return running


async def _check_fit(now: Soul, candidate: Soul, name: str) -> None:
    reason = None
    if now.hash == candidate.hash:
        reason = _SAME
    elif {now.genotype.get("type"), candidate.genotype.get("type")} != {FunctionBeing.kind}:
        reason = _NO_FUNCTION
    elif any(str(one).startswith("host:") for soul in (now, candidate) for one in soul.genotype.get("permissions", ())):
        reason = _HOSTS
    if reason is not None:
        raise ShadowUnfit(name=name, reason=_(reason))
