"""`lux.execution`: calls by a program, as the issue writes them."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import luxos
from luxos.beings import removal
from luxos.beings.being import BaseBeing
from luxos.beings.energy import level
from luxos.beings.errors import BeingUnsaved, EnergyExhausted, NotDispatched
from luxos.beings.function import FunctionBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.call import Call
from luxos.runtime.errors.calls import (
    ApprovalRefused,
    ArgumentsUnfit,
    BeingGone,
    BeingNotCallable,
    BeingPutAway,
    CallOverLimit,
    NotPure,
    OptionUnknown,
    PermissionRefused,
    SummonRefused,
)
from luxos.runtime.errors.code import CodeFailed, ResultUnfit, TierUnfit
from luxos.runtime.runs import Runs, chain_is_whole
from luxos.souls.errors import SoulUnknown

SOURCE = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database is this test's own."""
    monkeypatch.setenv("LUXOS_DSN", database.dsn)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    return settings.home


async def runs_of(database: Database) -> list[Any]:
    runs = Runs(database)
    return [(run, await runs.steps(run.soul)) for run in await runs.newest()]


async def test_a_function_is_called_as_the_issue_calls_it(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        assert await lux.execution(vat, 100) == 123.0
        assert await lux.execution("vat", net=100, rate=8) == 108.0
        assert await lux.execution(vat.soul, 100) == 123.0
        assert await lux.execution(vat.genesis["soul_hash"], 100) == 123.0
        assert isinstance(vat, FunctionBeing)
        assert await vat(100) == 123.0
    with pytest.raises(NotDispatched):
        await vat(100)
    ((run, steps),) = await runs_of(database)
    assert [step.name for step in steps] == ["vat", "vat~2", "vat~3", "vat~4", "vat~5"]
    assert run.status == "done"
    assert chain_is_whole(run, steps)
    known = await database.pool.fetchval("SELECT self_awareness FROM base_beings WHERE soul = $1", vat.soul)
    assert known["calls"] == 4  # the fifth names the version, not the being that lives


async def test_a_session_without_calls_leaves_no_run(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="vat", source=SOURCE)
    assert await runs_of(database) == []


async def test_attributes_are_arguments_that_were_not_given(home: Path) -> None:
    async with luxos.open(home) as lux:
        declared = {"rate": {"py_type": "int", "default": 8}}
        vat = await lux.summon(name="vat", source=SOURCE, attributes=declared)
        vat.attributes["rate"] = 5
        await vat.save()
        assert await lux.execution("vat", 100) == 105.0
        assert await lux.execution("vat", 100, 0) == 100.0


@pytest.mark.parametrize(
    ("who", "args", "kwargs", "error"),
    [
        ("nobody", (), {}, BeingNotCallable),
        ("vat", (), {}, ArgumentsUnfit),
        ("vat", (1, 2, 3), {}, ArgumentsUnfit),
        ("vat", (1,), {"net": 2}, ArgumentsUnfit),
        ("vat", (float("inf"),), {}, ArgumentsUnfit),
        ("vat", ("x",), {}, LuxError),
    ],
)
async def test_what_cannot_be_called_so_is_refused(
    home: Path, who: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: type[LuxError]
) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="vat", source=SOURCE)
        with pytest.raises(error) as caught:
            await lux.execution(who, *args, **kwargs)
        assert "Traceback" not in str(caught.value)
        assert await lux.execution("vat", 100) == 123.0


async def test_whose_being_was_put_away_or_removed_says_how_it_is_called_again(home: Path) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        await removal.delete(vat.soul)
        with pytest.raises(BeingPutAway, match=f"luxos being restore {vat.soul}"):
            await lux.execution("vat", 100)
        await removal.restore(vat.soul)
        assert await lux.execution("vat", 100) == 123.0
    async with luxos.open(home) as lux:
        await removal.purge(vat.soul, confirm=await removal.purge_preview(vat.soul))
        with pytest.raises(BeingGone, match="luxos soul add vat"):
            await lux.execution("vat", 100)
        await lux.summon(name="vat", source=SOURCE)
        assert await lux.execution("vat", 100) == 123.0


async def test_a_being_whose_code_was_changed_and_not_registered_is_not_called(home: Path) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        vat.genesis["source"] = "def function(net):\n    return 0\n"
        with pytest.raises(BeingUnsaved):
            await lux.execution(vat, 100)


