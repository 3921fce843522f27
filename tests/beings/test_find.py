"""Finding beings: what a filter means, beside a plain reading of it, in every order, page by page."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.beings.conditions import jsonpath
from luxos.beings.errors import BeingConflict, FilterInvalid
from luxos.beings.filter import Comparison, Filter
from luxos.beings.find import ORDERS, count, ensure_vector_index, find, page
from luxos.persistence.database import Database
from luxos.persistence.queries import parts as parts_of_statements

MORNING = datetime(2026, 1, 1, tzinfo=UTC)


async def make(number: int = 0, **parts: Any) -> BaseBeing:
    parts.setdefault("genesis", {"type": "note", "name": f"note{number}"})
    being = BaseBeing(created_at=MORNING + timedelta(hours=number), **parts)
    await being.save()
    return being


async def names(*args: Any, **parts: Any) -> set[str]:
    return {being.genesis["name"] async for being in find(*args, **parts)}


async def some() -> None:
    await make(1, tags=["money", "new"], energy_level=5, attributes={"rate": 23, "city": "Kraków", "a": [1, 2]})
    await make(2, tags=["money"], energy_level=50, attributes={"rate": 8, "title": "Faktura za prąd", "a": [0]})
    await make(3, tags=["old"], energy_level=500, attributes={"rate": "23", "address": {"city": "Łódź"}})
    await make(4, genesis={"type": "task", "name": "note4", "owner": "ala", "purpose": "Liczy fakturowanie"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "1234"),
        ("tag:money", "12"),
        ("tag:money tag:new", "1"),
        ("tag:new|old", "13"),
        ("-tag:money", "34"),
        ("tag:money -tag:new", "2"),
        ("energy:5..50", "12"),
        ("energy:51..", "3"),
        ("energy:..4", "4"),
        ("rate > 20", "1"),
        ("rate = 23", "1"),
        ('rate = "23"', "3"),
        ("rate != 23", "2"),
        ("a = 2", "1"),
        ("a < 1", "2"),
        ("address.city = Łódź", "3"),
        ('attributes:{"a": [1]}', "1"),
        ('genesis:{"owner": "ala"}', "4"),
        ("kind:task", "4"),
        ("owner:ala", "4"),
        ("name:note2", "2"),
        ('path:"$.a[*] ? (@ > 1)"', "1"),
        ('path:"$.rate > 20"', "1"),
        ('path:"exists($.address)"', "3"),
        ('path:"strict $.address.city"', "3"),
        ("created:2026-01-01T02:00..2026-01-01T04:00", "23"),
        ("created:2026-01-01", "1234"),
        ("created:2026-01-02..", ""),
        ("fakt", "24"),
        ("FAKTURA", "2"),
        ("krak", "1"),
        ("prąd faktura", "2"),
        ("note3", "3"),
        ("tag:money rate > 5 energy:..10", "1"),
    ],
)
async def test_a_filter_finds_what_it_says(database: Database, text: str, found: str) -> None:
    await some()
    assert await names(text) == {f"note{digit}" for digit in found}
    assert await count(text) == len(found)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"path": "$.a ? ("}, "jsonpath"),
        ({"path": "DROP TABLE base_beings; --"}, "jsonpath"),
        ({"path": '$.a like_regex "("'}, "jsonpath"),
        ({"text": "?!"}, "word"),
        ({"order": "sideways"}, "order"),
        ({"order": "likeness"}, "text"),
        ({"order": "distance"}, "vector"),
        ({"limit": 0}, "page"),
        ({"limit": 10**9}, "page"),
        ({"after": "nothing"}, "key"),
        ({"after": f"5~{uuid4()}"}, "key"),
        ({"after": str(uuid4()), "order": "energy"}, "key"),
        ({"after": f"x~{uuid4()}", "order": "energy"}, "key"),
    ],
)
async def test_what_has_no_meaning_is_refused(database: Database, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(FilterInvalid) as caught:
        await page(**parts)
    assert reason in caught.value.details["reason"]
    async with database.pool.acquire() as connection, connection.transaction():
        with pytest.raises(FilterInvalid):
            await page(connection=connection, **parts)
        assert await connection.fetchval("SELECT 1") == 1


@pytest.mark.parametrize("text", ["'; DROP TABLE base_beings; --", '"', "\\", "{a,b}", "$1", "%", "'':*", "a' | 'b"])
async def test_sql_is_only_text(database: Database, text: str) -> None:
    await make(1, tags=[text], attributes={text: text, "a": text}, genesis={"type": text, "name": "it", "owner": text})
    await make(2)
    for parts in (
        {"tags": [text]},
        {"any_tags": [text, "x"]},
        {"kind": text},
        {"owner": text},
        {"attributes": {text: text}},
        {"where": [((text,), "=", text)]},
    ):
        assert await names(**parts) == {"it"}, parts
    assert "it" not in await names(without_tags=[text])


async def test_tombstones_and_the_systems_own_are_found_only_when_they_are_asked_for(database: Database) -> None:
    await make(1)
    await make(2, tags=["tombstone"])
    for number, kind in enumerate(("run", "message", "memory", "alias"), 3):
        await make(number, genesis={"type": kind, "name": kind})
    await make(8, tags=["soul"], genesis={"type": "function", "name": "version"})
    await make(9, tags=["run"])
    assert await names() == {"note1", "note9"}
    assert await names("with:deleted") == {"note1", "note2", "note9"}
    assert await names("tag:tombstone") == {"note2"}
    assert await names("kind:run") == {"run"}
    assert await names("kind:function") == set()
    assert await names("tag:soul") == {"version"}
    everything = {being.soul async for being in find("with:system with:deleted")}
    assert len(everything) == await database.pool.fetchval("SELECT count(*) FROM base_beings")


@pytest.mark.parametrize("order", [order for order in ORDERS if order != "distance"])
async def test_pages_give_each_being_once_and_in_order(database: Database, order: str) -> None:
    made = [
        await make(number % 4, energy_level=number % 3, attributes={"t": "x " * (number % 5)}) for number in range(23)
    ]
    text = "x" if order == "likeness" else None
    whole = [being.soul async for being in find(text=text, order=order)]
    assert sorted(whole) == sorted(being.soul for being in made if text is None or being.attributes["t"])
    paged: list[UUID] = []
    key, pages = None, 0
    while pages == 0 or key is not None:
        beings, key = await page(text=text, order=order, limit=5, after=key)
        assert 1 <= len(beings) <= 5
        paged += [being.soul for being in beings]
        pages += 1
    assert paged == whole
    by_soul = {being.soul: being for being in made}
    values = [_value(by_soul[soul], order) for soul in whole]
    assert values == sorted(values, reverse=order.startswith("-"))
    assert [being.soul async for being in find(text=text, order=order, limit=7)] == whole[:7]


def _value(being: BaseBeing, order: str) -> Any:
    if order == "likeness":
        return 0
    return {"soul": being.soul, "created": being.created_at, "energy": being.energy_level}[order.removeprefix("-")]


async def test_what_is_written_meanwhile_makes_nothing_missed_or_seen_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luxos.beings.find._STREAM", 5)
    stable = {(await make(number, tags=["stable"])).soul for number in range(40)}
    gone = [await make(number, tags=["gone"]) for number in range(40)]
    seen: list[UUID] = []
    async for being in find(kind="note"):
        seen.append(being.soul)
        await make(len(seen), tags=["new"])
        if gone:
            await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", gone.pop().soul)
    assert len(set(seen)) == len(seen)
    assert stable <= set(seen)


async def test_a_being_that_was_found_is_saved_like_one_that_was_loaded(database: Database) -> None:
    await make(1, tags=["money"])
    first, second = [(await page("tag:money")).beings[0] for _time in range(2)]
    first.attributes["a"] = 1
    second.attributes["b"] = 2
    await first.save()
    await second.save()
    third = [being async for being in find("a = 1 b = 2")]
    assert [being.soul for being in third] == [first.soul]
    first.attributes["a"] = 3
    third[0].attributes["a"] = 4
    await first.save()
    with pytest.raises(BeingConflict):
        await third[0].save()


async def test_of_beings_that_are_equally_near_each_is_on_one_page(database: Database) -> None:
    twins = [await make(number, tags=["twin"], embedding=[1.0, 2.0]) for number in range(25)]
    nearer = [await make(number, tags=["twin"], embedding=[1.0, 2.0 + number / 10]) for number in range(1, 4)]
    found, key = [], None
    while not found or key is not None:
        some, key = await page(tags=["twin"], near=[1.0, 2.5], limit=4, after=key)
        found += [being.soul for being in some]
    assert found[:3] == [being.soul for being in reversed(nearer)]
    assert found[3:] == sorted(being.soul for being in twins)


async def test_the_more_a_text_is_met_the_earlier_a_being_comes(database: Database) -> None:
    await make(1, attributes={"title": "faktura"})
    await make(2, attributes={"title": "faktura, faktury i fakturowanie"})
    await make(3, attributes={"title": "umowa"})
    assert [being.genesis["name"] async for being in find("faktur", order="likeness")] == ["note2", "note1"]


async def test_attributes_too_long_for_an_index_of_words_are_kept_and_found_by_name(database: Database) -> None:
    being = await make(1, attributes={"text": "słowo " * 200_000, "x": 1})
    await make(2, genesis={"type": "note", "name": "b" * 3000 + " " + "słowa " * 300_000})
    assert await names("note1 x = 1") == {"note1"}
    assert await names("słow") == set()
    being.attributes["text"] = "słowo"
    await being.save()
    assert await names("słow") == {"note1"}


@pytest.mark.parametrize("indexed", [False, True])
async def test_vectors_are_found_by_nearness_among_those_of_their_length(database: Database, indexed: bool) -> None:
    for number in range(30):
        await make(number, embedding=[1.0, number / 10, 0.0], tags=["even"] if number % 2 == 0 else ["odd"])
    await make(40, embedding=[1.0, 0.0])
    await make(41)
    if indexed:
        await ensure_vector_index(3)
        await ensure_vector_index(3)
    order = [being.genesis["name"] async for being in find(near=[1, 0, 0], limit=4)]
    assert order == ["note0", "note1", "note2", "note3"]
    order = [being.genesis["name"] async for being in find(near=[1, 0, 0], tags=["odd"], limit=3)]
    assert order == ["note1", "note3", "note5"]
    first = await page(near=[1, 0, 0], limit=20)
    second = await page(near=[1, 0, 0], limit=20, after=first.next_key)
    assert [being.genesis["name"] for being in (*first.beings, *second.beings)] == [f"note{n}" for n in range(30)]
    assert second.next_key is None
    assert await names(near=[0, 1], limit=5) == {"note40"}


async def nearest_that_are_far(database: Database) -> list[int]:
    """Pages of all that have a tag, over an index of vectors that gives up early: the others are all nearer."""
    for number in range(400):
        await BaseBeing(embedding=[1.0, number / 400, 0.5], tags=["far"] if number >= 390 else []).save()
    await ensure_vector_index(3)
    found, key = [], None
    async with database.pool.acquire() as connection:
        await connection.execute("SET hnsw.max_scan_tuples = 1; SET enable_seqscan = off; SET enable_bitmapscan = off")
        while not found or key is not None:
            some, key = await page(near=[1, 0, 0.5], tags=["far"], limit=4, after=key, connection=connection)
            found += [round((being.embedding or [0, 0])[1] * 400) for being in some] or [-1]
        await connection.execute("RESET ALL")
    return found


async def test_an_index_that_gives_up_does_not_end_the_pages(database: Database) -> None:
    assert await nearest_that_are_far(database) == list(range(390, 400))


async def test_without_a_second_look_they_would_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""

    async def none(*_arguments: Any) -> bool:
        return False

    monkeypatch.setattr("luxos.beings.find._has_index", none)
    assert await nearest_that_are_far(database) == [-1]


async def test_an_index_of_vectors_is_made_where_processes_share_no_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(1, embedding=[1.0, 0.0, 0.5])
    execute, workers = asyncpg.Connection.execute, []

    async def without_room(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
        if query.startswith("CREATE INDEX"):
            workers.append(await self.fetchval("SHOW max_parallel_maintenance_workers"))
            if workers[-1] != "0":
                raise asyncpg.DiskFullError("could not resize shared memory segment: No space left on device")
        return await execute(self, query, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "execute", without_room)
    await ensure_vector_index(3)
    monkeypatch.undo()
    assert workers == ["2", "0"]
    assert (
        await database.pool.fetchval("SELECT count(*) FROM pg_indexes WHERE indexname = 'idx_luxos_embedding_3'") == 1
    )
    assert await database.pool.fetchval("SHOW maintenance_work_mem") == "64MB"


@pytest.mark.parametrize("dimension", [0, 2001, True, "3); DROP TABLE base_beings; --"])
async def test_only_lengths_that_an_index_takes_are_indexed(database: Database, dimension: Any) -> None:
    with pytest.raises(FilterInvalid):
        await ensure_vector_index(dimension)


EXPLAINED = [
    ("tag:money", "idx_being_tags"),
    ("tag:rare|other", "idx_being_tags"),
    ("energy:777..780", "idx_base_beings_energy_level"),
    ('attributes:{"rate": 7}', "idx_base_beings_attributes"),
    ("rate = 7", "idx_base_beings_attributes"),
    ("name:note7", "idx_base_beings_genesis"),
    ("created:2026-01-01T05:00..2026-01-01T06:00", "idx_luxos_created"),
    ("uniq7", "idx_luxos_text"),
]


@pytest.mark.parametrize(("text", "index"), EXPLAINED)
async def test_indexes_can_answer(database: Database, text: str, index: str) -> None:
    """That they are chosen at a million rows is looked at by the benchmarks; here, that the conditions fit them."""
    from luxos.beings.conditions import Statement, conditions
    from luxos.beings.filter_text import parse

    async with database.pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")
        statement = Statement("find_beings")
        await conditions(statement, parse(text), connection)
        plan = await connection.fetch("EXPLAIN " + statement.text, *statement.arguments)
        await connection.execute("RESET enable_seqscan")
    assert index in "\n".join(row[0] for row in plan)


async def plans_made(database: Database, monkeypatch: pytest.MonkeyPatch, condition: str) -> tuple[int, int]:
    """Asks for many energies; how often PostgreSQL planned for them, and how often for any."""
    monkeypatch.setitem(parts_of_statements()._texts, "find_for_values", condition)
    async with database.pool.acquire() as connection:
        for energy in range(20):
            await page(energy=(energy, energy), connection=connection)
        row = await connection.fetchrow(
            "SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE $1",
            "%energy_level >=%",
        )
    return int(row[0]), int(row[1])


async def test_a_statement_that_is_kept_is_planned_for_its_values(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the control: without the condition that says so, it is planned once for any."""
    assert await plans_made(database, monkeypatch, parts_of_statements()["find_for_values"]) == (20, 0)


