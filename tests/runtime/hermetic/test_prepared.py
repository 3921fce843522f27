"""A soul whose source is long is restored and not read again; nobody can tell the difference."""

import asyncio
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of, last
from tests.runtime.hermetic.processes import until

from luxos.beings.function_source import signature_of
from luxos.runtime.code import Ask, Code, Given
from luxos.runtime.errors.code import CodeFailed, CodeOverLimit
from luxos.runtime.hermetic import prepared as preparing
from luxos.runtime.hermetic.prepared import Prepared
from luxos.runtime.hermetic.source import read

LONG = "import json, random, math\n\nSEEN = []\n\n" + "".join(
    f"def part{number}(x, factor=2):\n    found = []\n    for each in range(x):\n        found.append(each * factor)\n"
    f"    return found\n\n"
    for number in range(60)
)
FUNCTION = """
async def function(what):
    SEEN.append(what)
    if what == 'seen':
        return SEEN
    if what == 'draw':
        return random.random()
    if what == 'self':
        self.attributes['rate'] += 1
        return self.attributes['rate']
    if what == 'ask':
        return [asked(1), await execution('x', 2)]
    if what == 'loop':
        while True: pass
    raise ValueError(what)

def asked(x):
    return execution('x', x)
"""


def known(call: Calls, code: Code) -> Prepared:
    return call.tier._prepared(code)


@pytest.fixture
async def prepared(call: Calls, monkeypatch: pytest.MonkeyPatch) -> Code:
    """The code of a soul that has been prepared, however long that takes on a machine that has much else to do."""
    loaded = preparing._loaded
    monkeypatch.setattr(preparing, "_loaded", lambda *given: 0.0 * loaded(*given))
    code = code_of(LONG + FUNCTION, seconds=2.0)
    for _ in range(3):
        assert await call(code, "seen") == ["seen"]
    await until(lambda: known(call, code).state is not None)
    return code


async def test_a_long_source_is_restored(call: Calls, prepared: Code) -> None:
    for _ in range(3):
        assert await call(prepared, "seen") == ["seen"]
    assert len({await call(prepared, "draw") for _ in range(6)}) == 6
    assert [await call(prepared, "self") for _ in range(3)] == [24, 24, 24]
    assert await call(prepared, "ask", answer=last) == [1, 2]


async def test_its_errors_have_their_lines(call: Calls, prepared: Code) -> None:
    line = prepared.source.split("\n").index("    raise ValueError(what)") + 1
    with pytest.raises(CodeFailed, match=f"{line}: ValueError: x"):
        await call(prepared, "x")
    with pytest.raises(CodeFailed, match="function"):
        await call(prepared)
    with pytest.raises(CodeOverLimit):
        await call(prepared, "loop")


async def test_it_goes_on_from_its_middle(call: Calls, prepared: Code) -> None:
    frozen: list[bytes] = []

    async def answer(ask: Ask) -> Any:
        assert ask.freeze is not None
        frozen.append(await ask.freeze() or b"")
        return ask.args[-1]

    assert await call(prepared, "ask", answer=answer) == [1, 2]
    for state in frozen:
        ended = await call.tier.go_on(prepared, Given(), state, last, asyncio.get_running_loop().time() + 60)
        assert ended.result == [1, 2]


async def test_each_owner_has_a_state_of_its_own(call: Calls, prepared: Code) -> None:
    assert known(call, prepared).state is not None
    assert known(call, code_of(prepared.source, owner="jan", seconds=2.0)).state is None


async def test_a_short_source_is_read_again(call: Calls) -> None:
    code = code_of("def f(x):\n    return x")
    for number in range(6):
        assert await call(code, number) == number
    await asyncio.sleep(0.1)
    assert await call(code, 7) == 7


@pytest.mark.parametrize(
    ("source", "only_defines"),
    [
        ("import math\nRATE = 23\n\nclass C:\n    x = 1\n\n    def g(self):\n        return h()\n\n", True),
        ("TABLE = {'a': [1, 2]}\npick = lambda x: print(x)\n", True),
        ("import random\nRATE = random.random()\n", False),
        ("def g(x=print(1)):\n    pass\n", False),
        ("for i in range(3):\n    pass\n", False),
        ("SQUARES = [x * x for x in (1, 2)]\n", False),
        ("RATE = execution('rate')\n", False),
        ("class C:\n    x = execution('x')\n", False),
    ],
)
def test_what_acts_when_it_is_read_is_never_prepared(source: str, only_defines: bool) -> None:
    whole = f"{source}\ndef function():\n    return 1\n"
    assert read(whole, signature_of(whole)).only_defines is only_defines


async def test_what_acts_when_it_is_read_acts_in_each_call(call: Calls) -> None:
    acting = "RATE = execution('rate', 5)\nDRAWN = random.random()\n\ndef function():\n    return DRAWN + RATE\n"
    code = code_of(f"{LONG}\n{acting}")
    assert len({await call(code, answer=last) for _ in range(6)}) == 6
