"""The error budget: a soul that fails too often after its promotion is moved back, once, whole, and told."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from tests.runtime.promoting.conftest import House

from luxos.beings import removal
from luxos.beings.being import BaseBeing
from luxos.beings.errors import PurgeRefused
from luxos.errors import LuxError
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.promoting.beginning import begin_shadow, check_not_back, stop, watch
from luxos.runtime.promoting.errors import PromotedBefore
from luxos.runtime.promoting.moving import look
from luxos.runtime.promoting.promotion import Promotion, promotions
from luxos.runtime.promoting.terms import Terms
from luxos.runtime.promoting.words import sentence
from luxos.souls.aliases import Alias, history
from luxos.souls.archive import Archive
from luxos.souls.registry import Soul, summon
from luxos.souls.validation import validate

GOOD = "def function(n):\n    return 100\n"
FRAGILE = "def function(n):\n    return 100 // n\n"


async def watched(source: str = FRAGILE, **terms: Any) -> Promotion:
    """An alias that has just moved from `GOOD`."""
    await summon(name="part", source=GOOD)
    before = (await Soul.of("part")).hash
    async with BaseBeing.transaction(None) as lent:
        await Soul.evolve("part", {"source": source}, connection=lent)
        return await watch(await Alias.lock("part", lent), before, Terms(**terms), lent)


async def calls(house: House, *given: int) -> None:
    for n in given:
        with suppress(LuxError):
            await house.call("part", n)


async def status() -> str:
    return (await promotions("part"))[0].status


async def test_beyond_the_budget_the_alias_goes_back_and_says_so(house: House) -> None:
    begun = await watched()
    await calls(house, 1, 0, 1, 0)
    assert (await status(), await house.hash("part")) == ("watched", begun.to)
    await calls(house, 0)
    assert (await status(), await house.hash("part")) == ("back", begun.before)
    told = (await promotions("part"))[0].row.attributes
    assert (told["calls"], told["failures"]) == (5, 3)
    assert [one["arguments"] for one in told["failed"]] == [{"n": 0}] * 3
    assert all("ZeroDivisionError" in one["error"]["message"] for one in told["failed"])
    because = (await history("part"))[-1]["because"]
    assert because == {"kind": "budget", "calls": 5, "failures": 3}
    assert await house.call("part", 0) == 100


@pytest.mark.parametrize(("budget", "failing", "stays"), [(1.0, 9, True), (0.0, 1, False), (0.2, 4, True)])
async def test_the_share_is_what_was_said(house: House, budget: float, failing: int, stays: bool) -> None:
    begun = await watched(budget=budget)
    await calls(house, *[0] * failing)
    assert (await house.hash("part") == begun.to) is stays


async def test_what_a_caller_does_wrong_costs_nothing(house: House) -> None:
    begun = await watched(budget=0.0)
    for given in ((), (1, 2), ({"a": 1}, 2)):
        with pytest.raises(LuxError):
            await house.call("part", *given)
    assert await house.hash("part") == begun.to


async def test_calls_that_are_only_counted_count(house: House) -> None:
    begun = await watched()
    async with session_run(house.runtime, "summary") as run:
        for _n in range(3):
            with suppress(LuxError):
                await Calls(house.runtime, run).but(recording="summary")("part", 0)
    await house.runtime.following.look_at_all()
    assert await house.hash("part") == begun.before


async def test_sixteen_callers_move_it_back_once(house: House) -> None:
    begun = await watched()
    other = type(house.runtime).of(house.runtime.settings, house.runtime.database, house.runtime.registry)
    try:
        async with session_run(house.runtime, "one") as one, session_run(other, "two") as two:
            runs = [Calls(house.runtime, one), Calls(other, two)]
            gave = await asyncio.gather(*(runs[n % 2]("part", 0) for n in range(16)), return_exceptions=True)
            await asyncio.gather(house.runtime.following.settle(), other.following.settle())
            assert all(isinstance(each, LuxError) or each == 100 for each in gave)
            assert await runs[0]("part", 0) == 100
    finally:
        await other.close()
    assert await house.hash("part") == begun.before
    assert len([one for one in await history("part") if "because" in one]) == 1
    assert (await promotions("part"))[0].row.attributes["failures"] >= 3


async def test_what_was_moved_back_is_not_promoted_again_unless_forced(house: House) -> None:
    begun = await watched()
    await calls(house, 0, 0, 0)
    candidate = await Soul.of(begun.to)
    with pytest.raises(PromotedBefore) as refused:
        await begin_shadow(candidate, "part", Terms(calls=1))
    assert refused.value.details["failures"] == 3
    with pytest.raises(PromotedBefore):
        await check_not_back("part", begun.to, force=False)
    await begin_shadow(candidate, "part", Terms(calls=1), force=True)
    await calls(house, 1)
    assert await house.hash("part") == begun.to
    await calls(house, 1, 1)
    assert await house.hash("part") == begun.to  # the failures of the first time are not counted again


async def test_after_so_many_calls_it_is_kept(house: House) -> None:
    begun = await watched(watched=5)
    await calls(house, *range(1, 6))
    await house.runtime.following.look_at_all()
    assert await status() == "kept"
    await calls(house, 0, 0, 0, 0)
    assert await house.hash("part") == begun.to


async def test_failures_that_a_killed_process_left_are_found_by_the_next_look(house: House) -> None:
    """Steps are what is counted: a process that died after them and before its look has lost nothing."""
    begun = await watched()
    house.runtime.following.failed = lambda call, say: None  # type: ignore[method-assign]
    await calls(house, 0, 0, 0)
    assert await house.hash("part") == begun.to
    await house.runtime.following.look_at_all()
    assert await house.hash("part") == begun.before


async def test_a_look_that_fails_half_way_changes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = await watched()
    house.runtime.following.failed = lambda call, say: None  # type: ignore[method-assign]
    await calls(house, 0, 0, 0)
    archive = Archive(house.runtime.settings.home)

    def broken(point: str) -> None:
        if point == "promotion.pointed":
            raise RuntimeError(point)

    with monkeypatch.context() as patched:
        patched.setattr("luxos.runtime.promoting.moving.reach", broken)
        with pytest.raises(RuntimeError):
            await look(begun.row.soul, archive)
    assert (await status(), await house.hash("part")) == ("watched", begun.to)
    assert await look(begun.row.soul, archive) is not None
    assert (await status(), await house.hash("part")) == ("back", begun.before)


async def test_whoever_looks_hears_what_became_of_it(house: House) -> None:
    await watched()
    said: list[str] = []
    async with session_run(house.runtime, "a test") as run:
        execution = await run.execution()
        execution.listener = lambda event: said.append(getattr(event, "text", ""))
        for _n in range(3):
            with suppress(LuxError):
                await execution("part", 0)
        await house.runtime.following.settle()
    assert [text for text in said if text] == [sentence((await promotions("part"))[0])]


async def test_what_is_watched_is_not_removed_for_good_until_that_is_ended(house: House) -> None:
    begun = await watched()
    living = (await Alias.of("part")).being
    assert living is not None
    with pytest.raises(PurgeRefused, match="luxos soul promotions part --stop"):
        await removal.purge_preview(living)
    await removal.delete(living)
    assert await removal.aliases_of(living) == ["part"]
    await removal.restore(living)
    await calls(house, 1)
    assert (await status(), (await promotions("part"))[0].row.soul) == ("watched", begun.row.soul)
    await stop("part")
    await removal.purge(living, confirm=await removal.purge_preview(living))
    assert await status() == "stopped"
    await summon(name="part", source=GOOD)
    assert await house.call("part", 0) == 100
    assert [finding async for finding in validate(Archive(house.runtime.settings.home))] == []
