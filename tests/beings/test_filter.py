"""Filters: their text says all that they say, and what has no meaning is named."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.errors import FilterInvalid
from luxos.beings.filter import OPERATORS, Comparison, Filter, as_filter
from luxos.beings.filter_text import parse, parse_comparison, written

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
tags = st.lists(texts, max_size=3)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
integers = st.none() | st.integers(-(2**63), 2**63 - 1)
moments = st.none() | st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
objects = st.dictionaries(texts, st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
comparisons = st.builds(
    Comparison, st.lists(texts, min_size=1, max_size=3).map(tuple), st.sampled_from(OPERATORS), scalars
)
maybe = st.none() | texts
filters = st.builds(
    Filter,
    tags=tags,
    any_tags=tags,
    without_tags=tags,
    energy=st.none() | st.tuples(integers, integers),
    attributes=objects,
    genesis=objects,
    where=st.lists(comparisons, max_size=3),
    path=maybe,
    kind=maybe,
    owner=maybe,
    name=maybe,
    created=st.none() | st.tuples(moments, moments),
    text=maybe,
    near=st.none() | st.lists(st.floats(0.1, 1e30), min_size=1, max_size=4),
    deleted=st.booleans(),
    system=st.booleans(),
)


@given(filters)
def test_the_text_of_a_filter_is_read_as_the_filter(meant: Filter) -> None:
    assert parse(written(meant)) == meant
    assert parse(str(meant)) == meant


@given(st.text(max_size=60) | st.text(st.sampled_from('tag:energy."=<>!| 0123456789{}[]a\\-'), max_size=40))
def test_any_text_is_a_filter_or_is_refused_with_its_part(text: str) -> None:
    error, found = None, None
    try:
        found = parse(text)
    except FilterInvalid as caught:
        error = caught
    if found is None:
        assert error is not None
        assert error.details["part"]
        assert str(error)
    else:
        assert parse(written(found)) == found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {}),
        ("tag:money tag:new", {"tags": ["money", "new"]}),
        ("tag:a|b|c -tag:old", {"any_tags": ["a", "b", "c"], "without_tags": ["old"]}),
        ('tag:"dwa słowa"', {"tags": ["dwa słowa"]}),
        ("energy:0..100", {"energy": (0, 100)}),
        ("energy:5..", {"energy": (5, None)}),
        ("energy:-5", {"energy": (-5, -5)}),
        ("energy:..", None),
        ("kind:function owner:ala name:vat", {"kind": "function", "owner": "ala", "name": "vat"}),
        ("rate > 20", {"where": [("rate", ">", 20)]}),
        ("rate>20", {"where": [("rate", ">", 20)]}),
        ('adres.miasto = "Nowy Sącz"', {"where": [(("adres", "miasto"), "=", "Nowy Sącz")]}),
        ("miasto = Kraków", {"where": [("miasto", "=", "Kraków")]}),
        ("done != true", {"where": [("done", "!=", True)]}),
        ('"pole z odstępem" <= 1.5', {"where": [("pole z odstępem", "<=", 1.5)]}),
        ("faktura vat", {"text": "faktura vat"}),
        ('"http://x"', {"text": "http://x"}),
        ('path:"$.a[*] ? (@ > 1)"', {"path": "$.a[*] ? (@ > 1)"}),
        ('attributes:{"a": [1]} faktura', {"attributes": {"a": [1]}, "text": "faktura"}),
        ("near:[1, 0.5]", {"near": [1, 0.5]}),
        ("with:deleted with:system", {"deleted": True, "system": True}),
        ("created:2026-01-31", {"created": (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))}),
        ("created:2026-01-31T12:00..", {"created": (datetime(2026, 1, 31, 12, tzinfo=UTC), None)}),
        ("http://x", None),
        ("with:everything", None),
        ("rate >", None),
        ("> 20", None),
        ('tag:"never closed', None),
        ("tag:", None),
        ("tag:a|", None),
        ("energy:much", None),
        ("energy:1..99999999999999999999", None),
        ("created:yesterday", None),
        ("created:0001-01-01T00:00+14:00..", None),
        ("kind:a kind:b", None),
        ("attributes:{", None),
        ("attributes:[1]", None),
        ("near:[0, 0]", None),
        ("near:[]", None),
        ("rate = 1e999", None),
        ("rate = " + "9" * 5000, None),
        ('tag:"\\u0000"', None),
        ('tag:"\\ud800"', None),
    ],
)
def test_terms(text: str, parts: dict[str, Any] | None) -> None:
    if parts is None:
        with pytest.raises(FilterInvalid):
            parse(text)
    else:
        assert parse(text) == Filter(**parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"tags": "money"},
        {"tags": [""]},
        {"tags": [1]},
        {"energy": 5},
        {"energy": (1, 2, 3)},
        {"energy": (True, None)},
        {"attributes": [1]},
        {"attributes": {"a": float("nan")}},
        {"where": ["tag:a"]},
        {"where": ["rate > 1 rate < 5"]},
        {"where": [("rate", "like", 1)]},
        {"where": [("rate", "=", [1])]},
        {"where": [((), "=", 1)]},
        {"created": ("2026-01-01", None)},
        {"near": "abc"},
        {"kind": 5},
        {"text": "\0"},
    ],
)
def test_parts_that_have_no_meaning_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(FilterInvalid):
        Filter(**parts)


def test_a_filter_is_made_of_itself_of_its_text_and_of_parts() -> None:
    meant = Filter(tags=["money"])
    assert as_filter(meant) is meant
    assert as_filter("tag:money") == meant
    assert as_filter(None, tags=["money"]) == meant
    assert as_filter("tag:money", kind="note") == Filter(tags=["money"], kind="note")
    assert as_filter(None) == Filter()
    assert parse_comparison("rate > 20") == Comparison(("rate",), ">", 20)


def test_every_term_of_the_reference_page_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "filters.md").read_text(encoding="utf-8")
    cells = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    terms = [term.replace("\\|", "|") for cell in cells for term in re.findall(r"`([^`]+)`", cell)]
    assert len(terms) > 15
    for term in terms:
        assert parse(term) != Filter(), term
        assert parse(str(parse(term))) == parse(term)
