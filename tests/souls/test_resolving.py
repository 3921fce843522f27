"""What a caller means by a name: an alias the living being, a hash that version, a UUID that row."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingAmbiguous
from luxos.beings.function import FunctionBeing
from luxos.beings.instance import InstanceBeing
from luxos.persistence.database import Database
from luxos.souls.errors import SoulAmbiguous, SoulDamaged
from luxos.souls.registry import Soul, summon
from luxos.souls.resolving import resolve, resolve_method
from luxos.souls.versions import read_version, row_of

ONE = "def function():\n    return 1\n"
TWO = ONE + "\n\ndef more():\n    return 2\n"


async def found(who: Any) -> tuple[UUID, str, str]:
    being = await resolve(str(who))
    assert being is not None
    return being.soul, being.source, being.soul_hash


async def test_an_alias_is_the_living_being_and_a_hash_is_that_version(database: Database) -> None:
    living = await summon(name="a", source=ONE)
    first = await Soul.of("a")
    second = await Soul.evolve("a", {"source": TWO})
    version = await read_version(second.hash)
    assert version is not None
    assert version.depth == 1, "kept as a diff"
    assert await found("a") == await found(living.soul) == (living.soul, TWO, second.hash)
    assert await found(first.hash) == (first.being, ONE, first.hash)
    for who in (second.hash, second.hash[:15], second.hash.removeprefix("sha256:"), second.being):
        assert await found(who) == (row_of(second.hash), TWO, second.hash)
    being = await resolve(second.hash)
    assert being is not None
    assert being.genesis["name"] == "a"


async def test_after_a_mutation_the_old_being_still_runs_its_own_source(database: Database) -> None:
    old = await summon(name="a", source=ONE)
    new = await summon(name="a", source="def function():\n    return 3\n")
    assert (await found("a"))[0] == new.soul
    assert await found(old.soul) == (old.soul, ONE, old.soul_hash)


async def test_what_is_no_function_or_not_there_is_none(database: Database) -> None:
    await Soul.register({"type": "text", "source": "x"}, alias="words")
    words = await Soul.of("words")
    for who in ("words", words.hash, str(words.being), "nobody", "sha256:" + "0" * 64, "0" * 8, str(uuid4()), "", "'"):
        assert await resolve(who) is None


async def test_a_function_that_was_never_registered_is_called_by_its_uuid(database: Database) -> None:
    being = FunctionBeing(genesis={"type": "function", "source": ONE, "name": "loose"})
    await being.save()
    assert (await found(being.soul))[:2] == (being.soul, ONE)


async def test_a_genotype_with_minus_zero_is_called_as_it_is(database: Database) -> None:
    living = await summon(name="a", source=ONE, limits={"x": -0.0})
    soul = await Soul.of("a")
    assert living.soul_hash == soul.hash
    for who in ("a", living.soul, soul.hash, soul.being):
        being = await resolve(str(who))
        assert being is not None
        assert (being.soul_hash, repr(being.genesis["limits"]["x"])) == (soul.hash, "-0.0")
    assert (await summon(name="a", source=ONE, limits={"x": -0.0})).soul == living.soul
    assert (await summon(name="a", source=ONE, limits={"x": 0.0})).soul != living.soul


@pytest.mark.parametrize("key", ["source", "limits", "tier"])
async def test_a_living_being_that_was_changed_in_the_table_is_refused(database: Database, key: str) -> None:
    living = await summon(name="a", source=ONE, limits={"x": -0.0})
    soul = await Soul.of("a")
    await database.pool.execute(
        "UPDATE base_beings SET genesis = genesis || jsonb_build_object($2::TEXT, $3::TEXT) WHERE soul = $1",
        living.soul, key, "steal()",
    )  # fmt: skip
    for who in ("a", living.soul):
        with pytest.raises(SoulDamaged):
            await resolve(str(who))
    assert (await found(soul.hash))[1] == ONE, "the version itself was not touched"


async def test_a_being_that_carries_another_soul_than_its_alias_says_is_refused(database: Database) -> None:
    """Source and hash changed together fit each other, but not the alias."""
    living = await summon(name="a", source=ONE)
    other = await Soul.register({"type": "function", "tier": "isolated", "source": TWO})
    living.genesis |= {"source": TWO, "soul_hash": other.hash}
    await living.save()
    with pytest.raises(SoulDamaged):
        await resolve("a")


async def test_the_beginning_of_two_hashes_is_refused(database: Database) -> None:
    for ending in "12":
        forged = "sha256:" + "12345678" + ending * 56
        await BaseBeing(soul=row_of(forged), tags=["soul"], genesis={"type": "function", "soul_hash": forged}).save()
    for who in ("12345678", "sha256:12345678"):
        with pytest.raises(SoulAmbiguous):
            await resolve(who)


async def test_an_instance_answers_to_the_beginning_of_its_uuid(database: Database) -> None:
    genesis = {"type": "counter", "class": "counter", "class_hash": "sha256:" + "0" * 64}
    one, two = UUID("12345678-1234-4000-8000-000000000001"), UUID("12345678-1235-4000-8000-000000000002")
    for soul in (one, two):
        await InstanceBeing(soul=soul, genesis=genesis).save()
    await BaseBeing(soul=UUID("12345678-1234-4000-8000-000000000003"), genesis={"type": "note"}).save()
    for beginning in ("123456781234", "12345678-1234", "12345678-1234-4000-8000-00000000000"):
        found = await resolve_method(f"{beginning}.add")
        assert found is not None
        assert found.instance.soul == one
    with pytest.raises(BeingAmbiguous, match=str(two)):
        await resolve_method("12345678.add")
    await InstanceBeing(genesis={**genesis, "name": "123456781234"}).save()
    named = await resolve_method("123456781234.add")
    assert named is not None
    assert named.instance.soul not in (one, two)
    for nobody in ("1234567.add", "87654321.add", "12345678-1234-4000-8000-000000000003.add"):
        assert await resolve_method(nobody) is None
