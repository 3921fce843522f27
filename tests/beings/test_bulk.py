"""Many rows at once: what `save` says of one, `save_all` says of all, or nothing is written."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.beings.test_values import OBJECTS, TEXT

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.errors import BeingConflict, BeingInvalid, BeingStatic, BeingUnknown
from luxos.beings.function import FunctionBeing
from luxos.beings.record import Record
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database
from luxos.persistence.json_codec import canonical


def notes(count: int, **fields: object) -> list[BaseBeing]:
    return [
        BaseBeing(genesis={"type": "note"}, attributes={"n": number}, **fields)  # type: ignore[arg-type]
        for number in range(count)
    ]


async def numbers(beings: list[BaseBeing]) -> list[int]:
    return [being.attributes["n"] for being in await BaseBeing.load_many([being.soul for being in beings])]


async def test_new_rows_and_their_relationships_come_back(database: Database) -> None:
    beings = notes(2500, tags=["x"], embedding=[0.5, -1.0], energy_level=3)
    beings[7].remember("made")
    ties = [RelationshipBeing(source_soul=one.soul, target_soul=two.soul) for one, two in pairwise(beings)]
    await save_all([*ties, *beings])
    found = await BaseBeing.load_many([being.soul for being in beings])
    assert [(one.attributes, one.tags, one.energy_level, one.embedding) for one in found] == [
        (one.attributes, one.tags, one.energy_level, one.embedding) for one in beings
    ]
    assert found[7].memories == beings[7].memories
    assert {one.owner for one in found} == {beings[0].owner} != {None}
    assert {one.created_at for one in found} == {beings[0].created_at}
    assert len(await RelationshipBeing.load_many([tie.id for tie in ties])) == 2499


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(OBJECTS, OBJECTS, st.lists(TEXT, max_size=2), st.integers(-9, 9)), max_size=5))
async def test_copied_values_are_the_values(
    database: Database, rows: list[tuple[dict[str, object], dict[str, object], list[str], int]]
) -> None:
    beings = [
        BaseBeing(attributes=first, self_awareness=second, tags=tags, energy_level=energy)
        for first, second, tags, energy in rows
    ]
    await save_all(beings)
    found = await BaseBeing.load_many([being.soul for being in beings])
    assert [canonical([one.attributes, one.self_awareness, one.tags, one.energy_level]) for one in found] == [
        canonical([one.attributes, one.self_awareness, one.tags, one.energy_level]) for one in beings
    ]


async def test_what_was_written_can_be_changed_and_written_again(database: Database) -> None:
    beings = notes(20)
    await save_all(beings)
    for being in beings:
        being.attributes["n"] += 100
        being.energy_level += 1
        being.remember("counted")
    await save_all([*beings, *beings])
    await save_all(beings)
    assert await numbers(beings) == list(range(100, 120))
    assert {len(one.memories) for one in await BaseBeing.load_many([one.soul for one in beings])} == {1}


async def test_others_fields_are_seen_after_it(database: Database) -> None:
    (being,) = notes(1)
    await save_all([being])
    other = await BaseBeing.load(being.soul)
    other.attributes["theirs"] = 1
    other.energy_level += 5
    await other.save()
    being.attributes["ours"] = 2
    being.energy_level += 1
    await save_all([being])
    assert (being.attributes, being.energy_level) == ({"n": 0, "theirs": 1, "ours": 2}, 6)


async def test_the_first_conflict_is_named_and_nothing_is_written(database: Database) -> None:
    beings, new = notes(9), notes(1)
    await save_all(beings)
    for number in (6, 3):
        other = await BaseBeing.load(beings[number].soul)
        other.attributes["n"] = -1
        await other.save()
    for being in beings:
        being.attributes["n"] += 10
    with pytest.raises(BeingConflict) as caught:
        await save_all([*new, *beings])
    assert caught.value.details == {"soul": beings[3].soul, "field": "attributes.n"}
    assert await numbers(beings) == [0, 1, 2, -1, 4, 5, -1, 7, 8]
    assert await BaseBeing.find(new[0].soul) is None
    new[0].attributes["n"] = 1
    await save_all(new)
    assert await numbers(new) == [1]


async def test_writing_twice_is_writing_once_and_another_under_its_soul_is_refused(database: Database) -> None:
    soul, rest = uuid4(), notes(3)

    def one(n: int) -> BaseBeing:
        return BaseBeing(soul=soul, attributes={"n": n})

    await save_all([rest[0], one(1), one(1), rest[1]])
    again = one(1)
    await save_all([again, rest[2]])
    again.attributes["n"] = 2
    await again.save()
    for other in (one(1), one(3)):
        missing = notes(1)
        with pytest.raises(BeingConflict) as caught:
            await save_all([*missing, other])
        assert caught.value.details == {"soul": soul, "field": "attributes.n"}
        assert await BaseBeing.find(missing[0].soul) is None
    with pytest.raises(BeingConflict):
        await save_all([BaseBeing(soul=(twice := uuid4()), attributes={"n": 1}), BaseBeing(soul=twice)])
    assert await BaseBeing.find(twice) is None


async def test_many_who_write_the_same_new_rows_agree(database: Database) -> None:
    souls = [uuid4() for _ in range(50)]

    async def write(order: int) -> None:
        await save_all([BaseBeing(soul=soul, attributes={"a": 1}) for soul in (souls if order % 2 else souls[::-1])])

    await asyncio.gather(*map(write, range(6)))
    assert {being.attributes["a"] for being in await BaseBeing.load_many(souls)} == {1}


async def test_many_who_change_the_same_rows_add_up_or_conflict(database: Database) -> None:
    beings = notes(40)
    await save_all(beings)

    async def write(order: int) -> bool:
        mine = await BaseBeing.load_many([being.soul for being in (beings if order % 2 else beings[::-1])])
        for being in mine:
            being.energy_level += 1
            if order < 2:
                being.attributes["n"] = -1
        try:
            await save_all(mine)
        except BeingConflict:
            return False
        return True

    written = sum(await asyncio.gather(*map(write, range(8))))
    assert written in {7, 8}
    assert {one.energy_level for one in await BaseBeing.load_many([one.soul for one in beings])} == {written}


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (lambda soul: BaseBeing(attributes={"a": float("nan")}), BeingInvalid),
        (lambda soul: BaseBeing(tags=["\0"]), BeingInvalid),
        (lambda soul: BaseBeing(genesis={"tier": "core"}), BeingStatic),
        (lambda soul: RelationshipBeing(source_soul=soul, target_soul=UUID(int=1)), BeingUnknown),
        (lambda soul: RelationshipBeing(source_soul=UUID(int=1), target_soul=soul), BeingUnknown),
    ],
)
async def test_one_that_cannot_be_written_keeps_all_from_it(
    database: Database, broken: Callable[[UUID], Record], error: type[Exception]
) -> None:
    beings = notes(300)
    with pytest.raises(error) as caught:
        await save_all([*beings, broken(beings[0].soul)])
    if error is BeingUnknown:
        assert str(UUID(int=1)) in str(caught.value)
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE genesis ->> 'type' = 'note'") == 0
    await save_all(beings)
    assert await numbers(beings) == list(range(300))


async def test_it_joins_a_transaction(database: Database) -> None:
    beings = notes(5)

    class Stop(Exception):
        pass

    async def both() -> None:
        async with database.pool.acquire() as connection, connection.transaction():
            await save_all(beings, connection=connection)
            with pytest.raises(BeingInvalid):
                await save_all([BaseBeing(tags=["\0"])], connection=connection)
            assert len(await BaseBeing.load_many([being.soul for being in beings], connection=connection)) == 5
            raise Stop

    with pytest.raises(Stop):
        await both()
    assert await BaseBeing.find(beings[0].soul) is None


async def test_nothing_is_nothing(database: Database) -> None:
    count = "SELECT count(*) FROM base_beings"
    before = await database.pool.fetchval(count)
    await save_all([])
    assert await database.pool.fetchval(count) == before
    saved = notes(1)
    await save_all(saved)
    await save_all(saved)
    assert await database.pool.fetchval(count) == before + 1


async def test_a_stream_gives_each_row_of_its_kind_as_it_was_when_it_began(database: Database) -> None:
    beings = notes(2300)
    functions = [FunctionBeing(genesis={"type": "function"}) for _ in range(10)]
    gone = BaseBeing(genesis={"type": "function"}, tags=["tombstone"])
    await save_all([*beings, *functions, gone])
    seen = set()
    async for being in FunctionBeing.stream(chunk=3):
        if not seen:
            await save_all([FunctionBeing(genesis={"type": "function"})])
        seen.add(being.soul)
    assert seen == {function.soul for function in functions}
    assert len([one async for one in FunctionBeing.stream(deleted=True)]) == 12
    every = [being.soul async for being in BaseBeing.stream()]
    assert len(every) == len(set(every)) >= 2311
    assert {being.soul for being in beings} <= set(every)


async def test_a_stream_that_is_left_gives_its_connection_back(database: Database) -> None:
    await save_all(notes(50))
    for _ in range(30):
        stream = BaseBeing.stream(chunk=5)
        assert (await anext(stream)).soul
        await stream.aclose()  # type: ignore[attr-defined]
    assert database.pool.get_size() - database.pool.get_idle_size() == 0
