"""What code is given, what it may ask for, and what it gives."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.runtime.hermetic.conftest import Calls, code_of, last

from luxos.runtime.code import Ask
from luxos.runtime.errors.calls import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.errors.code import CodeFailed, ResultUnfit
from luxos.runtime.isolated import Isolated

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


async def test_a_function_gives_its_result(call: Calls) -> None:
    vat = "def vat(net, rate=23):\n    return net * (100 + rate) / 100\n"
    assert await call(vat, 100) == 123.0
    assert await call(vat, 100, kwargs={"rate": 8}) == 108.0
    assert await call("async def vat(net):\n    return net + 1", 1) == 2


async def test_it_has_all_of_python(call: Calls) -> None:
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\nimport json\n\n"
        "@dataclass\nclass Sum:\n    of: list[int]\n\n"
        "def parts(n):\n    yield from range(n)\n\n"
        "def function(n):\n    return json.loads(str(sum(Sum(list(parts(n))).of)))\n"
    )
    assert await call(source, 5) == 10


async def test_what_is_printed_comes_with_the_result(call: Calls) -> None:
    source = "import os\ndef f():\n    print('zażółć', 1)\n    print('gęślą')\n    os.write(1, b'!')\n    return 1"
    ended = await call.ended(source)
    assert (ended.result, ended.printed) == (1, "!zażółć 1\ngęślą\n")


async def test_code_sees_the_being_that_it_belongs_to(call: Calls) -> None:
    seen = "[self.name, self.tags, self.energy_level, self.owner, net + self.attributes['rate']]"
    assert await call(f"def f(net):\n    return {seen}", 100) == ["próba", ["money"], 7, "ania", 123]


async def test_a_plain_function_gets_the_value_that_it_asks_for(call: Calls) -> None:
    source = "def f(x):\n    return execution('vat', x, rate=8) + execution('vat', x + 1)"
    asked: list[Ask] = []

    async def answer(ask: Ask) -> Any:
        asked.append(ask)
        return ask.args[1] * 10

    assert await call(source, 3, answer=answer) == 70
    assert [(ask.number, ask.name, list(ask.args), dict(ask.kwargs)) for ask in asked] == [
        (0, "execution", ["vat", 3], {"rate": 8}),
        (1, "execution", ["vat", 4], {}),
    ]


@pytest.mark.parametrize(
    "both",
    [
        "execution('a', 1), execution('b', 2)",
        "*(execution('a', n) for n in (1, 2))",
        "*[execution('a', n) for n in (1, 2)]",
    ],
)
async def test_an_async_function_asks_for_several_at_once(call: Calls, both: str) -> None:
    source = f"import asyncio\n\nasync def f():\n    return await asyncio.gather({both})"
    asked: list[int] = []
    all_asked = asyncio.Event()

    async def answer(ask: Ask) -> Any:
        asked.append(ask.number)
        if len(asked) == 2:
            all_asked.set()
        await asyncio.wait_for(all_asked.wait(), 30)  # the first alone would wait for ever
        return ask.args[1]

    assert await call(source, answer=answer) == [1, 2]


async def test_each_call_site_is_what_its_function_is(call: Calls) -> None:
    source = (
        "import asyncio\n\ndef plain(x):\n    return execution('vat', x)\n\n"
        "async def function(x):\n"
        "    task = asyncio.create_task(execution('vat', 0))\n    await asyncio.sleep(0)\n"
        "    pick = lambda y: execution('żółw', y)\n"
        "    more = [await execution('vat', n) for n in [4, 5]]\n"
        "    return [plain(x), pick(2), await execution('vat', 3), more, await task]\n"
    )
    assert await call(source, 1, answer=last) == [1, 2, 3, [4, 5], 0]


async def test_threads_of_the_code_may_ask_too(call: Calls) -> None:
    source = (
        "from concurrent.futures import ThreadPoolExecutor\n\ndef ask(n):\n    return execution('x', n)\n\n"
        "def function():\n    with ThreadPoolExecutor(2) as pool:\n        return list(pool.map(ask, range(10)))\n"
    )
    assert await call(source, answer=last) == list(range(10))


async def test_a_refusal_is_an_error_that_code_may_catch(call: Calls) -> None:
    source = "def f():\n    try: return execution('x')\n    except RuntimeError as error: return str(error)"

    async def refuse(_ask: Ask) -> Any:
        raise BeingNotCallable(who="x")

    assert await call(source, answer=refuse) == str(BeingNotCallable(who="x"))


@pytest.mark.parametrize("how", ["def f():\n    return ", "async def f():\n    return await "])
async def test_a_refusal_that_it_lets_through_is_what_the_call_raises(call: Calls, how: str) -> None:
    refusal = BeingNotCallable(who="x")

    async def refuse(_ask: Ask) -> Any:
        raise refusal

    with pytest.raises(BeingNotCallable) as caught:
        await call(f"{how}execution('x')", answer=refuse)
    assert caught.value is refusal


async def test_what_is_never_awaited_is_never_asked(call: Calls) -> None:
    assert await call("async def f():\n    execution('x')\n    return 1") == 1


@pytest.mark.parametrize("how", ["def f():\n    return ", "async def f():\n    return await "])
async def test_a_defect_of_ours_is_not_code_failing(call: Calls, how: str) -> None:
    async def broken(_ask: Ask) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await call(f"{how}execution('x')", answer=broken)
    assert await call("def f():\n    return 1") == 1


async def test_an_error_is_told_with_its_line(call: Calls) -> None:
    with pytest.raises(CodeFailed, match="3: ValueError: zła wartość"):
        await call("def g():\n    # ł\n    raise ValueError('zła wartość')\n\ndef function():\n    return g()\n")


@pytest.mark.parametrize(
    "how", ["import sys\n    sys.exit(3)", "raise KeyboardInterrupt", "raise type('E', (BaseException,), {})"]
)
async def test_whatever_is_raised_is_an_error_of_the_code(call: Calls, how: str) -> None:
    with pytest.raises(CodeFailed):
        await call(f"def f():\n    {how}\n")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{1: 2}", "1 "),
        ("[0, {'a': {None: 2}}]", r"\[1\]\['a'\]"),
        ("{'a': [1, float('nan')]}", r"\['a'\]\[1\]: nan"),
        ("float('inf')", "inf"),
        ("[{1, 2}]", r"\[0\]: .* typu set"),
        ("b'x'", "JSON nie zna wartości typu bytes"),
        ("[lambda: 1]", "function"),
        ("execution", "function"),
        ("__import__('enum').IntEnum('E', 'a').a", "typu E"),
        ("type('D', (dict,), {})(a=1)", "typu D"),
        ("'\\ud800'", "half|połow"),
        ("10 ** 5000", "4300"),
        ("x", "200"),
        ("'x' * (1 << 20)", "512 KiB"),
        ("iter([1])", "list_iterator"),
    ],
)
async def test_a_result_that_is_not_json_is_refused(call: Calls, source: str, said: str) -> None:
    with pytest.raises(ResultUnfit, match=said):
        await call(code_of(f"x = []\nx.append(x)\ndef f():\n    return {source}\n", result=1 << 19))


async def test_a_tuple_is_a_list(call: Calls) -> None:
    assert await call("def f():\n    return (1, {'a': (2, [3])})\n") == [1, {"a": [2, [3]]}]


async def test_arguments_that_do_not_fit_are_told(call: Calls) -> None:
    with pytest.raises(ArgumentsUnfit):
        await call("def f(x):\n    return x", "\ud800")
    with pytest.raises(ArgumentsUnfit):
        await call("def f(x):\n    return x", 1, 2)


@pytest.mark.parametrize("argument", ["lambda: 1", "{1, 2}", "{1: 2}", "float('nan')", "[f]"])
async def test_it_asks_with_json_only(call: Calls, argument: str) -> None:
    with pytest.raises(CodeFailed, match="2: TypeError: execution"):
        await call(f"def f():\n    return execution('x', {argument})")


async def test_calls_of_calls_deeper_than_there_are_slots_end(call: Calls) -> None:
    source = "def f(n):\n    return 0 if n == 0 else execution('f', n - 1) + 1"

    async def answer(ask: Ask) -> Any:
        return await call(source, ask.args[1], answer=answer)

    assert await call(source, 6, answer=answer) == 6
    assert await asyncio.gather(*(call(source, 3, answer=answer) for _ in range(3))) == [3] * 3


async def test_more_calls_than_there_may_be_are_refused(tmp_path: Path) -> None:
    few = Calls(Isolated(tmp_path, size=1, most=2))
    source = "def f(x):\n    return execution('x')"

    async def waits(_ask: Ask) -> Any:
        await asyncio.sleep(30)

    first = [asyncio.create_task(few(source, n, answer=waits)) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Exception, match="2"):
        await few(source, 3, answer=waits)
    for task in first:
        task.cancel()
    await asyncio.gather(*first, return_exceptions=True)
    await few.tier.close()


async def test_any_json_comes_back_as_it_went_in(call: Calls) -> None:
    loop = asyncio.get_running_loop()
    code = code_of("def f(x):\n    return [x, execution('x', x)]")

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(JSON)
    def same(value: Any) -> None:
        there = asyncio.run_coroutine_threadsafe(call(code, value, answer=last), loop).result(60)
        assert repr(there) == repr([value, value])

    await asyncio.to_thread(same)


async def test_a_large_value_goes_both_ways(call: Calls) -> None:
    value = ["zażółć" * 10] * 30_000
    assert await call("def f(x):\n    return execution('x', x)", value, answer=last) == value


async def test_a_result_that_is_longer_as_json_than_in_memory_is_refused_too(call: Calls) -> None:
    source = "def f(n):\n    return '\\0' * n"
    assert await call(code_of(source, result=1 << 20), 1000) == "\0" * 1000
    with pytest.raises(ResultUnfit):
        await call(code_of(source, result=1 << 20), 1_000_000)
