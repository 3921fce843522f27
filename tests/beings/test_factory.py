"""The factory and the kinds: `genesis.type` says of which class a being is an object."""

from typing import Any

import pytest

from luxos.beings import kinds
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.classes import ClassBeing
from luxos.beings.core import CLASSES, CoreRegistry, write_core_beings
from luxos.beings.errors import AttributeUnfit, BeingStatic, GenotypeInvalid
from luxos.beings.factory import Factory
from luxos.beings.find import find
from luxos.beings.function import FunctionBeing
from luxos.beings.message import MessageBeing
from luxos.beings.task import TaskBeing
from luxos.persistence.database import Database

CASES = [
    ("function", FunctionBeing),
    ("class", ClassBeing),
    ("task", TaskBeing),
    ("message", MessageBeing),
    ("factory", Factory),
    ("kernel", BaseBeing),
    ("runtime", BaseBeing),
    ("soul", BaseBeing),
    ("alias", BaseBeing),
    ("nobody knows it", BaseBeing),
]


@pytest.mark.parametrize(("kind", "expected"), CASES)
async def test_every_way_to_read_gives_the_class_of_the_type(
    database: Database, kind: str, expected: type[BaseBeing]
) -> None:
    made = await Factory.make({"type": kind, "name": "it"}, tags=["made here"])
    read = [
        await BaseBeing.load(made.soul),
        await kinds.load(made.soul),
        *await BaseBeing.load_many([made.soul]),
        *[each async for each in find(tags=["made here"], kind=kind)],
        *[each async for each in BaseBeing.stream() if each.soul == made.soul],
        await BaseBeing.find(made.soul),
    ]
    assert [type(each) for each in (made, *read)] == [expected] * 7
    assert all(each is not None and each.genesis == made.genesis for each in read)


async def test_a_class_reads_its_own_kind_only(database: Database) -> None:
    made = await Factory.make({"type": "class", "name": "it"})
    assert await ClassBeing.find(made.soul) is not None
    assert await TaskBeing.find(made.soul) is None
    assert await FunctionBeing.find(made.soul) is None


@pytest.mark.parametrize("genesis", [{}, {"type": 1}, {"type": None}, {"type": ["function"]}])
async def test_a_genesis_without_a_type_makes_nothing(database: Database, genesis: dict[str, Any]) -> None:
    with pytest.raises(GenotypeInvalid, match="type"):
        await Factory.make(genesis)


async def test_what_a_row_says_as_its_type_may_be_anything(database: Database) -> None:
    for kind in ([], {}, 1, None):
        made = BaseBeing(genesis={"type": kind})
        await made.save()
        assert type(await BaseBeing.load(made.soul)) is BaseBeing


async def test_the_factory_fills_and_checks(database: Database) -> None:
    genesis = {"type": "thing", "attributes": {"x": {"py_type": "int", "default": 1}}}
    assert (await Factory.make(genesis)).attributes == {"x": 1}
    with pytest.raises(AttributeUnfit):
        await Factory.make(genesis, attributes={"x": "1"})


async def test_the_core_beings_are_of_their_classes(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([]))
    found = await BaseBeing.load_many([each.uuid for each in CLASSES])
    named = {being.genesis["name"]: type(being) for being in found}
    assert (named["Factory"], named["Kernel"], named["TaskBeing"]) == (Factory, BaseBeing, ClassBeing)
    for being in found:
        being.attributes["x"] = 1
        with pytest.raises(BeingStatic):
            await save_all([being])
