"""Souls that use each other: hashed as one group, the same in any order, and each pins the others."""

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.persistence.database import Database
from luxos.souls.aliases import history
from luxos.souls.errors import DependencyUnknown, LuxError, SoulDamaged
from luxos.souls.groups import circles, read_group
from luxos.souls.registry import Soul


def using(*names: str, more: str = "") -> dict[str, str]:
    return {"type": "function", "source": "".join(f'execution("{name}")\n' for name in names) + more}


CIRCLE = {
    "even": using("odd"),
    "odd": using("even", "check"),
    "check": using(),
    "main": using("even", "main"),
    "one": using("two"),
    "two": using("three"),
    "three": using("one", "odd"),
}


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefx"), max_size=3)))
def test_circles_are_those_that_reach_each_other_in_order(uses: dict[str, list[str]]) -> None:
    reach = {(a, b) for a in uses for b in uses[a] if b in uses}
    for _round in uses:
        reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    found = circles(uses)
    assert sorted(name for circle in found for name in circle) == sorted(uses)
    place = {name: number for number, circle in enumerate(found) for name in circle}
    for a in uses:
        for b in uses:
            assert (place[a] == place[b]) == (a == b or {(a, b), (b, a)} <= reach)
            assert (a, b) not in reach or place[b] <= place[a]


async def test_a_group_has_one_hash_in_any_order(database: Database) -> None:
    expected = await Soul.register_group(CIRCLE)
    beings = await database.pool.fetchval("SELECT count(*) FROM base_beings")
    chance = random.Random(3)  # noqa: S311 - not a secret
    for _time in range(4):
        names = chance.sample(list(CIRCLE), len(CIRCLE))
        again = await Soul.register_group({name: CIRCLE[name] for name in names})
        assert again == expected
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == beings
    assert [len(await history(name)) for name in CIRCLE] == [1] * len(CIRCLE)


async def test_members_pin_each_other_and_others_by_hash(database: Database) -> None:
    souls = await Soul.register_group(CIRCLE)
    hashes = {name: soul.hash for name, soul in souls.items()}
    for name, soul in souls.items():
        used = {"odd": ("even", "check"), "main": ("even", "main"), "three": ("one", "odd"), "check": ()}
        expected = used.get(name, {"even": ("odd",), "one": ("two",), "two": ("three",)}.get(name, ()))
        assert await soul.pins() == {other: hashes[other] for other in expected}
        assert soul.not_pinned == []
    groups = {name: soul.genotype.get("dependencies", {}) for name, soul in souls.items()}
    assert groups["even"]["odd"] == groups["odd"]["even"]
    assert groups["odd"]["check"] == hashes["check"]
    assert groups["main"] == {"even": hashes["even"], "main": "self"}


async def test_one_changed_member_changes_all_and_nobody_else(database: Database) -> None:
    before = await Soul.register_group(CIRCLE)
    after = await Soul.register_group({**CIRCLE, "even": using("odd", more="x = 1\n")})
    same = {name for name in CIRCLE if before[name] == after[name]}
    assert same == {"check"}
    assert [(await history(name))[-1]["change"] for name in ("even", "check")] == ["mutation", "first"]
    assert await before["even"].pins() == {"odd": before["odd"].hash}


async def test_members_of_equal_source_are_told_apart_by_their_names(database: Database) -> None:
    every = [await Soul.register_group({name: using("a", "b", "c") for name in order}) for order in permutations("abc")]
    assert all(souls == every[0] for souls in every)
    assert len({soul.hash for soul in every[0].values()}) == 3


async def test_a_group_that_is_not_whole_is_refused_and_nothing_is_written(database: Database) -> None:
    for members in ({"even": using("odd")}, {**CIRCLE, "check": using("nobody")}, {**CIRCLE, "Bad": using()}):
        with pytest.raises(LuxError):
            await Soul.register_group(members)
    with pytest.raises(DependencyUnknown):
        await Soul.register_group({"even": using("odd")})
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == 1


async def test_a_group_that_was_changed_in_the_table_is_refused(database: Database) -> None:
    souls = await Soul.register_group(CIRCLE)
    group = souls["even"].genotype["dependencies"]["odd"].removeprefix("group:")
    assert set(await read_group(group)) == {"even", "odd"}
    row = await database.pool.fetchval(
        "SELECT soul FROM base_beings WHERE genesis @> '{\"type\": \"soul_group\"}' AND genesis ->> 'group' = $1", group
    )
    being = await BaseBeing.load(row)
    being.genesis["members"] = {**being.genesis["members"], "odd": souls["check"].hash}
    await being.save()
    with pytest.raises(SoulDamaged):
        await souls["even"].pins()
