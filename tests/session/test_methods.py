"""Methods of instances, called by a program: their state, their turns, what is refused."""

import asyncio
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import luxos
from luxos.beings.being import BaseBeing
from luxos.beings.classes import ClassBeing
from luxos.beings.errors import AttributeUnfit, BeingAmbiguous, BeingDeleted, ClassUndefined, NotDispatched
from luxos.beings.instance import InstanceBeing
from luxos.beings.removal import delete
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.errors import DatabaseLost
from luxos.runtime.errors.calls import (
    ArgumentsUnfit,
    BeingNotCallable,
    CallOverLimit,
    InstanceEntered,
    MethodUnknown,
    NotPure,
    OptionUnknown,
)
from luxos.runtime.errors.code import CodeFailed
from luxos.runtime.recorder import Recorder
from luxos.runtime.runs import Runs, chain_is_whole
from luxos.session import Lux
from luxos.souls.errors import ClassUnknown
from luxos.souls.resolving import resolve_class

COUNTER = """
class Counter:
    step: int = 1

    def __init__(self):
        raise ValueError("it begins with its attributes")

    def increment(self, by: int = 1):
        self.count += by * self.step
        self.aside = "not declared"
        return self.count

    def has_aside(self):
        return hasattr(self, "aside")

    def fail(self):
        self.count = 99
        raise ValueError("no")

    def spoil(self, value):
        self.count = value

    async def add_from(self, who, much):
        self.count += await execution(who, much)
        return self.count

    def again(self, who):
        return execution(who)

    def peek(self):
        return self.count

    def _own(self):
        return 0
"""
FIELDS = {"count": {"py_type": "int", "default": 0}}
TIERS = ["hermetic", "isolated"]


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database is this test's own."""
    monkeypatch.setenv("LUXOS_DSN", database.dsn)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    return settings.home


async def counter_in(lux: Lux, tier: str | None = None, **attributes: Any) -> InstanceBeing:
    genesis = {"attributes": FIELDS, **({"tier": tier} if tier else {})}
    cls = await lux.summon(name="counter", type="class", source=COUNTER, **genesis)
    assert isinstance(cls, ClassBeing)
    return await cls.make(name="first", **attributes)


async def runs_of(database: Database) -> list[Any]:
    runs = Runs(database)
    return [(run, await runs.steps(run.soul)) for run in await runs.newest()]


@pytest.mark.parametrize("tier", TIERS)
async def test_an_instance_keeps_its_state(home: Path, database: Database, tier: str) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux, tier, count=5)
        assert await counter.increment(2) == 7
        assert await counter.increment(by=3) == 10
        assert counter.attributes == {"count": 10}
        assert await counter.has_aside() is False  # what is not declared is gone when a call has ended
        assert await lux.execution(f"{counter.soul}.increment") == 11
        assert await lux.execution("first.increment", 4) == 15
        assert await lux.execution(counter.increment, 1) == 16
        assert await counter.call("peek") == 16
        other = await (await lux.load("counter")).make()
        assert await other.increment() == 1
    with pytest.raises(NotDispatched):
        await counter.increment()
    ((run, steps),) = await runs_of(database)
    assert chain_is_whole(run, steps)
    first = steps[0]
    assert (first.call, first.callee, first.method) == ("first.increment", counter.soul, "increment")
    assert first.attributes["arguments"] == {"by": 2}
    assert first.attributes["state"].startswith("sha256:")
    assert "state" not in steps[2].attributes  # it looked only


@pytest.mark.parametrize("tier", TIERS)
async def test_a_call_that_fails_leaves_nothing(home: Path, tier: str) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux, tier)
        with pytest.raises(CodeFailed, match=r"first\.fail|counter"):
            await counter.fail()
        with pytest.raises(AttributeUnfit):
            await counter.spoil("much")
        with pytest.raises(ArgumentsUnfit):
            await counter.increment("1")
        with pytest.raises(ArgumentsUnfit):
            await counter.increment(1, 2)
        with pytest.raises(ArgumentsUnfit):
            await counter.increment(more=1)
        assert (await InstanceBeing.load(counter.soul)).attributes == {"count": 0}


async def test_what_is_no_method_is_refused(home: Path) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux)
        assert counter.methods == ["increment", "has_aside", "fail", "spoil", "add_from", "again", "peek"]
        with pytest.raises(AttributeError):
            counter.reset  # noqa: B018 - asked for only
        for name in ("reset", "_own", "__init__", "__class__"):
            with pytest.raises(MethodUnknown, match="increment"):
                await counter.call(name)
        with pytest.raises(BeingNotCallable):
            await lux.execution("second.increment")
        with pytest.raises(NotPure):
            await lux.execution.but(recording="off")(counter.increment)
        await (await lux.load("counter")).make(name="first")
        with pytest.raises(BeingAmbiguous):
            await lux.execution("first.increment")


