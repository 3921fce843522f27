"""A value is the same in both tiers: what goes in comes out, and what code makes is the same, or refused, in both."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.hermetic.conftest import Calls

from luxos.errors import LuxError
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.isolated import Isolated

Both = Callable[..., list[Any]]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
NUMBERS = st.integers(-(2**200), 2**200) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)
ECHO = "def f(value):\n    return value\n"
PARTS = (
    *("f", "C", "C()", "len", "iter([])", "range(3)", "ValueError('x')", "...", "None", "True", "(1, 2)", "{1, 2}"),
    *("{1: 2}", "b'x'", "'\\x00'", "'<b>'", "float('nan')", "-float('inf')", "-0.0", "1e308", "10**4301", "10**4000"),
)
ODD = st.recursive(
    st.sampled_from(PARTS),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        .map(", ".join)
        .flatmap(lambda text: st.sampled_from([f"[{text}]", f"({text},)", f"{{'k': [{text}]}}", f"[[{text}], 1]"]))
    ),
    max_leaves=5,
)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """Calls a source in both tiers; gives what each gave, or the code of its error."""
    with asyncio.Runner() as runner:
        tiers = [Hermetic(tmp_path, size=2), Isolated(tmp_path, size=2)]

        async def told(tier: Any, source: str, *args: Any) -> Any:
            try:
                return await Calls(tier)(source, *args)
            except LuxError as error:
                return error.code

        yield lambda *call: [runner.run(told(tier, *call)) for tier in tiers]
        for tier in tiers:
            runner.run(tier.close())


def test_what_goes_in_comes_out(both: Both) -> None:
    @settings(deadline=None)
    @given(JSON)
    def comes_out(value: Any) -> None:
        for found in both(ECHO, value):
            assert repr(found) == repr(value)  # 1 and 1.0 differ so, and the signs of zeros

    comes_out()


def test_what_code_makes_is_the_same_or_refused_in_both(both: Both) -> None:
    @settings(deadline=None, max_examples=50)
    @given(ODD)
    def same(expression: str) -> None:
        source = f"class C:\n    pass\n\ndef f():\n    return {expression}\n"
        one, other = both(source)
        assert repr(one) == repr(other)

    same()