async def test_a_summary_is_one_step_and_counts_all_calls(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        counted = lux.execution.but(recording="summary")
        assert [await counted(vat, net) for net in (100, 200, 300)] == [123.0, 246.0, 369.0]
        with pytest.raises(LuxError):
            await counted(vat, "x")
    ((run, (step,)),) = await runs_of(database)
    assert (step.attributes["summary"]["calls"], step.attributes["summary"]["failures"]) == (4, 1)
    assert chain_is_whole(run, [step])
    known = await database.pool.fetchval("SELECT self_awareness FROM base_beings WHERE soul = $1", vat.soul)
    assert (known["calls"], known["failures"]) == (4, 1)


async def test_only_what_is_pure_is_called_without_a_record(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        unseen = lux.execution.but(recording="off")
        pure = await lux.summon(name="pure", source=SOURCE, pure=True)
        assert await unseen(pure, 100) == 123.0
        with pytest.raises(NotPure):
            await unseen(await lux.summon(name="vat", source=SOURCE), 100)
    assert await runs_of(database) == []


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"depth": 1.5}, {"recording": "some"}, {"colour": 1}, {"calls": True}]
)
async def test_an_option_that_is_none_is_refused(home: Path, wrong: dict[str, Any]) -> None:
    async with luxos.open(home) as lux:
        with pytest.raises(OptionUnknown):
            lux.execution.but(**wrong)


async def test_a_call_that_takes_too_long_is_ended(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        slow = await lux.summon(name="slow", source="def function():\n    while True:\n        pass\n")
        with pytest.raises(CallOverLimit):
            await lux.execution.but(seconds=0.3)(slow)
    ((run, (step,)),) = await runs_of(database)
    assert (step.status, step.attributes["error"]["code"]) == ("failed", "cancelled")
    assert chain_is_whole(run, [step])


async def test_energy_is_spent_by_calls_and_what_is_left_goes_back(home: Path) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        vat.attributes["energy"] = {"capacity": 1000, "per_hour": 0, "cost": 3}
        await vat.save()
        await asyncio.gather(*(lux.execution(vat, 100) for _call in range(5)))
        async with lux.run("a few more") as calls:
            assert await calls(vat, 100) == 123.0
        assert (await level(vat)).level == 100 - 6 * 3
        cheap = lux.execution.but(energy=2)
        with pytest.raises(CallOverLimit):
            await cheap(vat, 100)
        with pytest.raises(EnergyExhausted):
            await asyncio.gather(*(lux.execution(vat, 100) for _call in range(40)))


async def test_a_run_of_its_own_has_its_goal(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="vat", source=SOURCE)
        for goal, net in (("faktury", 100), ("zero", None)):
            with suppress(LuxError):
                async with lux.run(goal) as calls:
                    await calls("vat", net)
    assert {(run.goal, run.status) for run, _ in await runs_of(database)} == {("faktury", "done"), ("zero", "failed")}


async def test_what_a_pure_soul_gave_is_remembered(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        pure = await lux.summon(name="pure", source="def function(x):\n    return [x]\n", pure=True)
        unseen = lux.execution.but(recording="off")
        first = await unseen(pure, 1)
        first.append("changed by the caller")
        assert await unseen(pure, 1) == [1]
        assert await lux.execution(pure, 1) == [1]
        assert await unseen(pure, 1.0) == [1.0]  # another value, and another key
        other = await lux.summon(name="other", source="def function(x):\n    return [x]\n")
        assert await lux.execution(other, 1) == [1]
    known = await database.pool.fetchval("SELECT self_awareness FROM base_beings WHERE soul = $1", pure.soul)
    assert known["memo"] == {"hits": 2, "misses": 2}


LEAF = "def function(n):\n    return n * 10\n"
TREE = "def function(n):\n    return sum([execution('leaf', part) for part in range(n)])\n"
FAN = (
    "import asyncio\n\n"
    "async def function(n):\n"
    "    parts = await asyncio.gather(*[execution('leaf', part) for part in range(n)])\n"
    "    return parts\n"
)


async def test_code_calls_others_and_each_call_hangs_below_the_one_that_made_it(home: Path, database: Database) -> None:
    async with luxos.open(home) as lux:
        for name, source in (("leaf", LEAF), ("tree", TREE), ("fan", FAN)):
            await lux.summon(name=name, source=source)
        assert await lux.execution("tree", 4) == 60
        assert await lux.execution("fan", 3) == [0, 10, 20]
        with pytest.raises(LuxError):
            await lux.execution("tree", "x")
    ((run, steps),) = await runs_of(database)
    below = {step.name: step.parent for step in steps}
    assert below["tree/4"] == "tree"
    assert below["fan/1"] == "fan"
    assert len(steps) == 1 + 4 + 1 + 3 + 1
    assert all("frozen" not in step.attributes for step in steps)
    assert chain_is_whole(run, steps)


async def test_a_name_inside_a_soul_is_what_it_was_when_the_soul_was_made(home: Path) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="leaf", source=LEAF)
        await lux.summon(name="tree", source=TREE)
        await lux.summon(name="leaf", source="def function(n):\n    return n * 1000\n")
        assert await lux.execution("tree", 2) == 10
        assert await lux.execution("leaf", 1) == 1000


async def test_code_that_calls_itself_without_end_is_held_to_its_depth(home: Path) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="deep", source="def function(n):\n    return execution('deep', n + 1)\n")
        with pytest.raises(CallOverLimit):
            await lux.execution.but(depth=5)("deep", 0)
        await lux.summon(name="vat", source=SOURCE)
        await lux.summon(name="broad", source="def function(n):\n    return [execution('vat', 1) for _ in range(n)]\n")
        with pytest.raises(CallOverLimit):
            await lux.execution.but(breadth=3)("broad", 4)


