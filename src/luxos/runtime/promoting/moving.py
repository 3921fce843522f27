"""One look at a promotion: what is due of it is done, in one transaction under the lock of the alias, or not at all.

Whoever looks does the same, so it does not matter who does: the process whose call was the last that was wanted, a
second one at the same moment, or `luxos up` after both were killed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.persistence.json_codec import encode
from luxos.persistence.queries import queries
from luxos.runtime.faultpoints import reach
from luxos.runtime.promoting.promotion import GOES_ON, Promotion, Status
from luxos.runtime.replaying import OWN_FAILURES
from luxos.souls import environment
from luxos.souls.aliases import Alias
from luxos.souls.archive import Archive
from luxos.souls.environment import Environment
from luxos.souls.errors import SoulDamaged
from luxos.souls.evolution import advance, load_living
from luxos.souls.manifest import Souls
from luxos.souls.reports import catch_up
from luxos.souls.versions import more_of, read_version

FAILURES = (*sorted(OWN_FAILURES), "runtime.arguments_unfit")
"""Errors of a call that are the soul's own fault; the last where it called another one wrongly."""
_SHOWN, _LONGEST = 10, 4000


@dataclass(frozen=True)
class Counts:
    """The calls of the new soul since the alias moved, and those of them that failed."""

    calls: int
    failures: int


async def look(soul: UUID, archive: Archive) -> Promotion | None:
    """Does what is due of a promotion; gives it where its status changed.

    A look that finds nothing due locks nothing.
    """
    promotion = await Promotion.find(soul)
    if promotion is None or promotion.status not in GOES_ON:
        return None
    if await _due(promotion, await Alias.of(promotion.alias), None) is None:
        return None
    async with BaseBeing.transaction(None) as lent:
        alias, promotion = await locked(promotion, lent)
        status = await _due(promotion, alias, lent) if promotion.status in GOES_ON else None
        if status is None:
            return None
        reach("promotion.due")
        await _become(promotion, alias, status, archive, lent)
        reach("promotion.written")
    reach("promotion.moved")
    await _write_files(promotion, archive)
    return promotion


async def locked(promotion: Promotion, connection: Any) -> tuple[Alias, Promotion]:
    """The alias, locked, under the name that it has now, and the promotion as it is then."""
    alias = await Alias.lock((await Alias.of(promotion.alias, connection=connection)).name, connection)
    await connection.fetchval(queries()["lock_promotion"], promotion.row.soul)  # nothing more is counted meanwhile
    return alias, Promotion(await BaseBeing.load(promotion.row.soul, connection=connection))


async def end(promotion: Promotion, status: Status, connection: Any) -> None:
    """Ends one that goes on where it is; the caller holds the lock of the alias."""
    alias = await Alias.of(promotion.alias, connection=connection)
    await promotion.become(status, connection)
    await promotion.follow(alias, connection)


async def counted(promotion: Promotion, alias: Alias, connection: Any) -> Counts:
    """How the calls of the new soul went, as their steps tell it."""
    async with BaseBeing._borrowed(connection) as lent:
        row = await lent.fetchrow(queries()["calls_since"], *_calls_of(promotion, alias))
    return Counts(row["calls"], row["failures"])


async def moment(connection: Any) -> str:
    """The moment, by the clock of the database, from which on calls are counted."""
    now: datetime = await connection.fetchval(queries()["moment"])
    return now.isoformat()


def _calls_of(promotion: Promotion, alias: Alias) -> tuple[Any, ...]:
    since = datetime.fromisoformat(promotion.row.attributes["since"])
    return alias.being, promotion.to, since, list(FAILURES)


async def _due(promotion: Promotion, alias: Alias, connection: Any) -> Status | None:
    """The status that it is to have now, where that is another one."""
    told, terms = promotion.row.attributes, promotion.terms
    if alias.hash != (promotion.before if promotion.status == "shadowing" else promotion.to):
        return "overtaken"
    if promotion.status == "shadowing":
        if told["differences"]:
            return "different"
        if told["equal"] < terms.calls:
            return None
        return "slower" if told["slow"] > told["equal"] / 2 else "watched"
    found = await counted(promotion, alias, connection)
    if not terms.allows(found.calls, found.failures):
        return "back"
    return "kept" if found.calls >= terms.watched else None


