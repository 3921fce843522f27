"""A call that waits goes on elsewhere: in another tier with the same key, and only as it was sealed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of, last

from luxos.runtime.code import Ask, Code
from luxos.runtime.hermetic import Hermetic

PLAIN = (
    "def f(x):\n    print('raz')\n    a = execution('a', x)\n    print('dwa')\n    return [a, execution('b', a + 1)]\n"
)
BOTH = (
    "import asyncio\n\nasync def f(x):\n    print('raz')\n"
    "    return await asyncio.gather(execution('a', x), execution('b', x + 1), execution('c', x + 2))\n"
)


class Stop(Exception):
    """Ends a call where it waits, as a crash would."""


async def frozen_at(call: Calls, code: Code, number: int, *args: Any) -> bytes:
    """The state of a call at its ask of this number; those before are answered with their last argument."""
    kept: list[bytes | None] = []

    async def answer(ask: Ask) -> Any:
        assert ask.freeze is not None
        if ask.number == number:
            kept.append(await ask.freeze())
            raise Stop
        return ask.args[-1]

    with pytest.raises(Stop):
        await call(code, *args, answer=answer)
    assert kept[0] is not None
    return kept[0]


async def gone_on(tier: Hermetic, code: Code, frozen: bytes, answer: Any = last) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    return await tier.go_on(code, frozen, answer, deadline)


@pytest.mark.parametrize("number", [0, 1])
async def test_a_call_goes_on_where_it_waited(call: Calls, tmp_path: Path, number: int) -> None:
    code = code_of(PLAIN)
    frozen = await frozen_at(call, code, number, 5)
    asked: list[int] = []

    async def answer(ask: Ask) -> Any:
        asked.append(ask.number)
        return ask.args[-1]

    elsewhere = Hermetic(tmp_path)
    ended = await gone_on(elsewhere, code, frozen, answer)
    await elsewhere.close()
    assert (ended.result, ended.printed) == ([5, 6], "raz\ndwa\n")
    assert asked == list(range(number, 2))


async def test_what_was_asked_at_once_is_asked_again_at_once(call: Calls) -> None:
    code = code_of(BOTH)
    frozen = await frozen_at(call, code, 2, 5)
    asked: list[tuple[int, str]] = []

    async def answer(ask: Ask) -> Any:
        asked.append((ask.number, ask.args[0]))
        return ask.args[-1]

    ended = await gone_on(call.tier, code, frozen, answer)
    assert (ended.result, ended.printed) == ([5, 6, 7], "raz\n")
    assert (2, "c") in asked
