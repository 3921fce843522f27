"""Evolution and mutation: what stays with the being, what goes to the new one, and that no version is ever lost."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict, BeingStatic, GenotypeInvalid, SourceUndefined
from luxos.beings.function import FunctionBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database
from luxos.souls.aliases import Alias, history
from luxos.souls.errors import SoulConflict, SoulUnknown
from luxos.souls.evolution import ANCESTORS, BORN_WITH
from luxos.souls.registry import Soul, at, summon

VAT = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"
MORE = VAT + "\n\ndef gross(net):\n    return function(net)\n"
OTHER = VAT.replace("23", "8")


class PowerCut(Exception):
    """What comes between."""


async def cut(self: object, *args: object, **kwargs: object) -> None:
    raise PowerCut


async def rows(database: Database) -> dict[str, int]:
    count = "SELECT (SELECT count(*) FROM base_beings) AS beings, (SELECT count(*) FROM relationships) AS relationships"
    return dict(await database.pool.fetchrow(count))


async def test_summon_makes_a_living_being_and_gives_the_same_one_again(database: Database) -> None:
    vat = await summon(name="vat", source=VAT, purpose="taxes")
    assert isinstance(vat, FunctionBeing)
    assert (vat.tier, vat.genesis["name"], vat.genesis["version"], vat.genesis["ancestors"]) == (
        None,
        "vat",
        1,
        [],
    )
    vat.tags.append("money")
    vat.energy_level = 7
    await vat.save()
    before = await rows(database)
    again = await summon(name="vat", source=VAT)
    assert (again.soul, again.tags, again.energy_level) == (vat.soul, ["money"], 7)
    assert await rows(database) == before
    assert (await Soul.of("vat")).hash == vat.soul_hash


async def test_lines_that_are_only_added_are_an_evolution_of_the_same_being(database: Database) -> None:
    first = await summon(name="vat", source=VAT, purpose="taxes")
    first.attributes["rate"] = 5
    first.energy_level = 7
    await first.save()
    soul = await Soul.evolve("vat", {"source": MORE})
    second = await FunctionBeing.load(first.soul)
    assert (second.source, second.soul_hash, second.genesis["version"]) == (MORE, soul.hash, 2)
    assert second.genesis["ancestors"] == [first.soul_hash]
    assert (second.attributes, second.energy_level, second.genesis["purpose"]) == ({"rate": 5}, 7, "taxes")
    assert [memory["kind"] for memory in second.memories] == ["born", "evolved"]
    assert await database.pool.fetchval("SELECT count(*) FROM relationships") == 0
    assert (await at(first.soul_hash))["source"] == VAT
    assert (await at(soul.hash))["source"] == MORE


async def test_anything_changed_is_a_mutation_a_new_being_with_its_descent(database: Database) -> None:
    old = await summon(name="vat", source=VAT, purpose="taxes")
    old.tags, old.attributes, old.energy_level = ["money"], {"rate": 5}, 7
    old.self_awareness["calls"] = 3
    old.remember("called")
    await old.save()
    shop = BaseBeing(genesis={"type": "shop"}, attributes={})
    await shop.save()
    ends = {"source_soul": shop.soul, "target_soul": old.soul}
    uses = RelationshipBeing(**ends, genesis={"type": "uses", "alias": "vat"})
    made = RelationshipBeing(**ends, genesis={"type": "made"})
    back = RelationshipBeing(source_soul=old.soul, target_soul=shop.soul, genesis={"type": "bills", "alias": "vat"})
    for relationship in (uses, made, back):
        await relationship.save()

    await Soul.evolve("vat", {"source": OTHER})
    new = await summon(name="vat", source=OTHER)
    old = await FunctionBeing.load(old.soul)
    assert new.soul != old.soul
    assert (new.tags, new.attributes, new.energy_level, new.self_awareness) == (["money"], {"rate": 5}, BORN_WITH, {})
    assert (new.genesis["source"], new.genesis["ancestors"], new.genesis["version"]) == (OTHER, [old.soul_hash], 2)
    assert (new.genesis["purpose"], new.genesis.get("owner")) == ("taxes", old.genesis.get("owner"))
    assert (old.source, old.energy_level, old.self_awareness, old.tags) == (VAT, 7, {"calls": 3}, ["money", "ancestor"])
    assert [memory["kind"] for memory in old.memories] == ["born", "called", "mutated"]
    assert (await RelationshipBeing.load(uses.id)).target_soul == new.soul
    assert (await RelationshipBeing.load(back.id)).source_soul == new.soul
    assert (await RelationshipBeing.load(made.id)).target_soul == old.soul
    descent = await database.pool.fetchrow("SELECT * FROM relationships WHERE tags @> '{descent}'")
    assert (descent["source_soul"], descent["target_soul"]) == (old.soul, new.soul)
    assert (descent["genesis"]["from"], descent["genesis"]["to"]) == (old.soul_hash, new.genesis["soul_hash"])


async def test_the_history_has_every_version_its_time_and_its_kind(database: Database) -> None:
    souls = [await Soul.register({"type": "function", "source": text}, alias="vat") for text in (VAT, MORE, OTHER, VAT)]
    told = await history("vat")
    assert [entry["version"] for entry in told] == [1, 2, 3, 4]
    assert [entry["change"] for entry in told] == ["first", "evolution", "mutation", "mutation"]
    assert [entry["hash"] for entry in told] == [soul.hash for soul in souls]
    assert [entry["parent"] for entry in told] == [None, *(soul.hash for soul in souls[:3])]
    assert [entry["at"] for entry in told] == sorted(entry["at"] for entry in told)
    assert souls[0] == souls[3]


async def test_ancestors_are_the_newest_and_the_history_is_all(database: Database) -> None:
    source = VAT
    for number in range(40):
        being = await summon(name="long", source=source)
        source += f"# {number}\n"
    told = [entry["hash"] for entry in await history("long")]
    assert len(told) == 40
    assert being.genesis["ancestors"] == told[-2 : -2 - ANCESTORS : -1]
    assert being.genesis["version"] == 40


async def test_of_many_that_evolve_one_alias_each_wins_or_is_told(database: Database) -> None:
    await summon(name="vat", source=VAT)

    async def attempt(number: int) -> Soul | None:
        try:
            return await Soul.evolve("vat", {"source": VAT + f"# {number}\n"})
        except SoulConflict:
            return None

    won = [soul for soul in await asyncio.gather(*(attempt(number) for number in range(16))) if soul]
    told = [entry["hash"] for entry in await history("vat")]
    assert 1 <= len(won) < 16
    assert sorted(told[1:]) == sorted(soul.hash for soul in won)
    assert [entry["version"] for entry in await history("vat")] == list(range(1, len(won) + 2))
    assert (await Soul.of("vat")).hash == told[-1]


async def test_one_that_rebases_changes_what_is_newest(database: Database) -> None:
    await summon(name="vat", source=VAT)
    keys = [f"k{number}" for number in range(8)]
    lent = await asyncio.gather(*(Soul.evolve("vat", {key: None, "pure": True}, rebase=True) for key in keys))
    assert len({soul.hash for soul in lent}) == 1
    await asyncio.gather(*(Soul.evolve("vat", {"limits": {key: 1}}, rebase=True) for key in keys))
    told = await history("vat")
    assert [entry["version"] for entry in told] == list(range(1, 11))
    assert len({entry["hash"] for entry in told}) == 10


async def test_a_being_that_was_loaded_before_is_told_of_the_newer_version(database: Database) -> None:
    loaded = await summon(name="vat", source=VAT)
    newer = await Soul.evolve("vat", {"pure": True})
    before = await rows(database)
    with pytest.raises(SoulConflict) as caught:
        await Soul.evolve(loaded, {"source": OTHER})
    assert newer.hash in str(caught.value)
    with pytest.raises(SoulConflict):
        await Soul.evolve("vat", {"source": OTHER}, base=loaded.genesis["soul_hash"])
    assert await rows(database) == before
    fresh = await FunctionBeing.load(loaded.soul)
    assert (await Soul.evolve(fresh, {"source": OTHER})).genotype["pure"] is True


async def test_a_change_that_fails_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a mutation is one transaction: wherever it is cut off, the tables are as they were."""
    await summon(name="vat", source=VAT)
    before, told = await rows(database), await history("vat")

    for owner, method in ((Alias, "point"), (RelationshipBeing, "save")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, method, cut)
            with pytest.raises(PowerCut):
                await Soul.evolve("vat", {"source": OTHER})
        assert (await rows(database), await history("vat")) == (before, told)
    await Soul.evolve("vat", {"source": OTHER})
    assert await rows(database) == {"beings": before["beings"] + 2, "relationships": 1}


