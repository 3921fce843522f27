"""A candidate in the shadow: run beside live calls without effects, compared, promoted only where it is the same."""

import asyncio
from typing import Any

import pytest
from tests.runtime.promoting.conftest import House

from luxos.beings.being import BaseBeing
from luxos.errors import LuxError
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.promoting.beginning import begin_shadow, stop
from luxos.runtime.promoting.errors import NothingPromoted, ShadowRuns, ShadowUnfit
from luxos.runtime.promoting.promotion import Promotion, promotions
from luxos.runtime.promoting.terms import Terms
from luxos.souls.aliases import Alias, history
from luxos.souls.registry import Soul, summon

OLD = "def function(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"
NEW = "def function(n):\n    return sum(range(n))\n"
WRONG = "def function(n):\n    return sum(range(n)) if n != 3 else 4\n"


async def shadow(source: str = NEW, calls: int = 4, **terms: Any) -> Promotion:
    await summon(name="total", source=OLD, examples=[{"args": [4], "result": 6}])
    candidate = await Soul.draft("total", {"source": source})
    return await begin_shadow(candidate, "total", Terms(calls=calls, **terms))


async def newest() -> Promotion:
    return (await promotions("total"))[0]


async def test_after_so_many_equal_calls_the_alias_moves_and_its_history_says_why(house: House) -> None:
    begun = await shadow()
    for n in range(3):
        assert await house.call("total", n) == sum(range(n))
        assert await house.hash("total") == begun.before
    await house.call("total", 9)
    assert await house.hash("total") == begun.to
    now = await newest()
    assert (now.status, now.row.attributes["equal"]) == ("watched", 4)
    told = (await history("total"))[-1]
    assert told["because"] == {"kind": "shadow", "calls": 4}
    living = await BaseBeing.load((await Alias.of("total")).being)
    assert living.genesis["examples"] == [{"args": [4], "result": 6}]
    assert living.genesis["followed"] == str(begun.row.soul)
    assert await house.call("total", 9) == 36


async def test_a_difference_stops_it_and_is_told_with_its_input_and_both_outputs(house: House) -> None:
    begun = await shadow(WRONG, calls=2)
    await house.call("total", 1)
    assert await house.call("total", 3) == 3
    for n in range(5):
        await house.call("total", n)
    now = await newest()
    assert now.status == "different"
    (told,) = now.row.attributes["differences"]
    assert told["arguments"] == {"n": 3}
    assert (told["current"], told["candidate"]) == ({"result": 3}, {"result": 4})
    assert await house.hash("total") == begun.before
    living = await BaseBeing.load((await Alias.of("total")).being)
    assert "followed" not in living.genesis


@pytest.mark.parametrize(
    "source",
    [
        "def function(n):\n    while True:\n        n += 1\n",
        "def function(n):\n    return [n] * 10**9\n",
        "def function(n):\n    return undefined\n",
        "def function(n, other):\n    return sum(range(n))\n",
        "def function(n):\n    return execution('total', n)\n",
        "def function(n):\n    return str(sum(range(n)))\n",
    ],
)
async def test_whatever_a_candidate_does_the_live_call_is_as_ever(house: House, source: str) -> None:
    await shadow(source, calls=1)
    assert await house.call("total", 5) == 10
    assert (await newest()).status == "different"


async def test_failures_are_compared_by_their_kind(house: House) -> None:
    await summon(name="total", source="def function(n):\n    return 10 // n\n")
    same = await Soul.draft("total", {"source": "def function(n):\n    ten = 10\n    return ten // n\n"})
    await begin_shadow(same, "total", Terms(calls=1))
    with pytest.raises(LuxError):
        await house.call("total", 0)
    assert (await newest()).status == "watched"
    other = await Soul.draft("total", {"source": "def function(n):\n    return 10 // n if n else [][0]\n"})
    await begin_shadow(other, "total", Terms(calls=1))
    with pytest.raises(LuxError):
        await house.call("total", 0)
    assert (await newest()).status == "different"


