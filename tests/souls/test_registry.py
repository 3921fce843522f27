"""Souls: one row for a version whatever it is called, and aliases that name the newest."""

import asyncio

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingStatic, GenotypeInvalid
from luxos.beings.function import FunctionBeing
from luxos.persistence.database import Database
from luxos.souls.aliases import history
from luxos.souls.errors import AliasInvalid, SoulDamaged
from luxos.souls.registry import Soul


def version(number: int) -> dict[str, object]:
    return {"type": "function", "source": f"def function():\n    return {number}\n", "tier": "isolated"}


async def test_a_version_is_found_by_its_hash_and_by_its_alias(database: Database) -> None:
    soul = await Soul.register({**version(1), "author": "Ola"}, alias="my_soul")
    assert await Soul.get_by_hash(soul.hash) == await Soul.get_by_alias("my_soul") == soul
    assert soul.genotype == version(1)
    being = await FunctionBeing.load(soul.being)
    assert (being.soul_hash, being.genesis["name"]) == (soul.hash, "my_soul")


async def test_an_alias_names_the_newest_and_remembers_the_rest(database: Database) -> None:
    first = await Soul.register(version(1), alias="text.clean")
    second = await Soul.register(version(2), alias="text.clean")
    await Soul.register(version(2), alias="text.clean")
    assert await Soul.get_by_alias("text.clean") == second
    assert await Soul.get_by_hash(first.hash) == first
    told = await history("text.clean")
    assert [(entry["version"], entry["hash"]) for entry in told] == [(1, first.hash), (2, second.hash)]


async def test_many_writers_of_one_version_make_one_soul(database: Database) -> None:
    souls = await asyncio.gather(*(Soul.register(version(1), alias=f"alias_{n % 3}") for n in range(12)))
    assert len({soul.being for soul in souls}) == 1
    kinds = await database.pool.fetch("SELECT genesis ->> 'type' AS kind, count(*) FROM base_beings GROUP BY 1")
    assert {row["kind"]: row["count"] for row in kinds} == {"schema": 1, "function": 1 + 3, "alias": 3}


async def test_many_writers_of_one_alias_lose_no_version(database: Database) -> None:
    await asyncio.gather(*(Soul.register(version(number), alias="a") for number in range(8)))
    told = await history("a")
    assert [entry["version"] for entry in told] == list(range(1, 9))
    assert len({entry["hash"] for entry in told}) == 8
    newest = await Soul.get_by_alias("a")
    assert newest is not None
    assert newest.hash == told[-1]["hash"]


async def test_what_is_not_there_is_none(database: Database) -> None:
    assert await Soul.get_by_alias("nobody") is None
    assert await Soul.get_by_hash("sha256:" + "0" * 64) is None
    assert await Soul.get_by_hash("not a hash") is None


async def test_a_soul_that_was_changed_behind_our_back_is_not_used(database: Database) -> None:
    soul = await Soul.register(version(1), alias="a")
    being = await BaseBeing.load(soul.being)
    being.genesis["source"] = "def function(): steal()\n"
    await being.save()
    with pytest.raises(SoulDamaged):
        await Soul.get_by_alias("a")
    with pytest.raises(SoulDamaged):
        await Soul.register(version(1))


async def test_aliases_that_mean_something_else_are_refused(database: Database) -> None:
    for alias in ("", "A", "a b", "a..b", "../a", "żółw", "a" * 201, "sha256:" + "0" * 64, "a" * 32, "a\n"):
        with pytest.raises(AliasInvalid):
            await Soul.register(version(1), alias=alias)
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == 1


async def test_genotypes_that_would_not_come_back_are_refused(database: Database) -> None:
    for broken in (
        {"source": "x"},
        {**version(1), "limits": {"x": float("nan")}},
    ):
        with pytest.raises(GenotypeInvalid):
            await Soul.register(broken)
    with pytest.raises(BeingStatic):
        await Soul.register({**version(1), "tier": "core"})
