"""Classes: what their instances have, by which class they say they were made, and what is refused."""

from datetime import date
from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.classes import ClassBeing
from luxos.beings.errors import (
    AttributeMissing,
    AttributeUndeclared,
    AttributeUnfit,
    BeingInvalid,
    GenotypeInvalid,
    KindTaken,
)
from luxos.beings.find import find
from luxos.persistence.database import Database

FIELDS = {
    "number": {"py_type": "str"},
    "net": {"py_type": "float", "default": 0.0},
    "lines": {"py_type": "list[dict[str, Any]]", "default": []},
    "due": {"py_type": "date | None", "default": None},
}


async def invoices() -> ClassBeing:
    made = ClassBeing.of("invoice", FIELDS, purpose="What a customer owes.")
    await made.save()
    return await ClassBeing.load(made.soul)


async def count(database: Database) -> int:
    return int(await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE NOT genesis ? 'tier'"))


async def test_an_instance_has_what_its_class_declares(database: Database) -> None:
    cls = await invoices()
    made = await cls.make(number="1/2026", due=date(2026, 1, 31), name="first")
    found = await BaseBeing.load(made.soul)
    assert found.attributes == {"number": "1/2026", "net": 0.0, "lines": [], "due": "2026-01-31"}
    assert {key: found.genesis[key] for key in ("type", "class", "class_hash", "name", "attributes")} == {
        "type": "invoice",
        "class": str(cls.soul),
        "class_hash": cls.soul_hash,
        "name": "first",
        "attributes": FIELDS,
    }
    assert [being.soul async for being in find(genesis={"class": str(cls.soul)})] == [made.soul]


async def test_instances_share_nothing(database: Database) -> None:
    cls = await invoices()
    one, two = await cls.make(number="1"), await cls.make(number="2")
    one.attributes["lines"].append({"a": 1})
    one.genesis["attributes"]["net"]["default"] = 5.0
    await one.save()
    assert (await BaseBeing.load(two.soul)).attributes["lines"] == []
    assert (await cls.make(number="3")).attributes["net"] == 0.0
    assert cls.genesis["attributes"] == FIELDS


async def test_an_instance_is_held_to_its_class(database: Database) -> None:
    made = await (await invoices()).make(number="1")
    found = await BaseBeing.load(made.soul)
    found.attributes["net"] = "a lot"
    with pytest.raises(AttributeUnfit):
        await found.save()
    assert (await BaseBeing.load(made.soul)).attributes["net"] == 0.0


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({}, AttributeMissing, "number"),
        ({"number": 1}, AttributeUnfit, "number"),
        ({"number": "1", "gross": 1}, AttributeUndeclared, "gross"),
        ({"number": "1", "lines": [{}, 1]}, AttributeUnfit, "lines[1]"),
        ({"number": "1", "due": "soon"}, AttributeUnfit, "due"),
        ({"number": "1", "net": float("nan")}, BeingInvalid, "attributes.net"),
        ({"number": "a\0"}, BeingInvalid, "attributes.number"),
    ],
)
async def test_what_does_not_fit_makes_no_instance(
    database: Database, given: dict[str, Any], error: type[Exception], field: str
) -> None:
    cls = await invoices()
    before = await count(database)
    with pytest.raises(error) as caught:
        await cls.make(**given)
    assert (type(caught.value), caught.value.details["field"]) == (error, field)  # type: ignore[attr-defined]
    assert await count(database) == before


async def test_a_class_made_from_an_alias_is_named_by_it(database: Database) -> None:
    from luxos.souls.evolution import living
    from luxos.souls.registry import Soul

    genesis = {"type": "class", "attributes": {"name": {"py_type": "str"}, "connection": {"py_type": "int"}}}
    soul = await Soul.register(genesis, alias="person")
    cls = await living("person")
    assert isinstance(cls, ClassBeing)
    made = await cls.make({"connection": 5}, name="Ola")
    assert made.attributes == {"name": "Ola", "connection": 5}
    assert [made.genesis[key] for key in ("type", "class", "class_hash")] == ["person", "person", soul.hash]


async def test_a_class_that_gets_another_field_keeps_its_instances_as_they_are(database: Database) -> None:
    from luxos.souls.evolution import living
    from luxos.souls.registry import Soul

    await Soul.register({"type": "class", "attributes": {"x": {"py_type": "int"}}}, alias="point")
    before = await living("point")
    assert isinstance(before, ClassBeing)
    old = await before.make(x=1)
    more = {"x": {"py_type": "int"}, "y": {"py_type": "int", "default": 0}}
    await Soul.evolve("point", {"attributes": more})
    now = await living("point")
    assert isinstance(now, ClassBeing)
    assert (now.soul, now.attributes) == (before.soul, {})
    assert (await now.make(x=2)).attributes == {"x": 2, "y": 0}
    found = await BaseBeing.load(old.soul)
    found.remember("looked at")
    await found.save()
    assert found.attributes == {"x": 1}
    assert len({old.genesis["class_hash"], now.soul_hash}) == 2


@pytest.mark.parametrize("kind", ["function", "task", "class", "run", "soul", "alias", "memory"])
def test_what_has_a_meaning_of_its_own_is_made_by_no_class(kind: str) -> None:
    with pytest.raises(KindTaken):
        ClassBeing.of(kind, {})
    with pytest.raises(KindTaken):
        ClassBeing.of("mine", {}, makes=kind)
    with pytest.raises(KindTaken):
        ClassBeing(genesis={"type": "class", "name": "mine", "makes": kind}).new()


def test_a_class_with_a_declaration_that_is_none_is_not_made() -> None:
    with pytest.raises(GenotypeInvalid):
        ClassBeing.of("thing", {"x": {"py_type": "int", "default": "1"}})


async def test_a_class_without_declarations_makes_open_beings(database: Database) -> None:
    made = await ClassBeing.of("note", {}).make(anything=[1], name="n")
    assert (await BaseBeing.load(made.soul)).attributes == {"anything": [1]}
