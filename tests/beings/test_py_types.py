"""The small language of types: what fits, what does not and where, and that nothing else is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.errors import PyTypeInvalid
from luxos.beings.py_types import py_type

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "str": TEXTS,
    "int": st.integers(),
    "float": NUMBERS,
    "bool": st.booleans(),
    "None": st.none(),
    "Any": ANYTHING,
    "list": st.lists(ANYTHING, max_size=3),
    "dict": st.dictionaries(TEXTS, ANYTHING, max_size=3),
    "datetime": st.datetimes().map(lambda moment: moment.isoformat()),
    "date": st.dates().map(lambda day: day.isoformat()),
    "UUID": st.uuids().map(str),
    "Decimal": st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    'Literal["a", 1, -2, None, True]': st.sampled_from(["a", 1, -2, None, True]),
}
Case = tuple[str, st.SearchStrategy[Any]]


def grown(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    lists = inner.map(lambda case: (f"list[{case[0]}]", st.lists(case[1], max_size=3)))
    dicts = inner.map(lambda case: (f"dict[str, {case[0]}]", st.dictionaries(TEXTS, case[1], max_size=3)))
    either = st.tuples(inner, inner).map(lambda two: (f"{two[0][0]} | {two[1][0]}", two[0][1] | two[1][1]))
    return lists | dicts | either


TYPES = st.recursive(st.sampled_from(sorted(SIMPLE.items(), key=str)), grown, max_leaves=4)


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[str, Any]:
    """A type and a value of it."""
    text, values = draw(TYPES)
    return text, draw(values)


@given(typed_values())
def test_a_value_of_a_type_fits_it(case: tuple[str, Any]) -> None:
    text, value = case
    assert py_type(text).misfit(value, "x") is None
    assert py_type(py_type(text).text) == py_type(py_type(text).text)
    assert py_type(py_type(text).text).misfit(value, "x") is None


def fits(text: str, value: Any) -> bool:
    """What fits, said once more without the code under test, for the types without texts of their own."""
    if text.startswith("list["):
        return isinstance(value, list) and all(fits(text[5:-1], item) for item in value)
    plain: dict[str, bool] = {
        "str": type(value) is str,
        "int": type(value) is int,
        "float": type(value) in (int, float),
        "bool": type(value) is bool,
        "None": value is None,
        "list": type(value) is list,
        "dict": type(value) is dict,
    }
    return plain[text]


@given(
    st.sampled_from(["str", "int", "float", "bool", "None", "list", "dict"]),
    st.integers(0, 2),
    st.recursive(ANYTHING, lambda inner: st.lists(inner, max_size=2), max_leaves=3),
)
def test_what_fits_is_what_python_says(name: str, depth: int, value: Any) -> None:
    text = "list[" * depth + name + "]" * depth
    assert (py_type(text).misfit(value, "x") is None) == fits(text, value)


@pytest.mark.parametrize(
    ("text", "value", "path", "wanted"),
    [
        ("float", True, "x", "float"),
        ("int", 1.0, "x", "int"),
        ("int", False, "x", "int"),
        ("list[dict[str, int]]", [{}, {"a": 1, "b": None}], "x[1].b", "int"),
        ("list[int] | None", [1, "a"], "x[1]", "int"),
        ("list[int] | list[str]", [1, "a"], "x", "list[int] | list[str]"),
        ("dict[str, Any]", {1: 2}, "x", "dict[str, Any]"),
        ("datetime", "2026-01-01", "x", "datetime"),
        ("datetime", "yesterday, perhaps", "x", "datetime"),
        ("date", "2026-02-30", "x", "date"),
        ("UUID", "{12345678-1234-5678-1234-567812345678}", "x", "UUID"),
        ("Decimal", "1_000", "x", "Decimal"),
        ("Decimal", "NaN", "x", "Decimal"),
        ("Decimal", 1.5, "x", "Decimal"),
        ('Literal["a", 1]', True, "x", 'Literal["a", 1]'),
        ("Literal['a \"b\"']", "a", "x", 'Literal["a \\"b\\""]'),
    ],
)
def test_the_place_that_does_not_fit_is_named(text: str, value: Any, path: str, wanted: str) -> None:
    found = py_type(text).misfit(value, "x")
    assert found is not None
    assert (found.path, found.wanted) == (path, wanted)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "int()", "__import__('os')", "list[int, str]", "dict[int, str]", "dict[str]", "Literal[1.5]",
        "Literal[int]", "int & str", "int |", "1", "'int'", "list[", "lambda: 0", "a\0b", "list[" * 5000, "int\n;str",
        "|".join(["int"] * 5000), "[i for i in x]", "Literal[b'a']", "list[-1]",
    ],
)  # fmt: skip
def test_nothing_else_is_a_type(text: str) -> None:
    with pytest.raises(PyTypeInvalid):
        py_type(text)


def test_deep_types_and_deep_values_have_an_end() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert py_type("list[" * 150 + "int" + "]" * 150).misfit(deep, "x") is not None
    assert py_type("list").misfit(deep, "x") is None
