"""Core beings: known by UUID, alias and verb, and there as rows, so that steps can refer to them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos import __version__
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.core import CLASSES, CoreFunction, CoreRegistry, write_core_beings
from luxos.beings.errors import BeingStatic, CoreTaken, NotDispatched
from luxos.beings.function import FunctionBeing
from luxos.beings.relationship import RelationshipBeing
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
        with pytest.raises(BeingStatic):
            await being.update(lambda row: row.attributes.update(a=1))
        with pytest.raises(BeingStatic):
            await BaseBeing(soul=soul).update(lambda row: row.attributes.update(a=1))
        being.attributes["a"] = 1
        with pytest.raises(BeingStatic):
            await being.save()


async def test_a_core_being_that_goes_keeps_its_row_and_what_refers_to_it(database: Database) -> None:
    caller = BaseBeing(genesis={"type": "note"})
    await caller.save()

    async def written(*functions: CoreFunction) -> BaseBeing:
        async with database.pool.acquire() as connection:
            await write_core_beings(connection, CoreRegistry(functions))
        return await BaseBeing.load(ONE)

    assert "retired" not in (await written(GREET, OTHER)).genesis
    step = RelationshipBeing(source_soul=caller.soul, target_soul=ONE, genesis={"type": "step"})
    await step.save()
    told = "UPDATE base_beings SET self_awareness = '{\"calls\": 7}' WHERE soul = $1"
    await database.pool.execute(told, ONE)

    gone = await written(OTHER)
    assert gone.genesis == {**GREET.genesis, "retired": __version__}
    assert (gone.self_awareness, gone.tags) == ({"calls": 7}, ["core"])
    step.attributes["result"] = 1
    await step.save()
    assert (await RelationshipBeing.load(step.id)).target_soul == ONE
    assert "retired" not in (await BaseBeing.load(TWO)).genesis
    gone.attributes["x"] = 1
    with pytest.raises(BeingStatic):
        await gone.save()
    back = await written(GREET, OTHER)
    assert (back.genesis, back.self_awareness) == (GREET.genesis, {"calls": 7})


async def test_rows_that_only_say_core_are_not_retired(database: Database) -> None:
    note = BaseBeing(genesis={"type": "note"}, tags=["core"])
    await note.save()
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([]))
    assert "retired" not in (await BaseBeing.load(note.soul)).genesis
    assert "retired" not in (await BaseBeing.load(SCHEMA_BEING)).genesis


@pytest.mark.parametrize("soul", [each.uuid for each in CLASSES] + [SCHEMA_BEING])
async def test_nobody_takes_the_uuid_of_a_core_being(database: Database, soul: UUID) -> None:
    await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", soul)
    for write in (BaseBeing.save, lambda being: save_all([being])):
        with pytest.raises(BeingStatic):
            await write(BaseBeing(soul=soul, genesis={"type": "note"}))
    assert await BaseBeing.find(soul) is None


async def test_what_claims_to_be_core_is_not_written(database: Database) -> None:
    being = BaseBeing(genesis={"type": "function", "tier": "core", "source": "os:remove"})
    note = BaseBeing(genesis={"type": "note"})
    await note.save()
    note.genesis["tier"] = "core"
    for write in (being.save, note.save, lambda: save_all([being]), lambda: save_all([note])):
        with pytest.raises(BeingStatic):
            await write()
    with pytest.raises(BeingStatic):
        await note.update(lambda row: row.genesis.update(tier="core"))
    assert await BaseBeing.find(being.soul) is None
    assert (await BaseBeing.load(note.soul)).genesis["type"] == "note"
    assert "tier" not in (await BaseBeing.load(note.soul)).genesis


async def test_a_being_under_the_uuid_of_a_core_function_is_refused_as_static(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([GREET]))
    for write in (BaseBeing.save, lambda being: save_all([being])):
        with pytest.raises(BeingStatic):
            await write(BaseBeing(soul=ONE, genesis={"type": "note"}))
    assert (await BaseBeing.load(ONE)).genesis == GREET.genesis


async def test_core_beings_belong_to_luxos(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await write_core_beings(connection, CoreRegistry([GREET]))
    found = await BaseBeing.load_many([ONE, SCHEMA_BEING, *(each.uuid for each in CLASSES)])
    assert {being.owner for being in found} == {"luxos"}


def test_the_uuids_in_the_code_never_change() -> None:
    assert [str(each.uuid)[-4:] + " " + each.name for each in CLASSES] == [
        "0a01 BaseBeing",
        "0a02 ClassBeing",
        "0a03 FunctionBeing",
        "0a04 RelationshipBeing",
        "0a05 Kernel",
        "0a06 Factory",
        "0a07 MessageBeing",
        "0a08 TaskBeing",
    ]


async def test_calling_a_function_being_goes_to_the_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    being = FunctionBeing(genesis={"type": "function", "source": "x", "tier": "unheard of"})
    assert (being.source, being.tier) == ("x", None)
    with pytest.raises(NotDispatched):
        await being(1)

    class Recorder:
        async def __call__(self, who: FunctionBeing, *args: Any, **kwargs: Any) -> Any:
            return who, args, kwargs

    monkeypatch.setattr(FunctionBeing, "dispatcher", Recorder())
    assert await being(1, a=2) == (being, (1,), {"a": 2})


async def test_only_functions_load_as_functions(database: Database) -> None:
    note = BaseBeing(genesis={"type": "note"})
    await note.save()
    assert await FunctionBeing.find(note.soul) is None
