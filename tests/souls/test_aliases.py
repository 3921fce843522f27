"""Aliases: names that are near, names that change, and the history that stays."""

import asyncio

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.function import FunctionBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database
from luxos.souls.aliases import Alias, history
from luxos.souls.errors import AliasInvalid, AliasRenamed, AliasTaken, AliasUnknown, SoulAmbiguous, SoulUnknown
from luxos.souls.registry import Soul, at, summon
from luxos.souls.versions import find_hash, row_of

VAT = "def function(net):\n    return net\n"


async def forged(ending: str) -> str:
    """A row that looks like that of a soul whose hash begins as many do."""
    found = "sha256:" + "abcdef01" + ending.ljust(56, "0")
    await BaseBeing(soul=row_of(found), tags=["soul"], genesis={"type": "text", "soul_hash": found}).save()
    return found


async def test_the_beginning_of_a_hash_finds_its_soul(database: Database) -> None:
    soul = await Soul.register({"type": "function", "source": VAT}, alias="vat")
    digits = soul.hash.removeprefix("sha256:")
    for name in (soul.hash, digits, digits[:8], "sha256:" + digits[:8], "sha256:" + digits[:63], digits[:63]):
        assert await Soul.get_by_hash(name) == await Soul.of(name) == soul
        assert await at(name) == soul.genotype
    for name in ("", "sha256:", digits[:7], digits[:8].upper(), digits + "0", "sha256:" + "0" * 8, "%", "_" * 8, "vat"):
        assert await Soul.get_by_hash(name) is None
        if name != "vat":
            with pytest.raises(SoulUnknown):
                await Soul.of(name)


async def test_a_beginning_of_several_says_which(database: Database) -> None:
    both = [await forged("1"), await forged("2")]
    with pytest.raises(SoulAmbiguous) as caught:
        await Soul.get_by_hash("abcdef01")
    assert all(found in str(caught.value) for found in both)
    assert await find_hash("abcdef011") == both[0]
    many = [await forged(f"f{number:x}") for number in range(16)]
    with pytest.raises(SoulAmbiguous) as caught:
        await Soul.of("sha256:abcdef01f")
    assert sum(found in str(caught.value) for found in many) == 10


async def test_an_alias_comes_before_a_hash_that_begins_so(database: Database) -> None:
    await forged("1")
    named = await Soul.register({"type": "text", "source": "x"}, alias="abcdef01")
    assert await Soul.of("abcdef01") == named


async def test_a_name_that_is_nearly_right_is_answered_with_those_like_it(database: Database) -> None:
    for alias in ("text.clean", "text.count", "invoice"):
        await Soul.register({"type": "text", "source": alias}, alias=alias)
    with pytest.raises(AliasUnknown) as caught:
        await Soul.of("text.claen")
    assert "text.clean" in caught.value.details["near"]
    for name in ("zzz", "", "x" * 100_000, "'; DROP TABLE base_beings; --", "ż"):
        with pytest.raises(SoulUnknown):
            await Soul.of(name)


async def test_a_renamed_alias_keeps_its_history_its_being_and_its_old_name(database: Database) -> None:
    first = await summon(name="vat", source=VAT)
    await Soul.evolve("vat", {"pure": True})
    shop = BaseBeing(genesis={"type": "shop"})
    await shop.save()
    tie = RelationshipBeing(source_soul=shop.soul, target_soul=first.soul, genesis={"alias": "vat"})
    await tie.save()
    soul = await Soul.rename("vat", "tax.vat")
    assert soul == await Soul.get_by_alias("tax.vat") == await Soul.get_by_alias("vat")
    being = await FunctionBeing.load(first.soul)
    assert being.genesis["name"] == "tax.vat"
    assert (await RelationshipBeing.load(tie.id)).genesis["alias"] == "tax.vat"
    for refused in (summon(name="vat", source=VAT), Soul.register({"type": "text"}, alias="vat")):
        with pytest.raises(AliasRenamed) as caught:
            await refused
        assert "tax.vat" in str(caught.value)
    evolved = await Soul.evolve("vat", {"source": VAT + "# more\n"})
    assert await Soul.get_by_alias("tax.vat") == evolved
    for name in ("vat", "tax.vat"):
        told = await history(name)
        assert [(entry["kind"], entry["version"]) for entry in told] == [
            ("version", 1), ("version", 2), ("renamed", 2), ("version", 3),
        ]  # fmt: skip


async def test_a_name_may_be_taken_back_and_a_chain_of_names_leads_to_the_last(database: Database) -> None:
    soul = await Soul.register({"type": "text", "source": "x"}, alias="a")
    for old, new in (("a", "b"), ("b", "c")):
        await Soul.rename(old, new)
    assert [await Soul.get_by_alias(name) for name in "abc"] == [soul] * 3
    with pytest.raises(AliasRenamed):
        await Soul.rename("a", "a2")
    await Soul.rename("c", "a2")
    assert [await Soul.get_by_alias(name) for name in ("a", "b", "c", "a2")] == [soul] * 4
    await Soul.rename("a2", "a")
    assert [await Soul.get_by_alias(name) for name in ("a", "b", "c", "a2")] == [soul] * 4
    assert (await Alias.of("b")).name == "a"
    await Soul.rename("a", "a")
    newer = await Soul.register({"type": "text", "source": "y"}, alias="a")
    assert await Soul.get_by_alias("c") == newer
    assert [entry["version"] for entry in await history("a") if entry["kind"] == "version"] == [1, 2]
    assert len([entry for entry in await history("a") if entry["kind"] == "renamed"]) == 4


async def test_names_that_cannot_be_given_are_refused(database: Database) -> None:
    await Soul.register({"type": "text", "source": "x"}, alias="a")
    await Soul.register({"type": "text", "source": "y"}, alias="b")
    before = await database.pool.fetch("SELECT * FROM base_beings ORDER BY soul")
    for old, new, error in (
        ("a", "b", AliasTaken),
        ("nobody", "c", SoulUnknown),
        ("a", "A", AliasInvalid),
        ("a", "a; DROP TABLE base_beings", AliasInvalid),
    ):
        with pytest.raises(error):
            await Soul.rename(old, new)
    assert await database.pool.fetch("SELECT * FROM base_beings ORDER BY soul") == before


async def test_of_many_that_rename_one_alias_no_history_is_lost(database: Database) -> None:
    soul = await Soul.register({"type": "text", "source": "x"}, alias="a")
    done = await asyncio.gather(*(Soul.rename("a", f"n{number}") for number in range(8)), return_exceptions=True)
    assert all(isinstance(result, Soul | AliasTaken | AliasRenamed) for result in done), done
    last = (await Alias.of("a")).name
    assert await Soul.get_by_alias(last) == soul
    assert (await history(last))[0]["version"] == 1
