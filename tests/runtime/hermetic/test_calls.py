"""What code is given, what it may ask for, and what it gives."""

import asyncio
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of, last

from luxos.errors import LuxError
from luxos.runtime.code import Ask
from luxos.runtime.errors.calls import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.errors.code import CodeFailed, ResultUnfit


async def test_a_function_gives_its_result(call: Calls) -> None:
    vat = "def vat(net, rate=23):\n    return net * (100 + rate) / 100\n"
    assert await call(vat, 100) == 123.0
    assert await call(vat, 100, kwargs={"rate": 8}) == 108.0
    assert await call("async def vat(net):\n    return net + 1", 1) == 2


async def test_other_functions_of_the_source_are_there(call: Calls) -> None:
    source = "RATE = 2\n\ndef twice(x):\n    return RATE * x\n\ndef function(x):\n    return twice(x) + 1\n"
    assert await call(source, 4) == 9


async def test_what_is_printed_comes_with_the_result(call: Calls) -> None:
    ended = await call.ended("def f():\n    print('zażółć', 1)\n    print('gęślą')\n    return 1")
    assert (ended.result, ended.printed) == (1, "zażółć 1\ngęślą\n")


async def test_code_sees_the_being_that_it_belongs_to(call: Calls) -> None:
    seen = "[self.name, self.tags, self.energy_level, self.owner, net + self.attributes['rate']]"
    assert await call(f"def f(net):\n    return {seen}", 100) == ["próba", ["money"], 7, "ania", 123]


async def test_what_it_changes_in_itself_stays_in_the_call(call: Calls) -> None:
    source = "def f():\n    self.attributes['rate'] += 1\n    self.name = 'x'\n    return self.attributes['rate']"
    assert [await call(source), await call(source)] == [24, 24]


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


async def test_an_async_function_asks_for_several_at_once(call: Calls) -> None:
    source = "import asyncio\n\nasync def f():\n    return await asyncio.gather(execution('a', 1), execution('b', 2))"
    asked: list[int] = []
    both = asyncio.Event()

    async def answer(ask: Ask) -> Any:
        asked.append(ask.number)
        if len(asked) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 30)  # the first alone would wait for ever
        return ask.args[1]

    assert await call(source, answer=answer) == [1, 2]


async def test_each_call_site_is_what_its_function_is(call: Calls) -> None:
    source = (
        "def plain(x):\n    return execution('vat', x)\n\n"
        "async def function(x):\n"
        "    pick = lambda y: execution('żółw', y)\n"
        "    return [plain(x), pick(2), await execution('vat', 3), [await execution('vat', n) for n in [4, 5]]]\n"
    )
    assert await call(source, 1, answer=last) == [1, 2, 3, [4, 5]]


async def test_it_may_make_beings(call: Calls) -> None:
    source = "def f():\n    return summon(name='vat', source='def f(): pass')['name']"

    async def answer(ask: Ask) -> Any:
        assert (ask.name, list(ask.args)) == ("summon", [])
        return dict(ask.kwargs)

    assert await call(source, answer=answer) == "vat"


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


@pytest.mark.parametrize("name", ["lux", "open('/etc/passwd')", "compile_", "print.__globals__", "lux.execution('x')"])
async def test_nothing_else_of_ours_has_a_name(call: Calls, name: str) -> None:
    with pytest.raises(CodeFailed, match=r"2: \w*Error: "):
        await call(f"def f():\n    return {name}")


async def test_an_error_is_told_with_its_line(call: Calls) -> None:
    with pytest.raises(CodeFailed, match="3: ValueError: zła wartość"):
        await call("def g():\n    # ł\n    raise ValueError('zła wartość')\n\ndef function():\n    return g()\n")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{1: 2}", "1 "),
        ("[0, {'a': {None: 2}}]", r"\[1\]\['a'\]"),
        ("{'a': [1, float('nan')]}", r"\['a'\]\[1\]: nan"),
        ("float('inf')", "inf"),
        ("[{1, 2}]", "set"),
        ("b'x'", "JSON nie zna wartości typu bytes"),
        ("lambda: 1", "function"),
        ("[lambda: 1]", "function"),
        ("print", "builtin"),
        ("execution", "function"),
        ("f", "function"),
        ("[{}.keys()]", "dict_keys"),
        ("...", "ellipsis"),
        ("ValueError('x')", "ValueError"),
        ("range(3)", "range"),
        ("'x' * (1 << 20)", "512 KiB"),
    ],
)
async def test_a_result_that_is_not_json_is_refused(call: Calls, source: str, said: str) -> None:
    with pytest.raises(ResultUnfit, match=said):
        await call(code_of(f"def f():\n    return {source}\n", result=1 << 19))


async def test_what_holds_itself_is_refused(call: Calls) -> None:
    with pytest.raises(ResultUnfit, match="zawiera samo siebie"):
        await call("def f():\n    x = []\n    x.append(x)\n    return x\n")


async def test_a_tuple_is_a_list(call: Calls) -> None:
    assert await call("def f():\n    return (1, {'a': (2, [3])})\n") == [1, {"a": [2, [3]]}]


async def test_arguments_that_do_not_fit_are_told(call: Calls) -> None:
    with pytest.raises(ArgumentsUnfit):
        await call("def f(x):\n    return x", "\ud800")


async def test_what_is_nested_too_deep_is_refused_on_its_way_out(call: Calls) -> None:
    with pytest.raises(ResultUnfit):
        await call("def f(n):\n    x = []\n    for i in range(n): x = [x]\n    return x", 300)


@pytest.mark.parametrize("argument", ["lambda: 1", "{1, 2}", "{1: 2}", "float('nan')", "[f]"])
async def test_it_asks_with_json_only(call: Calls, argument: str) -> None:
    with pytest.raises(CodeFailed, match="2: TypeError: execution"):
        await call(f"def f():\n    return execution('x', {argument})")


async def test_many_calls_at_once_share_few_workers(call: Calls) -> None:
    source = "async def f(x):\n    return await execution('x', x) + 1"
    assert await asyncio.gather(*(call(source, n, answer=last) for n in range(40))) == list(range(1, 41))


async def test_calls_of_calls_deeper_than_there_are_workers_end(call: Calls) -> None:
    source = "def f(n):\n    return 0 if n == 0 else execution('f', n - 1) + 1"

    async def answer(ask: Ask) -> Any:
        return await call(source, ask.args[1], answer=answer)

    assert await call(source, 12, answer=answer) == 12
    assert await asyncio.gather(*(call(source, 5, answer=answer) for _ in range(4))) == [5] * 4


async def test_every_error_is_a_sentence_for_a_person(call: Calls) -> None:
    with pytest.raises(LuxError, match="yield"):
        await call("def f():\n    yield 1")
