"""What a jsonpath asks of an object, beside PostgreSQL, which says what it finds."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings import jsonpath
from luxos.beings.being import BaseBeing
from luxos.beings.conditions import read_path
from luxos.beings.errors import FilterInvalid
from luxos.beings.find import page, reads_all
from luxos.beings.jsonpath import Asked, asked
from luxos.persistence.database import Database

KEYS = ["a", "b", 'c"d', "e.f", "g\\h", "||", "!", "(", "$.a"]
quoted = st.sampled_from(KEYS).map(json.dumps)
steps = st.lists(
    quoted.map(lambda key: "." + key) | st.sampled_from(["[*]", "[0]", ".*", ".**", ".size()", ".type()", "[$.a]"]),
    max_size=3,
).map("".join)
literals = st.sampled_from(["1", "0", "true", "null", '"a"', '"||"', "1.5"])


def below(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Truths, from smaller ones."""
    return st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            lambda three: f"({three[0]}) {three[1]} ({three[2]})"
        ),
        inner.map(lambda one: f"!({one})"),
        inner.map(lambda one: f"({one}) is unknown"),
        st.tuples(ways, inner).map(lambda two: f"exists({two[0]} ? ({two[1]}))"),
    )


ways = st.tuples(st.sampled_from(["$", "$", "$", "@"]), steps).map("".join)
sides = ways | literals | ways.map(lambda way: f"{way} + 1") | ways.map(lambda way: f"-{way}")
truths = st.recursive(
    st.one_of(
        st.tuples(sides, st.sampled_from(["==", "!=", "<", ">=", "<>"]), sides).map(" ".join),
        ways.map(lambda way: f"exists({way})"),
        ways.map(lambda way: f'{way} starts with "a"'),
        ways.map(lambda way: f'{way} like_regex "^|| $.a" flag "q"'),
    ),
    below,
    max_leaves=4,
)
paths = st.one_of(
    truths,
    ways,
    st.tuples(ways, truths, steps).map(lambda three: f"{three[0]} ? ({three[1]}){three[2]}"),
    truths.map(lambda one: f"({one}).type()"),
    st.sampled_from(["strict $.a", 'strict $.a."b" == 1', '($.a == 1).type() == "null"', "($.a + 1).abs() > 0"]),
)
contents = st.dictionaries(
    st.sampled_from(KEYS),
    st.recursive(
        st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["a", "ab"]),
        lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=2),
        max_leaves=3,
    ),
    max_size=3,
)
_FOUND = "SELECT CASE WHEN $3 THEN $1::JSONB @@ $2::TEXT::JSONPATH ELSE $1::JSONB @? $2::TEXT::JSONPATH END"


async def wrong(database: Database, path: str, content: dict[str, Any]) -> bool:
    """Whether it finds something in an object that has not what it is said to ask for."""
    async with database.pool.acquire() as connection:
        try:
            predicate, asking = await read_path(path, connection)
        except FilterInvalid:  # an @ outside of a filter
            return False
        found = await connection.fetchval(_FOUND, content, path, predicate)
    return bool(found) and not set(asking.keys) <= content.keys()


@given(paths, contents)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_found_has_the_keys_that_are_asked_for(
    database: Database, path: str, content: dict[str, Any]
) -> None:
    assert not await wrong(database, path, content), path


@pytest.mark.parametrize(
    ("path", "content"),
    [("$.a == 1 || $.b == 2", {"b": 2}), ("!($.a == 1)", {}), ("strict ($.a == 1) is unknown", {})],
)
async def test_without_being_unsure_it_would_be_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch, path: str, content: dict[str, Any]
) -> None:
    """The control: these signs are why a key is not always asked for."""
    assert not await wrong(database, path, content)
    monkeypatch.setattr(jsonpath, "_UNSURE", frozenset())
    assert await wrong(database, path, content)


@pytest.mark.parametrize(
    ("path", "keys", "is_indexed"),
    [
        ("$.rate > 20", ["rate"], False),
        ('$."c\\"d" > 1 && exists($.b)', ['c"d', "b"], False),
        ("$.a[*] ? (@ > 1)", ["a"], False),
        ("$.a.size() > 1", ["a"], False),
        ("strict $.a.b", ["a"], False),
        ("$.a == 1", ["a"], True),
        ("$.* == 5", [], True),
        ("$.a == 1 || $.b == 2", [], True),
        ("$.a > 1 || $.b > 2", [], False),
        ("!($.a == 1)", [], False),
        ("($.a == 1) is unknown", [], False),
        ('$.a starts with "|| !"', ["a"], False),
        ('$.a like_regex "!|"', ["a"], False),
        ("$.* > 5", [], False),
        ("($.a == 1).type()", [], False),
        ("(exists($.a)).type()", [], False),
    ],
)
async def test_what_is_asked_is_seen(database: Database, path: str, keys: list[str], is_indexed: bool) -> None:
    text = await database.pool.fetchval("SELECT $1::TEXT::JSONPATH::TEXT", path)
    assert asked(text) == Asked(tuple(keys), is_indexed)


@pytest.mark.parametrize(
    ("text", "everything"),
    [
        ('path:"$.* > 5"', True),
        ('path:"$.* > 5" -tag:old with:system', True),
        ('path:"$.* > 5" tag:new', False),
        ('path:"$.rate > 5"', False),
        ('path:"$.* == 5"', False),
        ("tag:new", False),
        ("", False),
    ],
)
async def test_a_filter_that_reads_every_being_is_told(database: Database, text: str, everything: bool) -> None:
    assert await reads_all(text) is everything


async def test_a_path_finds_the_same_with_the_keys_that_it_asks_for(database: Database) -> None:
    for rate in (None, 10, 30):
        await BaseBeing(attributes={} if rate is None else {"rate": rate}).save()
    found = await page('path:"$.rate > 20"')
    assert [being.attributes for being in found.beings] == [{"rate": 30}]
