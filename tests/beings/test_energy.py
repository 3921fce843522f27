"""Energy: exact in integers, whoever spends and whenever; a being at zero sleeps."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.beings.energy import MOST, gain, level, set_policy, spend
from luxos.beings.errors import BeingInvalid, BeingStatic, BeingUnknown, EnergyExhausted
from luxos.i18n import speaking
from luxos.persistence.database import Database

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(microseconds: int) -> datetime:
    return START + timedelta(microseconds=microseconds)


async def being_with(energy: int, policy: dict[str, Any] | None = None, at: datetime = START) -> UUID:
    attributes = {} if policy is None else {"energy": policy}
    being = BaseBeing(genesis={"type": "note"}, energy_level=energy, attributes=attributes, created_at=at)
    await being.save()
    return being.soul


async def test_without_a_policy_the_level_is_what_was_given_and_spent(database: Database) -> None:
    soul = await being_with(10)
    assert (await spend(soul, 4)).level == 6
    assert (await gain(soul, 1)).level == 7
    assert (await level(soul, at=after(10**15))).level == 7
    assert (await BaseBeing.load(soul)).self_awareness == {}
    with pytest.raises(EnergyExhausted) as caught:
        await spend(soul, 8)
    assert (caught.value.details["has"], caught.value.details["wanted"]) == (7, 8)
    assert caught.value.details["until"] is None
    with speaking("en"):
        assert "7 energy, and 8" in str(caught.value)
    assert (await level(soul)).level == 7


async def test_a_being_at_zero_sleeps_until_some_has_come_back(database: Database) -> None:
    soul = await being_with(2, {"capacity": 10, "per_hour": 6})
    energy = await spend(soul, 2, at=START)
    assert energy.asleep
    assert energy.wakes_at == START + timedelta(minutes=10)
    just_before = START + timedelta(minutes=10) - timedelta(microseconds=1)
    with pytest.raises(EnergyExhausted) as caught:
        await spend(soul, 1, at=just_before)
    assert caught.value.details["until"] == START + timedelta(minutes=10)
    assert "2026-01-01 00:10:00" in str(caught.value)
    assert (await level(soul, at=just_before)).asleep
    woken = await level(soul, at=START + timedelta(minutes=10))
    assert (woken.asleep, woken.wakes_at) == (False, None)
    assert (await spend(soul, 1, at=START + timedelta(minutes=10))).level == 0


async def test_a_level_returns_up_to_the_capacity_and_no_further(database: Database) -> None:
    soul = await being_with(0, {"capacity": 10, "per_hour": 6})
    day = START + timedelta(days=1)
    assert (await level(soul, at=day)).level == 10
    assert (await spend(soul, 10, at=day)).level == 0
    assert (await level(soul, at=day + timedelta(minutes=10))).level == 1
    assert (await gain(soul, 100, at=day)).level == 10
    above = await being_with(50, {"capacity": 10, "per_hour": 6})
    assert (await level(above, at=day)).level == 50
    assert (await gain(above, 5, at=day)).level == 50
    assert (await spend(above, 45, at=day)).level == 5


async def test_what_can_never_be_enough_is_told(database: Database) -> None:
    soul = await being_with(0, {"capacity": 10, "per_hour": 6})
    for wanted, policy in ((11, None), (1, {"capacity": 10, "per_hour": 0})):
        if policy:
            await set_policy(soul, **policy, at=START)
        with pytest.raises(EnergyExhausted) as caught:
            await spend(soul, wanted, at=START)
        assert caught.value.details["until"] is None


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["spend", "gain", "level"]),
        st.one_of(st.integers(1, 40), st.integers(1, MOST)),
        st.one_of(st.integers(-(10**6), 10**8), st.integers(0, 10**12)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 100), capacity=st.integers(0, 100), per_hour=st.integers(0, 10**6), changes=CHANGES)
async def test_any_changes_at_any_times_are_exact(
    database: Database, first: int, capacity: int, per_hour: int, changes: list[tuple[str, int, int]]
) -> None:
    """Beside a model of fractions, that knows no parts and no rest; a clock that goes back brings nothing."""
    soul = await being_with(first, {"capacity": capacity, "per_hour": per_hour})
    whole, time, newest = Fraction(first), 0, 0
    for what, amount, passed in changes:
        time += passed
        came = Fraction(max(time - newest, 0) * per_hour, 3_600_000_000)
        now = max(whole, min(Fraction(capacity), whole + came))
        if what == "level":
            assert (await level(soul, at=after(time))).level == int(now)
            continue
        if what == "spend" and int(now) < amount:
            with pytest.raises(EnergyExhausted) as caught:
                await spend(soul, amount, at=after(time))
            assert caught.value.details["has"] == int(now)
            continue
        whole = now - amount if what == "spend" else max(now, min(Fraction(capacity), now + amount))
        newest = max(newest, time)
        found = await (spend if what == "spend" else gain)(soul, amount, at=after(time))
        assert found.level == int(whole) >= 0
    found = await level(soul, at=after(newest))
    assert Fraction(found.rest, 3_600_000_000) == (whole - int(whole) if whole < capacity else 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(0, 20), per_hour=st.integers(1, 10**6), passed=st.integers(0, 10**11), wanted=st.integers(1, 100)
)
async def test_the_moment_that_is_told_is_the_first_at_which_it_is_enough(
    database: Database, first: int, per_hour: int, passed: int, wanted: int
) -> None:
    soul = await being_with(first, {"capacity": 100, "per_hour": per_hour})
    now = await level(soul, at=after(passed))
    moment = now.enough_at(wanted)
    assert moment is not None
    if now.level >= wanted:
        assert moment == after(passed)
        return
    assert (await level(soul, at=moment - timedelta(microseconds=1))).level < wanted
    assert (await spend(soul, wanted, at=moment)).level >= 0


async def test_what_is_read_is_what_a_change_finds(database: Database) -> None:
    """The level is computed in Python where it is read, and in the database where it is changed."""
    policies = [None, {}, {"capacity": "9"}, {"capacity": 9.5}, {"capacity": -1}, {"capacity": 2**40, "per_hour": 7}]
    policies += [{"capacity": 90, "per_hour": True}, {"capacity": 90, "per_hour": 13}, {"capacity": 5, "per_hour": 1}]
    moment = START + timedelta(hours=7, microseconds=123_457)
    for policy in policies:
        soul = await being_with(20, policy)
        read = await level(soul, at=moment)
        assert await gain(soul, 1, at=moment) == replace(read, level=_more(read.level, read.capacity)), policy


def _more(found: int, capacity: int | None) -> int:
    return found + 1 if capacity is None or found < capacity else found


async def test_sixteen_who_spend_at_once_end_exact(database: Database) -> None:
    soul, left = await being_with(1000), list[int]()

    async def spender() -> int:
        spent = 0
        for _ in range(30):
            try:
                await spend(soul, 3)
                spent += 3
            except EnergyExhausted as error:
                left.append(error.details["has"])
        return spent

    spent = sum(await asyncio.gather(*(spender() for _ in range(16))))
    assert (spent, set(left)) == (999, {1})
    assert (await level(soul)).level == 1


async def test_spending_and_gaining_at_once_with_a_policy_ends_exact(database: Database) -> None:
    """The return stands still (a clock that does not move), so that the sums can be told."""
    soul = await being_with(500, {"capacity": 100_000, "per_hour": 1000})

    async def worker(number: int) -> int:
        balance = 0
        for _ in range(20):
            try:
                await spend(soul, number, at=START)
                balance -= number
            except EnergyExhausted:
                await gain(soul, 50, at=START)
                balance += 50
        return balance

    balance = sum(await asyncio.gather(*(worker(number) for number in range(1, 17))))
    assert (await level(soul, at=START)).level == 500 + balance >= 0


async def test_read_and_written_by_hand_loses_what_others_spend(database: Database) -> None:
    """Negative control: the same crowd without the lock ends with too much."""
    soul = await being_with(1000)

    async def careless() -> None:
        for _ in range(10):
            found = await database.pool.fetchval("SELECT energy_level FROM base_beings WHERE soul = $1", soul)
            await asyncio.sleep(0)
            await database.pool.execute("UPDATE base_beings SET energy_level = $2 WHERE soul = $1", soul, found - 1)

    await asyncio.gather(*(careless() for _ in range(16)))
    assert (await level(soul)).level > 1000 - 160


async def test_it_joins_a_transaction(database: Database) -> None:
    soul = await being_with(10)
    async with BaseBeing.transaction() as connection:
        inner = connection.transaction()
        await inner.start()
        await spend(soul, 10, connection=connection)
        await inner.rollback()
    assert (await level(soul)).level == 10


async def test_a_policy_that_is_set_begins_then_and_keeps_what_came_back(database: Database) -> None:
    soul = await being_with(0)
    hour = timedelta(hours=1)
    await set_policy(soul, capacity=100, per_hour=10, at=START + hour)
    assert (await level(soul, at=START + 2 * hour)).level == 10
    await set_policy(soul, capacity=100, per_hour=20, at=START + 2 * hour)
    assert (await level(soul, at=START + 3 * hour)).level == 30
    assert (await BaseBeing.load(soul)).attributes == {"energy": {"capacity": 100, "per_hour": 20}}


async def test_the_clock_of_the_database_is_used_where_none_is_given(database: Database) -> None:
    soul = await being_with(0, {"capacity": 10, "per_hour": 3600}, at=datetime.now(UTC) - timedelta(seconds=5))
    assert 4 <= (await level(soul)).level <= 10
    assert (await spend(soul, 4)).level >= 0


async def test_what_is_no_amount_is_refused(database: Database) -> None:
    soul, bad = await being_with(5), [0, -1, True, 1.5, MOST + 1]
    for amount in bad:
        for call in (spend, gain):
            with pytest.raises(BeingInvalid):
                await call(soul, amount)  # type: ignore[arg-type]
    for policy in (
        {"capacity": -1, "per_hour": 1},
        {"capacity": 1, "per_hour": 1.5},
        {"capacity": 2**31, "per_hour": 0},
    ):
        with pytest.raises(BeingInvalid):
            await set_policy(soul, **policy)  # type: ignore[arg-type]
    with pytest.raises(BeingInvalid):
        await gain(soul, MOST)
    for call in (spend, gain):
        with pytest.raises(BeingUnknown):
            await call(uuid4(), 1)
    with pytest.raises(BeingUnknown):
        await level(uuid4())
    assert (await level(soul)).level == 5


@pytest.mark.parametrize("change", [spend, gain])
async def test_the_energy_of_a_core_being_does_not_change(database: Database, change: Any) -> None:
    core = await database.pool.fetchval("SELECT soul FROM base_beings WHERE tags @> '{core}' LIMIT 1")
    before = await level(core)
    with pytest.raises(BeingStatic):
        await change(core, 1)
    assert (await level(core)).level == before.level


@pytest.mark.parametrize("rest", ["y", "5", 1.5, -1, 10**30, True, None, [1]])
@pytest.mark.parametrize("since", ["x", "1", -5, 10**30, True, None, 1.0])
async def test_what_others_wrote_where_energy_counts_is_read_alike_by_all(
    database: Database, rest: Any, since: Any
) -> None:
    policy = {"energy": {"capacity": 10, "per_hour": 7}}
    being = BaseBeing(attributes=policy, self_awareness={"energy_at": since, "energy_rest": rest})
    await being.save()
    moment = datetime.now(UTC) + timedelta(hours=1, minutes=5)
    told = await level(being, at=moment)
    assert await gain(being, 1, at=moment) == replace(told, level=min(told.level + 1, 10))


async def test_a_core_being_gets_no_policy(database: Database) -> None:
    core = await database.pool.fetchval("SELECT soul FROM base_beings WHERE tags @> '{core}' LIMIT 1")
    with pytest.raises(BeingStatic):
        await set_policy(core, capacity=1, per_hour=1)