async def test_what_it_asks_for_is_answered_as_it_was_and_happens_once(house: House) -> None:
    """`leaf` is called by the live call only; a candidate that calls it otherwise is different."""
    await summon(name="leaf", source="def function(n):\n    return n * 2\n")
    await summon(name="total", source="async def function(n):\n    return await execution('leaf', n) + 1\n")
    same = await Soul.draft("total", {"source": "async def function(n):\n    return 1 + await execution('leaf', n)\n"})
    begun = await begin_shadow(same, "total", Terms(calls=2))
    assert [await house.call("total", n) for n in (1, 2)] == [3, 5]
    assert await house.hash("total") == begun.to
    leaf = (await Alias.of("leaf")).hash
    pool = BaseBeing.db_pool
    count = "SELECT count(*) FROM relationships WHERE genesis ->> 'soul_hash' = $1 AND 'step' = ANY(tags)"
    assert await pool.fetchval(count, leaf) == 2
    for source in ("return 3", "await execution('leaf', n)\n    return 1 + await execution('leaf', n)"):
        candidate = await Soul.draft("total", {"source": f"async def function(n):\n    {source}\n"})
        await begin_shadow(candidate, "total", Terms(calls=2))
        assert await house.call("total", 1) == 3
        (told,) = (await newest()).row.attributes["differences"]
        assert told["asked_otherwise"].startswith("execution('leaf'")
    assert await pool.fetchval(count, leaf) == 4


async def test_a_soul_that_does_not_repeat_itself_says_nothing(house: House) -> None:
    source = "import random\n\ndef function(n):\n    return random.random()\n"
    await summon(name="total", source=source, tier="isolated")
    candidate = await Soul.draft("total", {"source": source.replace("return", "n = 1\n    return")})
    await begin_shadow(candidate, "total", Terms(calls=1))
    await house.call("total", 1)
    now = await newest()
    assert (now.status, now.row.attributes["unsure"]) == ("shadowing", 1)


async def test_a_candidate_that_takes_longer_is_not_promoted(house: House) -> None:
    """By so much that no busy machine hides it: where it is always busy, what is waited for is longer than 10 ms."""
    slow = "def function(n):\n    for i in range(400000):\n        i\n    return sum(range(n))\n"
    begun = await shadow(slow, calls=3)
    for n in range(3):
        await house.call("total", n)
    assert (await newest()).status == "slower"
    assert await house.hash("total") == begun.before


async def test_it_survives_a_restart_and_many_callers_of_two_processes(house: House) -> None:
    """Two runtimes are as two processes: nothing but the database is common to them."""
    begun = await shadow(calls=30)
    other = type(house.runtime).of(house.runtime.settings, house.runtime.database, house.runtime.registry)
    try:
        async with session_run(house.runtime, "one") as one, session_run(other, "two") as two:
            calls = [Calls(house.runtime, one), Calls(other, two)]
            assert await asyncio.gather(*(calls[n % 2]("total", n) for n in range(40))) == [
                sum(range(n)) for n in range(40)
            ]
        await house.runtime.following.settle()
        await other.following.settle()
    finally:
        await other.close()
    assert await house.hash("total") == begun.to
    moves = [one for one in await history("total") if "because" in one]
    assert len(moves) == 1


async def test_what_cannot_run_in_a_shadow_is_refused(house: House) -> None:
    begun = await shadow()
    other = await Soul.draft("total", {"source": WRONG})
    with pytest.raises(ShadowRuns):
        await begin_shadow(other, "total", Terms())
    with pytest.raises(ShadowUnfit):
        await begin_shadow(await Soul.of("total"), "total", Terms())
    hosts = await Soul.draft("total", {"permissions": ["host:localhost:80"]})
    with pytest.raises(ShadowUnfit):
        await begin_shadow(hosts, "total", Terms())
    assert (await stop("total")).row.soul == begun.row.soul
    with pytest.raises(NothingPromoted):
        await stop("total")
    await house.call("total", 3)
    assert (await newest()).status == "stopped"


async def test_another_version_ends_it(house: House) -> None:
    await shadow(calls=1)
    await summon(name="total", source="def function(n):\n    return n\n")
    await house.call("total", 3)
    assert [one.status for one in await house.runtime.following.look_at_all()] == ["overtaken"]
    assert await house.call("total", 3) == 3


async def test_a_version_does_not_carry_the_mark(house: House) -> None:
    begun = await shadow()
    await Soul.evolve("total", {"purpose": "adds"})
    soul = await Soul.evolve("total", {"source": OLD + "\n"})
    assert "followed" not in soul.more
    assert (await Soul.get_by_hash(begun.to)).more.get("followed") is None  # type: ignore[union-attr]
