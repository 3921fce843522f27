"""The level of a being's energy: what it spends, what comes back over time, and when it sleeps. All in integers.

`attributes.energy = {"capacity": 100, "per_hour": 30}` lets the level return by itself, up to the capacity; without it
the level is what was given and spent. The time that did not make a whole unit yet is kept, so nothing drifts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingStatic, BeingUnknown, EnergyExhausted
from luxos.beings.record import identified
from luxos.persistence.queries import queries

MOST = 2**31 - 1
UNIT = 3_600_000_000
"""How many parts make a unit: an hour in microseconds, so that a microsecond brings `per_hour` parts."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Energy:
    """A being's energy at one moment (`at`, microseconds since 1970), and the parts of a unit on their way (`rest`).

    `capacity` is nothing where the level does not return by itself.
    """

    soul: UUID
    level: int
    capacity: int | None
    per_hour: int
    at: int
    rest: int

    @property
    def asleep(self) -> bool:
        """Whether there is none: a being that sleeps spends nothing until some has come back, or was given."""
        return self.level <= 0

    @property
    def wakes_at(self) -> datetime | None:
        """When a being that sleeps has energy again, by itself; nothing for one that is awake, or does not wake."""
        return self.enough_at(1) if self.asleep else None

    def enough_at(self, wanted: int) -> datetime | None:
        """The moment from which on there is as much as `wanted`, if nothing is spent; nothing where there never is."""
        if self.level >= wanted:
            return _moment(self.at)
        if self.capacity is None or wanted > self.capacity or not self.per_hour:
            return None
        parts = (wanted - self.level) * UNIT - self.rest
        try:
            return _moment(self.at + -(-parts // self.per_hour))
        except OverflowError:
            return None


async def spend(who: BaseBeing | UUID, amount: int, *, at: datetime | None = None, connection: Any = None) -> Energy:
    """Takes `amount` from the level, all of it or nothing; `EnergyExhausted` where there is less.

    An object that is given is not changed: it is told by what comes back.
    """
    found, done = await _change(_soul(who), _amount(amount), at, connection)
    if not done:
        raise EnergyExhausted(soul=found.soul, has=max(found.level, 0), wanted=amount, until=found.enough_at(amount))
    return found


async def gain(who: BaseBeing | UUID, amount: int, *, at: datetime | None = None, connection: Any = None) -> Energy:
    """Adds `amount` to the level, up to the capacity; `BeingInvalid` where it would not fit its column."""
    found, done = await _change(_soul(who), -_amount(amount), at, connection)
    if not done:
        raise BeingInvalid(field="energy_level", reason="energy")
    return found


async def level(who: BaseBeing | UUID, *, at: datetime | None = None, connection: Any = None) -> Energy:
    """The energy now, or at a moment to come if nothing is spent until then; reads only."""
    async with BaseBeing._borrowed(connection) as lent:
        row = await lent.fetchrow(queries()["load_energy"], _soul(who))
    if row is None:
        raise BeingUnknown(soul=_soul(who))
    return _at(row, None if at is None else _microseconds(at))


async def set_policy(
    who: BaseBeing | UUID, *, capacity: int, per_hour: int, at: datetime | None = None, connection: Any = None
) -> None:
    """From now on the level returns by `per_hour`, up to `capacity`; what came back before stays."""
    for name, number in (("capacity", capacity), ("per_hour", per_hour)):
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST:
            raise BeingInvalid(field=f"attributes.energy.{name}", reason="amount", least=0)
    policy = {"capacity": capacity, "per_hour": per_hour}
    async with BaseBeing.transaction(connection) as lent:
        found, _done = await _change(_soul(who), 0, at, lent)
        moment = None if at is None else max(found.at, _microseconds(at))
        if await lent.fetchval(queries()["set_energy_policy"], _soul(who), policy, moment) is None:
            raise BeingStatic(soul=_soul(who))


async def _change(soul: UUID, amount: int, at: datetime | None, connection: Any) -> tuple[Energy, bool]:
    moment = None if at is None else _microseconds(at)
    async with BaseBeing._borrowed(connection) as lent:
        row = await lent.fetchrow(queries()["change_energy"], soul, moment, amount)
    if row is None:
        raise BeingUnknown(soul=soul)
    if row["fixed"]:
        await BaseBeing.load(soul, connection=connection)
        raise BeingStatic(soul=soul)
    return Energy(soul, *(row[key] for key in ("level", "capacity", "per_hour", "at", "rest"))), row["done"]


def _at(row: Mapping[str, Any], at: int | None) -> Energy:
    """What `change_energy` would find, at a moment or now."""
    moment = row["now"] if at is None else at
    stored, policy, awareness = row["energy_level"] or 0, row["policy"], row["self_awareness"]
    policy = policy if isinstance(policy, dict) else {}
    capacity, per_hour = _number(policy.get("capacity")), _number(policy.get("per_hour")) or 0
    since = _counted(awareness.get("energy_at"), 17)
    if since is None:
        since = _microseconds(row["created_at"]) if row["created_at"] else moment
    if at is None and since - moment > UNIT:  # the clock was ahead, and is right again
        since = moment
    parts = max(moment - since, 0) * per_hour + (_counted(awareness.get("energy_rest"), 10) or 0)
    found = stored if capacity is None else max(stored, min(capacity, stored + parts // UNIT))
    full = capacity is not None and found >= capacity
    return Energy(row["soul"], found, capacity, per_hour, max(since, moment), 0 if full else parts % UNIT)


def _number(value: Any) -> int | None:
    return min(value, MOST) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _counted(value: Any, digits: int) -> int | None:
    """A number of ours, as `change_energy` reads it; nothing for anything else, which only others can have written."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


def _soul(who: BaseBeing | UUID) -> UUID:
    return who.soul if isinstance(who, BaseBeing) else identified(who)


def _amount(amount: int) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int) or not 1 <= amount <= MOST:
        raise BeingInvalid(field="energy", reason="amount", least=1)
    return amount


def _microseconds(moment: datetime) -> int:
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