async def test_code_may_not_read_files_or_make_what_is_not_below_its_name(home: Path) -> None:
    reads = "def function():\n    return execution('file.read', path='x')\n"
    makes = "def function(name):\n    return summon(name=name, source='def function():\\n    return 7\\n')\n"
    async with luxos.open(home) as lux:
        await lux.summon(name="reads", source=reads)
        with pytest.raises(PermissionRefused):
            await lux.execution("reads")
        await lux.summon(name="asks", source=reads, permissions=["file.read"])
        with pytest.raises(PermissionRefused):
            await lux.execution("asks")  # the run does not grant it
        await lux.summon(name="makes", source=makes)
        made = await lux.execution("makes", "makes.child")
        assert await lux.execution(made["hash"]) == await lux.execution("makes.child") == 7
        with pytest.raises(SummonRefused):
            await lux.execution("makes", "vat")
        with pytest.raises(SoulUnknown):
            await lux.load("vat")


async def test_what_the_hermetic_tier_does_not_have_is_told_with_its_line(home: Path) -> None:
    source = "def function(n):\n    def parts():\n        yield n\n    return list(parts())\n"
    async with luxos.open(home) as lux:
        with pytest.raises(TierUnfit) as caught:
            await lux.summon(name="parts", source=source, tier="hermetic")
        assert "3" in caught.value.details["places"]
        await lux.summon(name="parts", source=source)
        assert await lux.execution("parts", 5) == [5]


async def test_code_sees_itself_and_what_it_changes_stays_in_the_call(home: Path) -> None:
    source = "def function():\n    self.attributes['n'] += 1\n    return [self.name, self.attributes['n']]\n"
    async with luxos.open(home) as lux:
        me = await lux.summon(name="me", source=source)
        me.attributes["n"] = 1
        await me.save()
        assert await lux.execution("me") == await lux.execution("me") == ["me", 2]
        assert (await lux.load("me")).attributes["n"] == 1


async def test_what_acts_needs_a_permission_and_where_asked_for_an_approval(home: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    async def approve(call: Call) -> bool:
        asked.append(call.alias)
        return len(asked) == 1

    folder = tmp_path / "place"
    folder.mkdir()
    async with luxos.open(home) as lux:
        with pytest.raises(PermissionRefused):
            await lux.execution("file.write", path="a.txt", text="a")
        async with lux.run("files", workspace=folder, permissions=["workspace"], approve=approve) as calls:
            await calls("file.write", path="a.txt", text="a")
            with pytest.raises(ApprovalRefused):
                await calls("file.write", path="b.txt", text="b")
            assert "a.txt" in str(await calls("file.list", path="."))
    assert asked == ["file.write", "file.write"]
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


async def test_what_failed_is_tried_again_as_often_as_asked_for(home: Path, database: Database) -> None:
    source = "import random\n\ndef function():\n    return 1 if random.random() < 0.5 else [][0]\n"
    async with luxos.open(home) as lux:
        await lux.summon(name="luck", source=source)
        assert await lux.execution.but(retries=30)("luck") == 1
        await lux.summon(name="never", source="def function():\n    raise ValueError('never')\n")
        with pytest.raises(CodeFailed):
            await lux.execution.but(retries=2)("never")
        with pytest.raises(ArgumentsUnfit):
            await lux.execution.but(retries=2)("never", 1)
    ((run, steps),) = await runs_of(database)
    never = next(step for step in steps if step.name == "never")
    assert [one["status"] for one in never.attributes["attempts"]] == ["failed", "failed"]
    assert chain_is_whole(run, steps)


@pytest.mark.parametrize(
    ("result", "where"), [("chr(x)", " NUL"), ("[1, {'a': chr(x)}]", "[1].a: "), ("10 ** (4100 + x)", "4300")]
)
async def test_a_result_that_no_table_holds_is_refused_with_its_place(home: Path, result: str, where: str) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="odd", source=f"def function(x):\n    return {result}\n")
        with pytest.raises(ResultUnfit) as caught:
            await lux.execution("odd", 0)
        assert where in str(caught.value)
        await lux.summon(name="even", source="def function(x):\n    return x\n")
        assert await lux.execution("even", 65) == 65