async def test_without_its_condition_it_is_planned_for_any_values(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    custom, generic = await plans_made(database, monkeypatch, "AND $1::BOOLEAN")
    assert generic > 0
    assert custom + generic == 20


values = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", '"', "\\"])
keys = st.sampled_from(["a", "b", 'c"d', "e.f", "g\\h"])
inner = st.recursive(values, lambda below: st.lists(below, max_size=3) | st.dictionaries(keys, below, max_size=2))
rows = st.lists(st.dictionaries(keys, inner, max_size=3), min_size=1, max_size=5)
compared = st.builds(
    Comparison,
    st.lists(keys, min_size=1, max_size=2).map(tuple),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    values,
)


@given(rows, compared)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_comparisons_are_those_of_a_plain_reading(
    database: Database, attributes: list[dict[str, Any]], one: Comparison
) -> None:
    found = await database.pool.fetch(
        "SELECT item @? $2::TEXT::JSONPATH AS fits "
        "FROM jsonb_array_elements($1::JSONB) WITH ORDINALITY AS one(item, at) ORDER BY at",
        attributes,
        jsonpath(one),
    )
    assert [row["fits"] for row in found] == [_fits(item, one) for item in attributes], json.dumps(attributes)


def _fits(attributes: Mapping[str, Any], one: Comparison) -> bool:
    """What docs/reference/filters.md says of a comparison, in Python."""
    reached: list[Any] = [attributes]
    for name in one.attribute:
        flat = [item for value in reached for item in (value if isinstance(value, list) else [value])]
        reached = [value[name] for value in flat if isinstance(value, dict) and name in value]
    for _level in range(2):  # a list of lists is looked into too
        reached = [item for value in reached for item in (value if isinstance(value, list) else [value])]
    return any(_compares(value, one.operator, one.value) for value in reached)


def _compares(left: Any, operator: str, right: Any) -> bool:
    """Values of one kind compare; `null` is unequal to everything else."""
    if (left is None) != (right is None):
        return operator == "!="
    if left is None:
        return operator in ("=", "<=", ">=")
    if isinstance(left, list | dict):
        return False
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        return False
    return bool(
        {
            "=": left == right,
            "!=": left != right,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
        }[operator]
    )


def test_a_filter_has_no_room_for_what_it_does_not_know() -> None:
    with pytest.raises(TypeError):
        Filter(colour="red")  # type: ignore[call-arg]
