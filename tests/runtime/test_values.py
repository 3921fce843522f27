"""Values that leave the sandbox: looked at all at once where they are usual, and never otherwise than part by part."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime import values
from luxos.runtime.values import DEPTH, DIGITS, Unfit, plain

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["<function f at 0x1>", "<b>", b"bytes", {1}])
)  # fmt: skip
KEYS = st.text(max_size=3) | st.integers(0, 2)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=2)
        | st.tuples(inner)
        | inner.map(lambda one: [one, one])
    ),
    max_leaves=20,
)


def outcome(value: Any, most: int, ghosts: bool) -> tuple[Any, ...]:
    try:
        found, size = plain(value, most, ghosts=ghosts)
    except Unfit as unfit:
        return unfit.where, unfit.what
    return repr(found), size


@given(VALUES, st.booleans())
def test_all_at_once_and_part_by_part_say_the_same(value: Any, ghosts: bool) -> None:
    quick = outcome(value, 1 << 20, ghosts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_usual", lambda *_arguments: None)
        slow = outcome(value, 1 << 20, ghosts)
    assert quick[0] == slow[0]
    if isinstance(quick[1], int):
        assert abs(quick[1] - slow[1]) <= repr(value).count("[") + repr(value).count("{")  # of bits that make no digit
    else:
        assert quick == slow


@pytest.mark.parametrize("shared", [False, True])
def test_what_looks_large_and_is_small_is_refused_at_once(shared: bool) -> None:
    value: Any = ["x" * 100]
    for _level in range(60):
        value = [value] * 10 if shared else [value, "y"]
    if shared:
        with pytest.raises(Unfit, match="MiB"):
            plain(value, 1 << 20)
    else:
        assert plain(value, 1 << 20)[0] is value


def test_what_is_deep_is_refused_where_it_is() -> None:
    value: Any = []
    for _level in range(DEPTH):
        value = [value]
    with pytest.raises(Unfit) as caught:
        plain(value, 1 << 20)
    assert caught.value.where == "[0][0][0]"


@pytest.mark.parametrize("more", [0, 1])
def test_a_number_has_at_most_so_many_digits(more: int) -> None:
    value = [[1], {"a": 1 << (3 * DIGITS - 1 + more)}]
    if more:
        with pytest.raises(Unfit) as caught:
            plain(value, 1 << 20)
        assert caught.value.where == "[1]['a']"
    else:
        assert plain(value, 1 << 20)[0] is value
