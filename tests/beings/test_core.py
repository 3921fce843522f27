"""Core beings: known by UUID, alias and verb, and there as rows, so that steps can refer to them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.core import CLASSES, CoreFunction, CoreRegistry, write_core_beings
from luxos.beings.errors import BeingStatic, CoreTaken, NotDispatched
from luxos.beings.function import FunctionBeing
from luxos.persistence.database import Database
from luxos.persistence.schema import SCHEMA_BEING


async def greet(context: object, name: str, *, loud: bool = False) -> str:
    """Greets somebody.

    More about it.
    """
    return name.upper() if loud else name


async def other(context: object, **rest: Any) -> None:
    """Something else."""


ONE, TWO = UUID(int=1), UUID(int=2)
GREET = CoreFunction(ONE, "text.greet", "GREET", "none", greet)
OTHER = CoreFunction(TWO, "text.other", "OTHER", "external", other)


def test_a_registry_finds_by_every_name() -> None:
    registry = CoreRegistry([GREET, OTHER])
    assert registry.find("text.greet") is registry.find(ONE) is registry.find(str(ONE)) is GREET
    assert registry.find(GREET.soul_hash) is GREET
    assert registry.find("nobody") is registry.find(uuid4()) is None
    assert (registry.by_verb("OTHER"), registry.by_alias("text.other"), len(registry)) == (OTHER, OTHER, 2)
    assert list(registry.verbs["GREET"].parameters) == ["name", "loud"]
    assert GREET.purpose == "Greets somebody."


def test_functions_without_a_verb_are_found_by_the_other_names_only() -> None:
    lent = CoreFunction(ONE, "text.lent", None, "none", greet)
    shared = CoreFunction(TWO, "text.shared", None, "none", greet)
    registry = CoreRegistry([lent, shared])
    assert [registry.find("text.lent"), registry.find(TWO)] == [lent, shared]
    assert dict(registry.verbs) == {}
    assert lent.genesis["verb"] is None


@pytest.mark.parametrize(
    "taken",
    [
        CoreFunction(ONE, "b", "B", "none", other),
        CoreFunction(TWO, "text.greet", "B", "none", other),
        CoreFunction(TWO, "b", "GREET", "none", other),
        CoreFunction(CLASSES[0].uuid, "b", "B", "none", other),
    ],
)
def test_a_registry_refuses_what_is_taken(taken: CoreFunction) -> None:
    with pytest.raises(CoreTaken):
        CoreRegistry([GREET, taken])


def test_arguments_get_their_names() -> None:
    registry = CoreRegistry([GREET, OTHER])
    assert registry.named(GREET, ("Ola",), {"loud": True}) == {"name": "Ola", "loud": True}
    assert registry.named(GREET, ("Ola", True), {}) == {"name": "Ola", "": [True]}
    assert registry.named(OTHER, (1,), {"a": 2}) == {"": [1], "a": 2}
    assert registry.named(FunctionBeing(), (1, 2), {"a": 3}) == {"": [1, 2], "a": 3}
    with pytest.raises(TypeError):
        registry.named(GREET, ("Ola",), {"name": "Ala"})


def test_the_hash_tells_functions_and_effects_apart() -> None:
    louder = CoreFunction(ONE, "text.greet", "GREET", "external", greet)
    renamed = CoreFunction(TWO, "text.hello", "HELLO", "none", greet)
    assert GREET.soul_hash == renamed.soul_hash != louder.soul_hash


async def test_rows_are_written_once_and_follow_the_code(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([GREET]))
        before = await connection.fetch("SELECT xmin::TEXT, soul FROM base_beings ORDER BY soul")
        await write_core_beings(connection, CoreRegistry([GREET]))
        assert await connection.fetch("SELECT xmin::TEXT, soul FROM base_beings ORDER BY soul") == before
        await write_core_beings(connection, CoreRegistry([CoreFunction(ONE, "text.greet", "GREET", "external", greet)]))
        after = await connection.fetch("SELECT xmin::TEXT, soul FROM base_beings ORDER BY soul")
    assert {row["soul"] for row in after} == {ONE, SCHEMA_BEING, *(being.uuid for being in CLASSES)}
    changed = [new["soul"] for new, old in zip(after, before, strict=True) if new != old]
    assert set(changed) == {ONE, SCHEMA_BEING}
    assert (await FunctionBeing.load(ONE)).genesis["effects"] == "external"


async def test_a_row_that_is_not_core_is_never_overwritten(database: Database) -> None:
    await BaseBeing(soul=ONE, genesis={"type": "note"}).save()
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([GREET]))
    assert (await BaseBeing.load(ONE)).genesis["type"] == "note"


async def test_core_rows_cannot_be_changed(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([GREET]))
    for soul in (ONE, CLASSES[0].uuid, SCHEMA_BEING):
        being = await BaseBeing.load(soul)
        being.attributes["a"] = 1
        with pytest.raises(BeingStatic):
            await being.save()


async def test_calling_a_function_being_goes_to_the_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    being = FunctionBeing(genesis={"type": "function", "source": "x", "tier": "unheard of"})
    assert (being.source, being.tier) == ("x", "isolated")
    with pytest.raises(NotDispatched):
        await being(1)

    class Recorder:
        async def __call__(self, who: UUID, *args: Any, **kwargs: Any) -> Any:
            return who, args, kwargs

    monkeypatch.setattr(FunctionBeing, "dispatcher", Recorder())
    assert await being(1, a=2) == (being.soul, (1,), {"a": 2})


async def test_only_functions_load_as_functions(database: Database) -> None:
    note = BaseBeing(genesis={"type": "note"})
    await note.save()
    assert await FunctionBeing.find(note.soul) is None