async def _become(promotion: Promotion, alias: Alias, status: Status, archive: Archive, connection: Any) -> None:
    told: dict[str, Any] = {}
    if promotion.status == "watched":
        told = vars(await counted(promotion, alias, connection))
    if status == "watched":
        told = {"since": await moment(connection), **await _enter(promotion, archive, connection)}
        await point(alias, promotion.to, {"kind": "shadow", "calls": promotion.row.attributes["equal"]}, connection)
    elif status == "back":
        rows = await connection.fetch(queries()["failed_since"], *_calls_of(promotion, alias), _SHOWN)
        told["failed"] = [{**{key: short(row[key]) for key in ("arguments", "error")},
                           "run": str(row["run"]), "step": row["step"]} for row in rows]  # fmt: skip
        await _leave(promotion, archive, connection)
        because = {"kind": "budget", "calls": told["calls"], "failures": told["failures"]}
        await point(alias, promotion.before, because, connection)
    reach("promotion.pointed")
    await promotion.become(status, connection, **told)
    await promotion.follow(await Alias.of(alias.name, connection=connection), connection)


async def point(alias: Alias, hash_: str, because: Mapping[str, Any], connection: Any) -> None:
    """Has an alias, whose lock the caller holds, name a version that is there already, and tell why."""
    version = await read_version(hash_, connection=connection)
    if version is None:
        raise SoulDamaged(name=hash_)
    living = await load_living(alias, connection)
    now = more_of(living.genesis) if living is not None else {}
    said: dict[str, Any] = {key: now[key] for key in ("examples", "purpose") if key in now}
    await advance(alias, {**version.more, **said, **version.genotype}, because=because, connection=connection)


async def _enter(promotion: Promotion, archive: Archive, connection: Any) -> dict[str, Any]:
    """Has the environment name the candidate; gives what it named before."""
    name: str | None = promotion.row.genesis.get("environment")
    if name is None:
        return {}
    entry: dict[str, Any] = promotion.row.genesis["entry"]
    before: dict[str, Any] = {}

    def edit(found: Environment) -> tuple[Souls, dict[str, Any]]:
        before["entry_before"] = found.souls.get(promotion.alias)
        said = {"kind": "promote", "alias": promotion.alias, "hash": promotion.to}
        return {**found.souls, promotion.alias: entry}, said

    await environment.change(archive, name, edit, connection=connection)
    return before


async def _leave(promotion: Promotion, archive: Archive, connection: Any) -> None:
    """Has the environment name what it named before, where it still names the candidate."""
    name, before = promotion.row.genesis.get("environment"), promotion.row.attributes.get("entry_before")
    if name is None:
        return

    def edit(found: Environment) -> tuple[Souls, dict[str, Any]]:
        said: dict[str, Any] = {"kind": "demote", "alias": promotion.alias, "hash": promotion.to}
        if found.souls.get(promotion.alias, {}).get("hash") != promotion.to:
            return found.souls, said  # somebody promoted another one meanwhile
        if before is not None:
            return found.souls | {promotion.alias: before}, {**said, "kind": "promote", "hash": before["hash"]}
        return {alias: entry for alias, entry in found.souls.items() if alias != promotion.alias}, said

    await environment.change(archive, name, edit, connection=connection)


async def _write_files(promotion: Promotion, archive: Archive) -> None:
    if promotion.status in ("watched", "back"):
        await catch_up(archive)
        await environment.write_files(archive)


def short(value: Any) -> Any:
    """A JSON value as it is, or the beginning of its text where that is long."""
    text = encode(value).decode()
    return value if len(text) <= _LONGEST else text[:_LONGEST] + "…"
