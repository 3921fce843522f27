"""Typed attributes: checked at every write, filled with their defaults, refused by name."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests.beings.test_py_types import typed_values

from luxos.beings import typed
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.errors import AttributeUndeclared, AttributeUnfit, BeingConflict, GenotypeInvalid
from luxos.beings.py_types import py_type
from luxos.i18n import speaking
from luxos.persistence.database import Database

NET = {"net": {"py_type": "float", "default": 0.0}, "lines": {"py_type": "list[dict[str, int]]"}}
many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def invoice(**attributes: Any) -> BaseBeing:
    return BaseBeing(genesis={"type": "invoice", "attributes": NET}, attributes=attributes)


async def rows(database: Database) -> int:
    return int(await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE NOT genesis ? 'tier'"))


async def test_defaults_are_filled_when_a_being_is_made(database: Database) -> None:
    declared = {"tags": {"py_type": "list[str]", "default": []}, "n": {"py_type": "int"}}
    one, two = (BaseBeing(genesis={"type": "a", "attributes": declared}) for _ in range(2))
    await one.save()
    one.attributes["tags"].append("x")
    await save_all([two])
    assert (await BaseBeing.load(two.soul)).attributes == {"tags": []}
    assert declared["tags"]["default"] == []
    await one.save()
    assert (await BaseBeing.load(one.soul)).attributes == {"tags": ["x"]}


async def test_every_way_to_write_is_checked(database: Database) -> None:
    being = invoice(lines=[{"a": 1}])
    await being.save()

    async def saved() -> None:
        found = await BaseBeing.load(being.soul)
        found.attributes["lines"] = [{"a": 1}, {"b": 2, "c": "3"}]
        await found.save()

    async def saved_with_others() -> None:
        found = await BaseBeing.load(being.soul)
        found.attributes["lines"] = [{"a": 1}, {"b": 2, "c": "3"}]
        await save_all([invoice(), found])

    async def made_with_others() -> None:
        await save_all([invoice(), invoice(lines=[{}, {"c": "3"}])])

    async def updated() -> None:
        await being.update(lambda row: row.attributes.update(net=1.5, lines=[{}, {"c": "3"}]))

    async def made() -> None:
        await invoice(lines=[{}, {"c": "3"}]).save()

    for write in (saved, saved_with_others, made_with_others, updated, made):
        with pytest.raises(AttributeUnfit) as caught:
            await write()
        details = caught.value.details
        assert {key: details[key] for key in ("field", "came", "value", "wanted")} == {
            "field": "lines[1].c",
            "came": "str",
            "value": "'3'",
            "wanted": "int",
        }
    assert (await BaseBeing.load(being.soul)).attributes == {"net": 0.0, "lines": [{"a": 1}]}
    assert await rows(database) == 1


async def test_a_refusal_is_a_sentence_in_both_languages(database: Database) -> None:
    being = invoice(net="12" * 500)
    with pytest.raises(AttributeUnfit) as caught:
        await being.save()
    said = {}
    for language in ("en", "pl"):
        with speaking(language):
            said[language] = str(caught.value)
    assert said["en"].startswith(f"The attribute net of {being.soul} must be float, and what came is str: '1212")
    assert said["pl"].startswith(f"Atrybut net bytu {being.soul} musi być typu float, a przyszło str: '1212")
    assert all(len(text) < 260 for text in said.values())


async def test_only_what_is_declared_or_reserved_is_taken(database: Database) -> None:
    with pytest.raises(AttributeUndeclared) as caught:
        await invoice(gross=1).save()
    assert (caught.value.details["field"], caught.value.details["declared"]) == ("gross", "lines, net")
    kept = {"energy": {"capacity": 5, "per_hour": 1}, "deleted": {"at": "2026-01-01T00:00:00"}}
    being = invoice(**kept)
    await being.save()
    assert (await BaseBeing.load(being.soul)).attributes == {**kept, "net": 0.0}
    await BaseBeing(genesis={"type": "note"}, attributes={"anything": 1}).save()
    assert await rows(database) == 2


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ([], "attributes"),
        ({"a": "int"}, "attributes.a"),
        ({"a": {"default": 1}}, "attributes.a"),
        ({"a": {"py_type": "integer"}}, "attributes.a.py_type"),
        ({"a": {"py_type": ["int"]}}, "attributes.a.py_type"),
        ({"a": {"py_type": None}}, "attributes.a.py_type"),
        ({"a": {"py_type": "int", "default": "1"}}, "attributes.a.default"),
        ({"a": {"py_type": "list[int]", "default": [1, None]}}, "attributes.a.default[1]"),
        ({"a": {"py_type": "float", "default": None}}, "attributes.a.default"),
    ],
)
async def test_a_declaration_that_is_none_is_refused(database: Database, attributes: Any, field: str) -> None:
    for kind in ("thing", "class"):
        with pytest.raises(GenotypeInvalid) as caught:
            await BaseBeing(genesis={"type": kind, "attributes": attributes}).save()
        assert caught.value.details["field"] == field
        assert field in str(caught.value)
    assert await rows(database) == 0


@many
@given(typed_values())
async def test_a_value_of_its_type_comes_back(database: Database, case: tuple[str, Any]) -> None:
    text, value = case
    being = BaseBeing(genesis={"type": "a", "attributes": {"x": {"py_type": text}}}, attributes={"x": value})
    await being.save()
    assert (await BaseBeing.load(being.soul)).attributes == {"x": value}


@many
@given(typed_values(), typed_values())
async def test_a_value_of_another_type_leaves_the_row_as_it_was(
    database: Database, case: tuple[str, Any], other: tuple[str, Any]
) -> None:
    text, value = case
    assume(py_type(text).misfit(other[1], "x") is not None)
    being = BaseBeing(genesis={"type": "a", "attributes": {"x": {"py_type": text}}}, attributes={"x": value})
    await being.save()
    before = await database.pool.fetchrow("SELECT *, xmin::TEXT FROM base_beings WHERE soul = $1", being.soul)
    being.attributes["x"], being.genesis["name"] = other[1], "not written either"
    with pytest.raises(AttributeUnfit):
        await being.save()
    assert await database.pool.fetchrow("SELECT *, xmin::TEXT FROM base_beings WHERE soul = $1", being.soul) == before


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("declared", "now", "value"),
    [
        ({"x": {"py_type": "int | str"}}, {"x": {"py_type": "int"}}, {"x": "a text"}),
        (None, {"x": {"py_type": "int"}, "y": {"py_type": "int"}}, {"y": "a text"}),
    ],
)
async def test_a_declaration_and_a_value_written_at_once_never_contradict(
    database: Database, declared: Any, now: Any, value: Any, order: int, together: bool
) -> None:
    genesis = {"type": "a", **({"attributes": declared} if declared else {})}
    being = BaseBeing(genesis=genesis, attributes={"x": 1})
    await being.save()
    one, two = await BaseBeing.load(being.soul), await BaseBeing.load(being.soul)
    one.genesis["attributes"] = now
    two.attributes |= value
    first, second = (one, two)[::order]
    await first.save()
    with pytest.raises(BeingConflict):
        await (save_all([second]) if together else second.save())
    typed.check(await BaseBeing.load(being.soul))


def test_python_values_become_their_texts() -> None:
    moment, name = datetime(2026, 1, 2, 3, 4, tzinfo=UTC), uuid4()
    assert typed.as_json({"a": (moment, moment.date()), "b": name, "c": Decimal("1.50"), "d": [None, 1]}) == {
        "a": ["2026-01-02T03:04:00+00:00", "2026-01-02"],
        "b": str(name),
        "c": "1.50",
        "d": [None, 1],
    }


def test_what_fits_goes_on_and_the_rest_is_named() -> None:
    genesis = {"type": "a", "attributes": {"x": {"py_type": "str"}, "y": {"py_type": "int"}}}
    old = {"x": 1, "y": 2, "z": 3, "energy": {"capacity": 1}}
    assert typed.inherited(genesis, old) == ({"y": 2, "energy": {"capacity": 1}}, ["x", "z"])
    assert typed.inherited({"type": "a"}, old) == (old, [])


def test_what_is_shown_of_a_value_is_short() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    for value in (deep, list(range(10**6)), "x" * 10**6, {"a": deep}, 10**5000):
        with pytest.raises(AttributeUnfit) as caught:
            typed.check(
                BaseBeing(soul=UUID(int=1), genesis={"attributes": {"x": {"py_type": "bool"}}}, attributes={"x": value})
            )
        assert len(str(caught.value)) < 300
