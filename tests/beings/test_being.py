"""Beings in the table: what is saved comes back, and no writer undoes another."""

import asyncio
from uuid import uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.difference import first_difference
from luxos.beings.errors import BeingConflict, BeingInvalid, BeingStatic, BeingUnknown, BeingUnsaved
from luxos.beings.memories import WINDOW, history
from luxos.beings.removal import delete
from luxos.persistence.database import Database
from luxos.persistence.errors import ConnectionGivenBack, NotOpen


async def saved(**fields: object) -> BaseBeing:
    being = BaseBeing(**{"genesis": {"type": "note"}, **fields})  # type: ignore[arg-type]
    await being.save()
    return being


async def test_what_is_saved_comes_back(database: Database) -> None:
    being = await saved(
        tags=["zażółć", "b"],
        energy_level=7,
        attributes={"tekst": "gęślą jaźń", "n": 1, "f": 1.0, "big": 1e22, "none": None, "list": [True, {"x": []}]},
        self_awareness={"trust": 0.5},
        embedding=[0.5, -1.0, 3.0],
    )
    being.remember("made", by="test")
    await being.save()
    found = await BaseBeing.load(being.soul)
    assert (found.tags, found.energy_level, found.genesis) == (["zażółć", "b"], 7, being.genesis)
    assert found.attributes == being.attributes
    assert [type(found.attributes[key]) for key in ("n", "f", "big")] == [int, float, float]
    assert found.self_awareness == {"trust": 0.5}
    assert found.embedding == [0.5, -1.0, 3.0]
    assert [memory["kind"] for memory in found.memories] == ["made"]
    assert found.created_at is not None
    assert found.created_at.tzinfo is None


async def test_load_many_keeps_the_order_and_names_what_is_missing(database: Database) -> None:
    one, two = await saved(), await saved()
    assert [being.soul for being in await BaseBeing.load_many([two.soul, one.soul, two.soul])] == [
        two.soul,
        one.soul,
        two.soul,
    ]
    missing = uuid4()
    with pytest.raises(BeingUnknown) as caught:
        await BaseBeing.load_many([one.soul, missing])
    assert caught.value.details == {"soul": missing}
    assert await BaseBeing.find(missing) is None


async def test_different_fields_of_one_being_do_not_conflict(database: Database) -> None:
    being = await saved(attributes={"a": 1, "b": 1, "c": 1})
    one, two = await BaseBeing.load(being.soul), await BaseBeing.load(being.soul)
    one.attributes["a"] = 2
    del one.attributes["c"]
    two.attributes["b"] = 2
    two.genesis["name"] = "two"
    two.tags.append("new")
    await one.save()
    await two.save()
    found = await BaseBeing.load(being.soul)
    assert found.attributes == two.attributes == {"a": 2, "b": 2}
    assert (found.genesis["name"], found.tags) == ("two", ["new"])


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("attributes.n", lambda being, n: being.attributes.update(n=n)),
        ("attributes.old", lambda being, n: being.attributes.pop("old") if n == 1 else being.attributes.update(old=n)),
        ("genesis.name", lambda being, n: being.genesis.update(name=n)),
        ("self_awareness.mood", lambda being, n: being.self_awareness.update(mood=n)),
        ("tags", lambda being, n: being.tags.append(str(n))),
        ("embedding", lambda being, n: setattr(being, "embedding", [float(n)])),
    ],
)
async def test_the_second_change_of_one_field_is_refused_and_named(database: Database, field: str, change) -> None:  # type: ignore[no-untyped-def]
    being = await saved(attributes={"n": 0, "old": 0})
    one, two = await BaseBeing.load(being.soul), await BaseBeing.load(being.soul)
    change(one, 1)
    change(two, 2)
    two.attributes["other"] = "not written either"
    await one.save()
    with pytest.raises(BeingConflict) as caught:
        await two.save()
    assert caught.value.details["field"] == field
    found = await BaseBeing.load(being.soul)
    assert first_difference(found._state(), one._state()) is None
    assert "other" not in found.attributes


