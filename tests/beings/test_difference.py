"""What of an object is written again: what changed, by the value and by its kind, and nothing else."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.difference import changed
from luxos.beings.errors import BeingInvalid
from luxos.persistence.json_codec import as_it_came, canonical, decode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("abł\\"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text("abc", max_size=1), VALUES)


@given(OBJECTS, OBJECTS)
def test_what_changed_is_what_differs_in_its_canonical_text(before: dict[str, Any], now: dict[str, Any]) -> None:
    before = decode(as_it_came(before))  # as a row gives it back
    wanted = [
        name
        for name in {**before, **now}
        if name not in before or name not in now or canonical(before[name]) != canonical(now[name])
    ]
    found = changed(as_it_came(before), now, "attributes")
    assert ([] if found is None else found.names) == wanted
    if found is not None:
        assert decode(found.text) == {name: now[name] for name in wanted if name in now}
        assert found.before == {name: before[name] for name in wanted if name in before}


@pytest.mark.parametrize(
    ("before", "now"), [(1, 1.0), (1, True), (0.0, False), ([1], [1.0]), ({"a": 1}, {"a": True}), ("", None)]
)
def test_another_kind_of_the_same_is_a_change(before: Any, now: Any) -> None:
    found = changed(as_it_came({"x": before}), {"x": now}, "attributes")
    assert found is not None
    assert found.names == ["x"]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, float("nan")),
        ([None], [float("inf")]),
        ([1], (1,)),
        ([[1]], [(1,)]),
        ({"1": 2}, {1: 2}),
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("00000000-0000-0000-0000-000000000000", UUID(int=0)),
        ("", b""),
    ],
)
def test_what_is_no_json_is_refused_though_its_text_would_be_the_same(before: Any, now: Any) -> None:
    with pytest.raises(BeingInvalid) as refused:
        changed(as_it_came({"x": before}), {"x": now}, "attributes")
    assert str(refused.value.details["field"]).startswith("attributes.x")


def test_the_order_of_keys_is_no_change() -> None:
    assert changed(as_it_came({"x": {"a": 1, "b": [2]}}), {"x": {"b": [2], "a": 1}}, "attributes") is None


def test_a_value_that_holds_itself_many_times_over_is_not_written_out_to_be_compared() -> None:
    now: Any = "ł" * 100
    for _level in range(60):
        now = [now, now]
    with pytest.raises(BeingInvalid):
        changed(as_it_came({"x": [["ł"]]}), {"x": now}, "attributes")
