"""Binding agrees with Python's own, but for attributes, which stand between arguments and defaults."""

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.function_source import signature_of
from luxos.runtime.binding import bind
from luxos.runtime.errors.calls import ArgumentsUnfit

SIGNATURES = (
    "a, b=2",
    "a, /, b=2, *, c, d=4",
    "a=1, *rest, c=3",
    "*rest",
    "**more",
    "a, /, *rest, b, **more",
    "a, b=2, /, c=3",
)
NAMES = st.sampled_from(("a", "b", "c", "d", "e", "rest", "more"))


@given(
    text=st.sampled_from(SIGNATURES),
    args=st.lists(st.integers(), max_size=4),
    kwargs=st.dictionaries(NAMES, st.integers(), max_size=4),
)
def test_a_call_is_bound_as_python_binds_it(text: str, args: list[int], kwargs: dict[str, int]) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def function({text}):\n    return locals()\n", namespace)  # noqa: S102 - a text of this test
    function = namespace["function"]
    signature = signature_of(f"def function({text}):\n    return 1\n")
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        with pytest.raises(ArgumentsUnfit):
            bind("f", signature, args, kwargs, {})
        return
    bound = bind("f", signature, args, kwargs, {})
    assert function(*bound.args, **bound.kwargs) == function(*args, **kwargs)


def test_attributes_stand_between_what_is_given_and_the_defaults() -> None:
    signature = signature_of("def function(net, rate=23, /, *, currency, unit='kg'):\n    return 1\n")
    bound = bind("vat", signature, [100], {}, {"rate": 8, "currency": "PLN", "other": 1})
    assert bound.args == (100, 8)
    assert bound.kwargs == {"currency": "PLN"}
    assert bound.named == {"net": 100, "rate": 8, "currency": "PLN"}


def test_an_attribute_that_could_only_be_given_by_place_waits_for_those_before_it() -> None:
    signature = signature_of("def function(a=1, b=2, /):\n    return a, b\n")
    assert bind("f", signature, [], {}, {"b": 5}).args == ()
    assert bind("f", signature, [3], {}, {"b": 5}).args == (3, 5)


@pytest.mark.parametrize(
    ("source", "args", "kwargs", "said"),
    [
        ("a", [], {}, "a"),
        ("a", [1, 2], {}, "2"),
        ("a", [1], {"b": 1}, "b"),
        ("a", [1], {"a": 1}, "a"),
        ("a: int", ["x"], {}, "int"),
        ("a: list[int]", [[1, "x"]], {}, "a[1]"),
        ("a", [float("nan")], {}, "nan"),
        ("a", ["\0"], {}, "NUL"),
        ("a", [object()], {}, "object"),
        ("a", [[{"b": {1, 2}}]], {}, "set"),
        ("a", ["x" * (17 << 20)], {}, "16"),
    ],
)
def test_what_does_not_fit_is_named(source: str, args: list[Any], kwargs: dict[str, Any], said: str) -> None:
    signature = signature_of(f"def function({source}):\n    return 1\n")
    with pytest.raises(ArgumentsUnfit) as caught:
        bind("vat", signature, args, kwargs, {})
    assert said in str(caught.value)
    assert "vat" in str(caught.value)


def test_an_annotation_of_the_source_s_own_says_nothing() -> None:
    signature = signature_of("def function(a: Money):\n    return 1\n")
    assert bind("vat", signature, ["x"], {}, {}).args == ("x",)
