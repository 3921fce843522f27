"""Stored code in the sandbox: which of its functions is called, and what comes back."""

from typing import Any

import pytest

from luxos.beings.errors import SourceUndefined
from luxos.beings.function import FunctionBeing
from luxos.runtime.errors import CodeFailed
from luxos.runtime.isolated import call_isolated

SOURCES = {
    "named": "def helper(n):\n    return 0\ndef function(n):\n    return n + 1\n",
    "alone": "from json import dumps\nLIMIT = 1\nclass Sum:\n    pass\ndef add(n):\n    return n + LIMIT\n",
    "async": "import asyncio\nasync def function(n):\n    await asyncio.sleep(0)\n    return n + 1\n",
    "async alone": "async def add(n):\n    return n + 1\n",
}


@pytest.mark.parametrize("which", SOURCES)
async def test_what_its_signature_names_is_called(which: str) -> None:
    being = FunctionBeing.of("add", SOURCES[which])
    arguments: dict[str, Any] = {"n": 4}
    assert await call_isolated(being, arguments) == 5
    assert await call_isolated(being, {"": [4]}) == 5


async def test_a_source_that_defines_nothing_to_call_is_refused_and_fails() -> None:
    source = "def one(): ...\ndef two(): ...\n"
    with pytest.raises(SourceUndefined):
        FunctionBeing.of("add", source)
    with pytest.raises(CodeFailed, match="function"):
        await call_isolated(FunctionBeing(genesis={"type": "function", "name": "add", "source": source}), {})