async def test_without_the_transaction_a_change_that_fails_leaves_a_part(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before: it sees what a transaction takes back."""
    await summon(name="vat", source=VAT)
    before = await rows(database)

    async def apart(work: Any, connection: Any = None) -> Any:
        async with BaseBeing._borrowed(connection) as lent:
            return await work(lent)

    monkeypatch.setattr(BaseBeing, "_transacted", apart)
    monkeypatch.setattr(Alias, "point", cut)
    with pytest.raises(PowerCut):
        await Soul.evolve("vat", {"source": OTHER})
    assert await rows(database) != before


async def test_it_joins_the_transaction_of_the_caller(database: Database) -> None:
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        being = await summon(name="vat", source=VAT, connection=connection)
        await Soul.evolve("vat", {"source": OTHER}, connection=connection)
        assert len(await history("vat", connection=connection)) == 2
        await transaction.rollback()
    assert await BaseBeing.find(being.soul) is None
    assert await Soul.get_by_alias("vat") is None


async def test_what_cannot_evolve_is_refused(database: Database) -> None:
    await database.pool.execute(
        "INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness) "
        "VALUES ($1, '{core}', $2, '{}', '[]', '{}')",
        UUID(int=5),
        {"type": "function", "tier": "core", "name": "file.write"},
    )
    vat = await summon(name="vat", source=VAT)
    before = await rows(database)
    refused: list[tuple[Any, dict[str, Any], type[Exception]]] = [
        ("nobody", {"source": OTHER}, SoulUnknown),
        (await BaseBeing.load(UUID(int=5)), {"source": OTHER}, BeingStatic),
        ("file.write", {"source": OTHER}, BeingStatic),
        ("vat", {"tier": "core"}, BeingStatic),
        (vat, {"type": None}, GenotypeInvalid),
        (vat, {"limits": {"x": float("nan")}}, GenotypeInvalid),
        (BaseBeing(genesis={"type": "x"}), {}, SoulUnknown),
    ]
    for which, changes, error in refused:
        with pytest.raises(error):
            await Soul.evolve(which, changes)
    with pytest.raises(BeingStatic):
        await summon(name="file.write", source=VAT)
    assert await rows(database) == before
    with pytest.raises(SoulUnknown) as caught:
        await Soul.of("vatt")
    assert "vat" in str(caught.value)


async def test_a_new_being_for_an_alias_whose_being_is_gone(database: Database) -> None:
    old = await summon(name="vat", source=VAT)
    await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", old.soul)
    new = await summon(name="vat", source=VAT)
    assert (new.soul != old.soul, new.genesis["source"]) == (True, VAT)


async def test_registering_again_repairs_a_living_being_that_was_changed(database: Database) -> None:
    vat = await summon(name="vat", source=VAT)
    vat.genesis["source"] = "def function(): steal()\n"
    await vat.save()
    again = await summon(name="vat", source=VAT)
    assert (again.soul, again.genesis["source"]) == (vat.soul, VAT)


async def test_a_field_that_another_writer_changed_is_not_undone_by_evolution(database: Database) -> None:
    vat = await summon(name="vat", source=VAT)
    await Soul.evolve("vat", {"source": MORE})
    vat.tags.append("money")
    vat.attributes["rate"] = 5
    await vat.save()
    now = await FunctionBeing.load(vat.soul)
    assert (now.source, now.tags, now.attributes) == (MORE, ["money"], {"rate": 5})
    vat.genesis["source"] = OTHER
    await vat.save()
    stale = await FunctionBeing.load(vat.soul)
    await Soul.register({"type": "function", "source": MORE}, alias="vat")
    stale.genesis["source"] = "x"
    with pytest.raises(BeingConflict):
        await stale.save()


async def test_attributes_that_the_new_genotype_does_not_take_stay_with_the_ancestor(database: Database) -> None:
    declared = {"rate": {"py_type": "int", "default": 23}, "note": {"py_type": "str", "default": ""}}
    old = await summon(name="vat", source=VAT, attributes=declared)
    assert old.attributes == {"rate": 23, "note": ""}
    old.attributes["note"] = "mine"
    await old.save()
    more = {**declared, "scale": {"py_type": "int", "default": 2}}
    await Soul.evolve("vat", {"attributes": more})
    assert (await FunctionBeing.load(old.soul)).attributes == {"rate": 23, "note": "mine", "scale": 2}
    new = await summon(name="vat", source=VAT, attributes={"rate": {"py_type": "str", "default": "23"}})
    assert new.attributes == {"rate": "23"}
    assert new.memories[0]["attributes_left"] == ["note", "rate", "scale"]
    assert (await FunctionBeing.load(old.soul)).attributes == {"rate": 23, "note": "mine", "scale": 2}


async def test_what_cannot_be_called_is_no_function(database: Database) -> None:
    vat = await summon(name="vat", source=VAT)
    before = await rows(database)
    with pytest.raises(SourceUndefined):
        await summon(name="other", source="x = 1\n")
    with pytest.raises(SourceUndefined):
        await Soul.evolve(vat, {"source": "x = 1\n"})
    assert await rows(database) == before