async def test_a_source_that_is_no_class_is_refused(home: Path) -> None:
    async with luxos.open(home) as lux:
        for source in ("x = 1\n", "class A:\n    pass\nclass B:\n    pass\n"):
            with pytest.raises(ClassUndefined):
                await lux.summon(name="none", type="class", source=source)
        several = "class A:\n    pass\nclass Being(A):\n    def one(self):\n        return 1\n"
        made = await lux.summon(name="several", type="class", source=several)
        assert await (await made.make()).one() == 1


@pytest.mark.parametrize("tier", TIERS)
async def test_callers_at_once_take_turns(home: Path, tier: str) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux, tier)
        given = await asyncio.gather(*(lux.execution(counter.increment) for _ in range(20)))
        assert sorted(given) == list(range(1, 21))
        assert (await InstanceBeing.load(counter.soul)).attributes == {"count": 20}


async def test_a_change_by_others_is_not_lost(home: Path, database: Database) -> None:
    """The method waits for a function; meanwhile a program changes the instance, and the method is made anew."""
    async with luxos.open(home) as lux:
        counter = await counter_in(lux)
        await lux.summon(
            name="slow", source="import asyncio\nasync def function(x):\n    await asyncio.sleep(0.3)\n    return x\n"
        )
        waiting = asyncio.create_task(lux.execution(counter.add_from, "slow", 5))
        await asyncio.sleep(0.15)
        same = await InstanceBeing.load(counter.soul)
        same.attributes["count"] = 100
        await same.save()
        assert await waiting == 105
        assert (await InstanceBeing.load(counter.soul)).attributes == {"count": 105}
    ((run, steps),) = await runs_of(database)
    assert chain_is_whole(run, steps)
    by_name = {step.name: step.attributes for step in steps}
    (attempt,) = by_name["first.add_from"]["attempts"]
    assert attempt["error"]["code"] == "runtime.instance_changed"
    assert "attempts" not in by_name["first.add_from/1"]  # what it had called is not called again


async def test_methods_call_methods(home: Path) -> None:
    async with luxos.open(home) as lux:
        one, two = await counter_in(lux, count=1), await (await lux.load("counter")).make(count=10)
        assert await one.add_from(f"{two.soul}.increment", 5) == 16
        assert (await InstanceBeing.load(two.soul)).attributes == {"count": 15}
        with pytest.raises(InstanceEntered):
            await one.again(f"{one.soul}.peek")
        both = [one.add_from(f"{two.soul}.increment", 1), two.add_from(f"{one.soul}.increment", 1)]
        await asyncio.wait_for(asyncio.gather(*both), 60)  # in a ring, and nobody waits for ever


async def test_an_instance_stays_with_the_version_that_made_it(home: Path) -> None:
    async with luxos.open(home) as lux:
        old = await counter_in(lux)
        changed = COUNTER.replace("self.count += by", "self.count -= by")
        new = await (await lux.summon(name="counter", type="class", source=changed, attributes=FIELDS)).make()
        assert await old.increment() == 1
        assert await new.increment() == -1


@pytest.mark.parametrize("tier", TIERS)
async def test_what_code_prints_is_heard_and_kept(home: Path, database: Database, tier: str) -> None:
    said: list[str] = []
    async with luxos.open(home) as lux:
        await lux.summon(name="leaf", tier=tier, source="def function():\n    print('liść\\0')\n    return 1\n")
        source = (
            "def function(n):\n    print('before')\n    execution('leaf')\n    print('x' * 20000)\n    return 1 // n\n"
        )
        await lux.summon(name="speaks", tier=tier, source=source)
        calls = lux.execution.but(printed=said.append)
        assert await calls("speaks", 1) == 1
        with pytest.raises(CodeFailed):
            await calls("speaks", 0)
        counter = await counter_in(lux, tier)
        await calls(counter.increment)
    assert said == ["liść\0\n", "before\n" + "x" * 20000 + "\n"] * 2
    ((run, steps),) = await runs_of(database)
    kept = {step.name: step.attributes.get("printed") for step in steps}
    assert kept["speaks/1"] == "liść␀\n"
    for name in ("speaks", "speaks~2"):
        assert kept[name].startswith("before\nx")
        assert len(kept[name].encode()) < 17_000
    assert kept["first.increment"] is None
    assert chain_is_whole(run, steps)


async def test_a_program_that_asks_for_no_print_is_told_of_none(home: Path) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="speaks", source="def function(n):\n    print('x')\n    return n\n", pure=True)
        assert await lux.execution("speaks", 1) == 1
        said: list[str] = []
        quiet = lux.execution.but(recording="off", printed=said.append)
        assert [await quiet("speaks", n) for n in (2, 2, 1)] == [2, 2, 1]
        assert said == ["x\n"]  # what is remembered is not run, and prints nothing
        with pytest.raises(OptionUnknown):
            lux.execution.but(printed="yes")


async def test_code_makes_instances_and_calls_their_methods(home: Path) -> None:
    source = """
def function(n):
    made = execution("being.make", "counter", name="mine", attributes={"count": n})
    return [made["name"], made["class"], execution(made["soul"] + ".increment", 5)]
"""
    async with luxos.open(home) as lux:
        await counter_in(lux)
        await lux.summon(name="maker", source=source)
        assert await lux.execution("maker", 2) == ["mine", "counter", 7]
        assert await lux.execution("mine.increment") == 8
        with pytest.raises(AttributeUnfit):
            await lux.execution("maker", "2")
        for who in ("maker", "nothing"):
            with pytest.raises(ClassUnknown):
                await resolve_class(who)


