"""What Monty cannot run is told before it is run, with the line."""

import pytest
from tests.runtime.hermetic.conftest import Calls

from luxos.i18n import speaking
from luxos.runtime.errors.code import CodeFailed
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.hermetic.unsupported import _HOOKS

CASES = [
    ("def f():\n    yield 1", 2, "yield"),
    ("class A(dict):\n    pass\n\ndef function():\n    return A()", 1, "inheritance"),
    ("def f(x):\n    del x[0]", 2, "del"),
    (
        "class A:\n    @property\n    def x(self):\n        return 1\n\ndef function():\n    return A().x",
        2,
        "decorators",
    ),
    ("import math\nimport sqlite3\n\ndef f():\n    return 1", 2, "the module sqlite3"),
    ("def f():\n    import numpy.linalg\n    return 1", 2, "the module numpy.linalg"),
    ("from json import loads, JSONEncoder\n\ndef f():\n    return 1", 1, "JSONEncoder of the module json"),
    ("import os\n\ndef f():\n    return os.environ", 4, "environ of the module os"),
    ("import collections as c\n\ndef f():\n    return c.OrderedDict()", 4, "OrderedDict of the module collections"),
    ("def f():\n    return list(bytearray(3))", 2, "the name bytearray"),
    ("def f():\n    return open('x').read()", 2, "the name open"),
    ("from os import *\n\ndef f():\n    return getcwd()", 1, "everything"),
]
SUPPORTED = [
    "import json, re, math, datetime\nfrom collections import Counter\n\ndef f(x):\n    return json.dumps(Counter(x))",
    "import asyncio\n\nasync def f():\n    return await asyncio.gather(execution('a'), execution('b'))",
    "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n\ndef f():\n    return self.name",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\n\ndef f(x: 'numpy.ndarray'):\n    return 1",
    "def f(super):\n    bytearray = 1\n    return super + bytearray",
    "def f(x):\n    raise ValueError(self.name)",
]


@pytest.mark.parametrize(("source", "line", "what"), CASES)
async def test_what_monty_does_not_have_is_told(tier: Hermetic, source: str, line: int, what: str) -> None:
    found = await tier.unsupported(source)
    with speaking("en"):
        assert [(each.line, each.what) for each in found if what in each.what] == [
            (line, next(each.what for each in found if what in each.what))
        ]
    with speaking("pl"):
        assert what not in found[0].what or "yield" in what or "del" in what


@pytest.mark.parametrize("source", SUPPORTED)
async def test_what_monty_has_is_not_told(tier: Hermetic, source: str) -> None:
    assert await tier.unsupported(source) == ()


async def test_nothing_of_the_source_is_run(tier: Hermetic) -> None:
    assert await tier.unsupported("while True:\n    pass\n\ndef f():\n    return 1") == ()


@pytest.mark.parametrize("source", [source for source, _line, _what in CASES if "def f(" in source])
async def test_it_is_true(call: Calls, source: str) -> None:
    with pytest.raises(CodeFailed):
        await call(source, *([[1]] if "f(x)" in source else []))


@pytest.mark.parametrize("name", _HOOKS)
async def test_methods_that_are_never_called_are_told(tier: Hermetic, call: Calls, name: str) -> None:
    """Python calls each of them by itself, as the probe shows; Monty knows nothing of it, and says nothing either."""
    probe = f"class C:\n {_HOOKS[name]}"
    exec(probe, {})  # noqa: S102 - ours
    source = f"class C:\n    def {name}(self, *rest):\n        return 1\n\ndef f():\n    return C().x\n"
    (found,) = await tier.unsupported(source)
    assert (found.line, name in found.what) == (2, True)
    with pytest.raises(CodeFailed):
        await call(f"{probe}\ndef f():\n    return 1\n")


async def test_methods_that_are_called_are_not_told(tier: Hermetic) -> None:
    names = ("init", "add", "iter", "getitem", "call", "contains", "eq", "str", "repr", "bool", "hash")
    source = "class C:\n" + "".join(f"    def __{name}__(self):\n        return 1\n" for name in names)
    assert await tier.unsupported(source + "\ndef f():\n    return 1\n") == ()