async def test_the_same_change_twice_is_a_conflict_too_for_it_may_be_a_count(database: Database) -> None:
    being = await saved(attributes={"n": 0})
    one, two = await BaseBeing.load(being.soul), await BaseBeing.load(being.soul)
    one.attributes["n"] = two.attributes["n"] = 1
    await one.save()
    with pytest.raises(BeingConflict):
        await two.save()


async def test_energy_and_memories_of_many_writers_add_up(database: Database) -> None:
    being = await saved(energy_level=10)

    async def write(number: int) -> None:
        mine = await BaseBeing.load(being.soul)
        mine.energy_level -= 1
        mine.remember("used", by=number)
        await mine.save()

    await asyncio.gather(*map(write, range(20)))
    found = await BaseBeing.load(being.soul)
    assert found.energy_level == -10
    assert {memory["by"] async for memory in history(being.soul)} == set(range(20))
    assert len(found.memories) <= WINDOW + 1


async def test_updates_of_many_writers_add_up(database: Database) -> None:
    being = await saved(attributes={"count": 0})

    def increase(row: BaseBeing) -> None:
        row.attributes["count"] += 1

    beings = await BaseBeing.load_many([being.soul] * 25)
    await asyncio.gather(*(each.update(increase) for each in beings))
    assert (await BaseBeing.load(being.soul)).attributes == {"count": 25}
    assert {each.attributes["count"] for each in beings} == set(range(1, 26))


async def test_an_update_does_not_swallow_changes_that_were_not_saved(database: Database) -> None:
    being = await saved(attributes={"a": 1})
    being.attributes["a"] = 2
    with pytest.raises(BeingUnsaved):
        await being.update(lambda row: row.attributes.update(b=1))
    assert (await BaseBeing.load(being.soul)).attributes == {"a": 1}


async def test_an_update_whose_function_fails_writes_nothing(database: Database) -> None:
    being = await saved(attributes={"a": 1})

    def fail(row: BaseBeing) -> None:
        row.attributes["a"] = 2
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await being.update(fail)
    assert (await BaseBeing.load(being.soul)).attributes == being.attributes == {"a": 1}


async def test_inserting_the_same_twice_is_once_and_another_under_its_soul_is_refused(database: Database) -> None:
    soul = uuid4()
    await saved(soul=soul, attributes={"a": 1})
    await saved(soul=soul, attributes={"a": 1})
    for other in ({"attributes": {"a": 2}}, {"energy_level": 1}, {"memories": [{"at": "", "kind": "x"}]}):
        with pytest.raises(BeingConflict):
            await saved(soul=soul, **{"attributes": {"a": 1}, **other})
    assert (await BaseBeing.load(soul)).attributes == {"a": 1}


async def test_several_writes_are_one_transaction(database: Database) -> None:
    one, two = BaseBeing(), BaseBeing()

    class Stop(Exception):
        pass

    async def both() -> None:
        async with database.pool.acquire() as connection, connection.transaction():
            await one.save(connection=connection)
            await two.save(connection=connection)
            assert await BaseBeing.find(two.soul, connection=connection) is not None
            raise Stop

    with pytest.raises(Stop):
        await both()
    assert await BaseBeing.find(one.soul) is None
    assert await BaseBeing.find(two.soul) is None


async def test_saving_a_being_that_is_gone_says_so(database: Database) -> None:
    being = await saved()
    await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", being.soul)
    being.attributes["a"] = 1
    with pytest.raises(BeingUnknown):
        await being.save()