async def test_what_a_method_called_is_not_done_twice_where_others_change_its_instance(
    home: Path, database: Database
) -> None:
    async with luxos.open(home) as lux:
        one, two = await counter_in(lux), await (await lux.load("counter")).make(name="second")
        await lux.summon(name="leaf", source="def function(x):\n    return x\n")
        low, high = sorted([one, two], key=lambda being: being.soul)
        # the ones called from within do not wait for their turn, so they meet
        calls = [lux.execution(high.add_from, f"{low.soul}.increment", 1) for _ in range(6)]
        calls += [lux.execution(low.increment, 1) for _ in range(6)]
        calls += [lux.execution("leaf", number) for number in range(20)]
        await asyncio.gather(*calls)
        assert (await InstanceBeing.load(low.soul)).attributes == {"count": 12}
    ((run, steps),) = await runs_of(database)
    assert chain_is_whole(run, steps)
    assert len(steps) == 6 + 6 + 6 + 20


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_record_that_is_sent_again_changes_the_instance_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """The connection is lost before the transaction, or after it was committed and before anybody heard of it."""
    send, failed = Recorder._send_with_beings, []

    async def send_and_lose(self: Recorder, *arguments: Any) -> Any:
        if lost == "after" or failed:
            held = await send(self, *arguments)
        if not failed:
            failed.append(1)
            raise DatabaseLost(reason="a test")
        return held

    monkeypatch.setattr(Recorder, "_send_with_beings", send_and_lose)
    async with luxos.open(home) as lux:
        counter = await counter_in(lux)
        assert [await counter.increment(), await counter.increment()] == [1, 2]
        assert (await InstanceBeing.load(counter.soul)).attributes == {"count": 2}
    assert failed


async def test_a_method_that_is_cut_off_changes_nothing(home: Path) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux, "isolated")
        await lux.summon(name="slow", source="import time\ndef function(x):\n    time.sleep(30)\n", tier="isolated")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lux.execution(counter.add_from, "slow", 5), 0.5)
        with pytest.raises(CallOverLimit):
            await lux.execution.but(seconds=0.5)(counter.add_from, "slow", 5)
        assert await counter.increment() == 1


async def test_an_instance_that_is_deleted_meanwhile_is_not_written(home: Path) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux)
        await lux.summon(
            name="slow", source="import asyncio\nasync def function(x):\n    await asyncio.sleep(0.3)\n    return x\n"
        )
        waiting = asyncio.create_task(lux.execution(counter.add_from, "slow", 5))
        await asyncio.sleep(0.15)
        await delete(counter.soul)
        with pytest.raises(BeingDeleted):
            await waiting


FORGED = """
def hasattr(what, name):
    global luxos_kept, luxos_declared
    {forged}
    return {says}

def getattr(what, name, *rest):
    return {{"capacity": 1000000, "cost": 0}}

class Counter:
    def add(self):
        self.count = 1
        self.energy = {{"capacity": 1000000, "cost": 0}}
        return 1
"""


FORGERIES = (
    "luxos_declared = ['energy']",
    "luxos_kept = {'energy': {}}",
    "luxos_kept = 5",
    "luxos_kept = None",
    "pass",
)


@pytest.mark.parametrize("tier", TIERS)
async def test_a_method_changes_only_what_is_declared(home: Path, tier: str) -> None:
    energy = {"energy": {"cost": 1, "capacity": 100, "per_hour": 1}}
    async with luxos.open(home) as lux:
        for number, (forged, says) in enumerate(product(FORGERIES, (True, False))):
            source = FORGED.format(forged=forged, says=says)
            cls = await lux.summon(name=f"f{number}", type="class", source=source, attributes=FIELDS, tier=tier)
            made = await cls.make(energy)
            made.energy_level = 50
            await made.save()
            with suppress(LuxError):
                await made.add()
            found = (await InstanceBeing.load(made.soul)).attributes
            assert found["energy"] == energy["energy"]
            assert found.keys() <= {"count", "energy"}
            assert found.get("count", 0) in (0, 1)


async def test_one_object_in_the_hands_of_several_tasks(home: Path) -> None:
    async with luxos.open(home) as lux:
        counter = await counter_in(lux)

        async def saved(number: int) -> None:
            counter.tags.append(f"t{number}")
            await counter.save()

        await asyncio.wait_for(asyncio.gather(*(counter.increment() for _ in range(8)), *map(saved, range(8))), 60)
        await counter.save()
        await counter.peek()
        found = await InstanceBeing.load(counter.soul)
        assert (found.attributes, set(found.tags)) == ({"count": 8}, {f"t{number}" for number in range(8)})
        assert counter.attributes == {"count": 8}
        counter.tags.append("mine")
        await counter.increment()
        assert (counter.attributes, "mine" in counter.tags) == ({"count": 8}, True)  # what is not saved is not lost
