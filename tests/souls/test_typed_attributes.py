"""Souls that declare attributes: what an evolution fills, and what a mutation takes over or leaves."""

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import AttributeUnfit, GenotypeInvalid
from luxos.persistence.database import Database
from luxos.souls.registry import Soul, summon

SOURCE = "def function():\n    return 1\n"
RATE = {"rate": {"py_type": "int", "default": 23}}

pytestmark = pytest.mark.usefixtures("database")


async def test_an_evolution_fills_what_it_declares() -> None:
    first = await summon(name="vat", source=SOURCE, attributes=RATE)
    more = await summon(name="vat", source=SOURCE, attributes={**RATE, "base": {"py_type": "float", "default": 0.5}})
    assert more.soul == first.soul
    assert (await BaseBeing.load(first.soul)).attributes == {"rate": 23, "base": 0.5}


async def test_a_mutation_leaves_what_does_not_fit_with_the_ancestor() -> None:
    first = await summon(
        name="vat", source=SOURCE, attributes={**RATE, "kept": {"py_type": "int"}, "gone": {"py_type": "str"}}
    )
    first.attributes |= {"rate": 5, "kept": 1, "gone": "x"}
    await first.save()
    retyped = {"rate": {"py_type": "str", "default": "low"}, "kept": {"py_type": "int"}}
    second = await summon(name="vat", source="def function():\n    return 2\n", attributes=retyped)
    assert second.soul != first.soul
    assert second.attributes == {"rate": "low", "kept": 1}
    assert second.memories[0]["attributes_left"] == ["gone", "rate"]
    assert (await BaseBeing.load(first.soul)).attributes == {"rate": 5, "kept": 1, "gone": "x"}


async def test_a_declaration_that_is_none_registers_nothing(database: Database) -> None:
    before = await database.pool.fetchval("SELECT count(*) FROM base_beings")
    for alias in ("vat", None):
        genesis = {"type": "function", "source": SOURCE, "attributes": {"rate": {"py_type": "int", "default": "low"}}}
        with pytest.raises(GenotypeInvalid):
            await Soul.register(genesis, alias=alias)
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == before


async def test_a_living_being_is_held_to_its_soul() -> None:
    vat = await summon(name="vat", source=SOURCE, attributes=RATE)
    vat.attributes["rate"] = "low"
    with pytest.raises(AttributeUnfit):
        await vat.save()
    assert (await BaseBeing.load(vat.soul)).attributes == {"rate": 23}
