"""What beings know of themselves follows from the steps, each attempt once, whatever is cut off."""

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cutting import Cut, Cutting
from tests.plugins.steps import begun

from luxos.beings.awareness import FIELDS, Recount, fold, fold_pending, judge, keep_past, recompute
from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingUnknown
from luxos.beings.function import FunctionBeing
from luxos.beings.tally import Tally, bucket, middle
from luxos.persistence.database import Database
from luxos.persistence.pool import prepare
from luxos.runtime.call import Call, Outcome
from luxos.runtime.runs import Runs

Attempt = tuple[bool, int]
"""Whether it was done, and how many microseconds it took."""


@given(st.integers(0, 2**60))
def test_the_middle_of_a_bucket_is_within_an_eighth(microseconds: int) -> None:
    assert abs(middle(bucket(microseconds)) - microseconds) * 8 <= microseconds


@given(st.integers(0, 2**60), st.integers(0, 2**60))
def test_buckets_keep_the_order(one: int, two: int) -> None:
    assert (bucket(one) <= bucket(two)) or one > two
    assert bucket(middle(bucket(one))) == bucket(one)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**9)), max_size=50), st.integers(0, 50))
def test_tallies_add_up_and_come_back(attempts: list[Attempt], cut: int) -> None:
    whole, one, two = tally(attempts), tally(attempts[:cut]), tally(attempts[cut:])
    assert one + two == whole == Tally.of(whole.as_json())
    if attempts:
        took = sorted(microseconds for _, microseconds in attempts)
        for percent in (50, 95):
            exact = took[-(-percent * len(took) // 100) - 1]
            assert abs(whole.percentile(percent) - exact) * 8 <= exact  # type: ignore[operator]


def test_trust_is_that_of_laplace() -> None:
    assert tally([]).trust == 0.5
    assert tally([(True, 1)]).trust == 0.6667
    assert tally([(True, 1)] * 8 + [(False, 1)] * 2).trust == 0.75


def tally(attempts: list[Attempt]) -> Tally:
    found, start = Tally(), datetime(2026, 1, 1, tzinfo=UTC)
    for done, took in attempts:
        finished = start + timedelta(microseconds=took)
        found.count("done" if done else "failed", start.isoformat(), finished.isoformat())
    return found


class Clock:
    """The time of the records, which goes on when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> str:
        return self.moment.isoformat(timespec="microseconds")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("runs", "steps"):
        monkeypatch.setattr(f"luxos.runtime.{module}.now", clock)
    return clock


@pytest.fixture
async def callees(database: Database) -> list[FunctionBeing]:
    source = "def function(x):\n    return x\n"
    beings = [FunctionBeing(genesis={"type": "function", "name": f"f{n}", "source": source}) for n in range(4)]
    for being in beings:
        await being.save()
    return beings


class Work:
    """Runs whose steps end as they are told, and what should be known of them."""

    def __init__(self, database: Database, clock: Clock, callees: list[FunctionBeing]) -> None:
        self.runs, self.clock, self.callees = Runs(database), clock, callees
        self.told: dict[UUID, list[Attempt]] = defaultdict(list)

    async def begin(self, run: UUID) -> None:
        await self.runs.create(run, "a goal", "", Path("/tmp"), "tester", {})

    async def attempt(self, run: UUID, step: str, who: int, done: bool, took: int) -> None:
        call = Call(run, step, self.callees[who], {})
        record = await begun(self.runs, call)
        self.clock.moment += timedelta(microseconds=took)
        await record.end(Outcome(1) if done else {"code": "x", "message": "y"})
        self.told[self.callees[who].soul].append((done, took))

    async def cut_off(self, run: UUID, step: str, who: int) -> None:
        """A step that began and never ended."""
        await begun(self.runs, Call(run, step, self.callees[who], {}))

    async def check(self) -> None:
        """Every being knows what was told, and `recompute` says so."""
        for who in self.callees:
            known = (await BaseBeing.load(who.soul)).self_awareness
            attempts = self.told[who.soul]
            wanted = tally(attempts).as_json() if attempts else {}
            assert {key: known[key] for key in wanted} == wanted
        recounts = await counted()
        assert {one.soul for one in recounts} == {soul for soul, attempts in self.told.items() if attempts}
        assert [one for one in recounts if not one.equal] == []


@pytest.fixture
async def work(database: Database, clock: Clock, callees: list[FunctionBeing]) -> Any:
    made = Work(database, clock, callees)
    yield made
    await made.runs.close()


async def counted(**how: Any) -> list[Recount]:
    return [found async for found in recompute(**how)]


async def random_run(work: Work, chance: random.Random, run: UUID, again: bool = False) -> None:
    """Steps that fail, are tried again, are cut off; the same steps when it is taken up `again`."""
    if not again:
        await work.begin(run)
    for step in range(chance.randrange(1, 6)):
        who = step % len(work.callees)
        if again and chance.random() < 0.3:
            await work.cut_off(run, f"s{step}", who)
        for _ in range(chance.randrange(3)):
            await work.attempt(run, f"s{step}", who, chance.random() < 0.7, chance.randrange(1, 10**7))


@pytest.mark.parametrize("seed", range(6))
async def test_random_runs_with_failures_and_retries(work: Work, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it only has to be mixed
    runs = [uuid4() for _ in range(8)]
    for run in runs:
        async with work.runs.claimed(run):
            await random_run(work, chance, run)
    await work.check()
    for run in chance.sample(runs, 4):
        async with work.runs.claimed(run):
            await random_run(work, chance, run, again=True)
    await work.check()


async def test_a_run_is_counted_when_it_is_given_up_and_only_once(work: Work) -> None:
    run = uuid4()
    async with work.runs.claimed(run):
        await work.begin(run)
        await work.attempt(run, "a", 0, False, 100)
        await work.attempt(run, "a", 0, True, 300)
    known = (await BaseBeing.load(work.callees[0].soul)).self_awareness
    assert (known["calls"], known["failures"], known["trust"]) == (2, 1, 0.5)
    assert not await fold(run)
    assert await fold_pending() == 0
    assert not await fold(uuid4())
    assert (await BaseBeing.load(work.callees[0].soul)).self_awareness == known


@pytest.mark.usefixtures("uncounted")
async def test_a_run_whose_process_died_is_counted_later(work: Work) -> None:
    run = uuid4()
    async with work.runs.claimed(run):
        await work.begin(run)
        await work.attempt(run, "a", 0, True, 100)
    assert (await BaseBeing.load(work.callees[0].soul)).self_awareness == {}
    assert await fold_pending() == 1
    await work.check()


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are not counted when they are given up."""

    async def nothing(_run: UUID, *, connection: Any) -> bool:
        return False

    monkeypatch.setattr("luxos.runtime.runs.fold", nothing)


@pytest.mark.usefixtures("uncounted")
async def test_cut_off_between_any_two_writes_nothing_is_counted_twice(work: Work, database: Database) -> None:
    run = uuid4()
    async with work.runs.claimed(run):
        await work.begin(run)
        for number in range(9):
            await work.attempt(run, f"s{number}", number % 3, number % 4 != 0, 1000 * number + 1)
    cuts = 0
    while True:
        connection = await asyncpg.connect(database.dsn)
        await prepare(connection)
        try:
            assert await fold(run, connection=Cutting(connection, cuts))
            break
        except (Cut, asyncpg.InterfaceError):
            cuts += 1
            assert (await BaseBeing.load(work.callees[0].soul)).self_awareness == {}
        finally:
            connection.terminate()
    assert cuts == 5
    await work.check()


@pytest.mark.usefixtures("uncounted")
async def test_many_who_count_at_once_count_each_run_once(work: Work) -> None:
    chance = random.Random(1)  # noqa: S311 - it only has to be mixed
    for _ in range(12):
        run = uuid4()
        async with work.runs.claimed(run):
            await random_run(work, chance, run)
    counts = await asyncio.gather(*(fold_pending() for _ in range(8)))
    assert sum(counts) <= 12
    await work.check()


async def test_what_was_altered_is_found_named_and_repaired(work: Work, database: Database) -> None:
    """The negative control: calls, a bucket, trust, and a whole being."""
    run = uuid4()
    async with work.runs.claimed(run):
        await work.begin(run)
        for who in range(4):
            await work.attempt(run, f"s{who}", who, True, 1000)
    changes: list[dict[str, Any]] = [
        {"calls": 2},
        {"latency": {"p50": 1, "p95": 1, "histogram": {}}},
        {"trust": "much"},
    ]
    for being, change in zip(work.callees, changes, strict=False):
        await database.pool.execute(
            "UPDATE base_beings SET self_awareness = self_awareness || $2 WHERE soul = $1", being.soul, change
        )
    await database.pool.execute("UPDATE base_beings SET self_awareness = '{}' WHERE soul = $1", work.callees[3].soul)
    found = {one.soul: set(one.differs) for one in await counted()}
    named = [found[who.soul] for who in work.callees]
    assert named == [{"calls"}, {"latency"}, {"trust"}, set(FIELDS) - {"feedback"}]
    assert [one.name for one in await counted(soul=work.callees[0].soul)] == ["f0"]
    assert [one.differs["calls"] for one in await counted(soul=work.callees[0].soul)] == [(2, 1)]
    await counted(repair=True)
    await work.check()


async def test_a_being_that_says_it_was_called_and_was_not_is_found(
    database: Database, callees: list[FunctionBeing]
) -> None:
    await database.pool.execute(
        "UPDATE base_beings SET self_awareness = $2 WHERE soul = $1", callees[0].soul, {"calls": "x", "mood": "good"}
    )
    assert [set(one.differs) for one in await counted()] == [set(FIELDS) - {"feedback"}]
    await counted(repair=True)
    assert [one.equal for one in await counted()] == [True]
    assert (await BaseBeing.load(callees[0].soul)).self_awareness["mood"] == "good"


async def test_a_step_that_was_altered_is_found(work: Work, database: Database) -> None:
    run = uuid4()
    async with work.runs.claimed(run):
        await work.begin(run)
        await work.attempt(run, "a", 0, True, 1000)
    await database.pool.execute('UPDATE relationships SET attributes = attributes || \'{"status": "failed"}\'')
    assert [set(one.differs) for one in await counted()] == [{"failures", "trust"}]


async def test_what_was_counted_stays_when_a_run_is_removed(work: Work, database: Database) -> None:
    chance, runs = random.Random(5), [uuid4() for _ in range(6)]  # noqa: S311 - it only has to be mixed
    for run in runs:
        async with work.runs.claimed(run):
            await random_run(work, chance, run)
    for run in runs[:3]:
        async with database.pool.acquire() as connection, connection.transaction():
            await keep_past(run, connection=connection)
            await connection.execute("DELETE FROM relationships WHERE source_soul = $1", run)
            await connection.execute("DELETE FROM base_beings WHERE soul = $1", run)
    await work.check()
    await database.pool.execute("DELETE FROM relationships WHERE source_soul = ANY($1)", runs[3:])
    assert any(not one.equal for one in await counted())  # without `keep_past`


async def test_feedback_adds_up_and_is_recounted(database: Database, callees: list[FunctionBeing]) -> None:
    one, two, other, _ = (who.soul for who in callees)
    await asyncio.gather(*(judge(one, two, value, why="because") for value in (1, 1, -1, 5)))
    await judge(two, other, -2)
    assert (await BaseBeing.load(two)).self_awareness["feedback"] == {"count": 4, "sum": 6}
    assert [found.equal for found in await counted()] == [True, True]
    await database.pool.execute("UPDATE relationships SET attributes = '{\"value\": 7}' WHERE target_soul = $1", other)
    assert [found.differs for found in await counted(soul=other)] == [
        {"feedback": ({"count": 1, "sum": -2}, {"count": 1, "sum": 7})}
    ]


async def test_feedback_that_is_none_is_refused(database: Database, callees: list[FunctionBeing]) -> None:
    for value in (True, 1.5, "1", 2**31):
        with pytest.raises(BeingInvalid):
            await judge(callees[0].soul, callees[1].soul, value)  # type: ignore[arg-type]
    with pytest.raises(BeingUnknown):
        await judge(callees[0].soul, uuid4(), 1)
    with pytest.raises(BeingUnknown):
        await judge(uuid4(), callees[0].soul, 1)
    assert await counted() == []