async def test_memories_only_grow(database: Database) -> None:
    being = await saved()
    being.remember("first")
    await being.save()
    being.memories[0]["kind"] = "rewritten"
    with pytest.raises(BeingInvalid, match="memories"):
        await being.save()
    found = await BaseBeing.load(being.soul)
    found.memories.clear()
    with pytest.raises(BeingInvalid):
        await found.save()
    assert [memory["kind"] for memory in (await BaseBeing.load(being.soul)).memories] == ["first"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"attributes": {"a": [{"b": float("nan")}]}}, "attributes.a[0].b"),
        ({"attributes": {"a": "x\0y"}}, "attributes.a"),
        ({"genesis": {"a": {"\0": 1}}}, "genesis.a"),
        ({"self_awareness": {"a": "\ud800"}}, "self_awareness.a"),
        ({"attributes": {1: 2}}, "attributes"),
        ({"attributes": {"a": {1, 2}}}, "attributes.a"),
        ({"attributes": {"a": (1, 2)}}, "attributes.a"),
        ({"attributes": {"a": 10**4300}}, "attributes.a"),
        ({"attributes": []}, "attributes"),
        ({"tags": ["a" * 501]}, "tags[0]"),
        ({"tags": ["\0"]}, "tags[0]"),
        ({"energy_level": 2**31}, "energy_level"),
        ({"energy_level": True}, "energy_level"),
        ({"embedding": []}, "embedding"),
        ({"embedding": [float("inf")]}, "embedding[0]"),
        ({"memories": [{"kind": "x"}]}, "memories[0]"),
        ({"memories": [{"kind": "x", "at": "", "bad": float("inf")}]}, "memories[0].bad"),
    ],
)
async def test_what_the_tables_cannot_hold_is_refused_by_name(
    database: Database, fields: dict[str, object], named: str
) -> None:
    being = BaseBeing(**fields)  # type: ignore[arg-type]
    with pytest.raises(BeingInvalid) as caught:
        await being.save()
    assert caught.value.details["field"] == named
    assert await BaseBeing.find(being.soul) is None


async def test_nesting_has_an_end() -> None:
    value: object = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(BeingInvalid) as caught:
        await BaseBeing(attributes={"a": value}).save()
    assert caught.value.details["reason"] == "nested"


async def test_energy_that_adds_up_beyond_its_column_is_refused(database: Database) -> None:
    being = await saved(energy_level=2**31 - 1)
    other = await BaseBeing.load(being.soul)
    other.energy_level -= 1
    await other.save()
    being.energy_level -= 2**31
    await being.save()
    stale = await BaseBeing.load(being.soul)
    await being.update(lambda row: setattr(row, "energy_level", 2**31 - 1))
    stale.energy_level += 2
    with pytest.raises(BeingInvalid):
        await stale.save()


async def test_core_beings_are_neither_changed_nor_made(database: Database) -> None:
    with pytest.raises(BeingStatic):
        await BaseBeing(genesis={"type": "function", "tier": "core"}).save()
    being = await saved()
    being.genesis["tier"] = "core"
    with pytest.raises(BeingStatic):
        await being.save()
    plain = await saved()
    await database.pool.execute('UPDATE base_beings SET genesis = genesis || \'{"tier": "core"}\'')
    plain.attributes["a"] = 1
    with pytest.raises(BeingStatic):
        await plain.save()


async def test_without_a_database_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    with pytest.raises(NotOpen):
        await BaseBeing.load(uuid4())


@pytest.mark.parametrize("genesis", [{}, {"owner": None}])
async def test_a_being_keeps_its_owner_where_a_change_names_nobody(
    database: Database, genesis: dict[str, None]
) -> None:
    being = BaseBeing(genesis={"owner": "somebody"})
    await being.save()
    being.genesis = genesis  # type: ignore[assignment]
    being.attributes["changed"] = True
    await being.save()
    assert (await BaseBeing.load(being.soul)).owner == "somebody"


async def test_a_connection_that_was_given_back_is_told(database: Database) -> None:
    being = BaseBeing(attributes={"a": 1})
    await being.save()
    async with database.pool.acquire() as connection:
        pass
    being.attributes["a"] = 2
    fresh, kept = BaseBeing(), await BaseBeing.load(being.soul)
    for attempt in (
        lambda: being.save(connection=connection),
        lambda: fresh.save(connection=connection),
        lambda: kept.update(lambda one: one.tags.append("x"), connection=connection),
        lambda: BaseBeing.load(being.soul, connection=connection),
        lambda: BaseBeing.load_many([being.soul], connection=connection),
        lambda: BaseBeing.find(being.soul, connection=connection),
        lambda: delete(being, connection=connection),
        lambda: save_all([being, fresh], connection=connection),
    ):
        with pytest.raises(ConnectionGivenBack):
            await attempt()
    await being.save()
    assert (await BaseBeing.load(being.soul)).attributes == {"a": 2}
