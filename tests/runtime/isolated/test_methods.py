"""Methods of instances: state goes in, and the declared part of it comes back."""

import asyncio
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import THIS, Calls, code_of, last

from luxos.runtime.code import Ended, Given, Method
from luxos.runtime.errors.code import CodeFailed, ResultUnfit

COUNTER = """
class Counter:
    def __init__(self):
        raise AssertionError("it is not made anew")

    def __new__(cls):
        raise AssertionError("nor so")

    @property
    def double(self):
        return 2 * self.count

    def add(self, by=1):
        self.count += by
        self.aside = 5
        return self.double

    async def ask(self):
        self.last = await execution("x", self.count)
        return self.last

    def fail(self):
        self.count = 99
        raise ValueError("no")

    def spoil(self):
        self.count = {1, 2}

    def drop(self):
        del self.count


def function():
    return 0
"""
SLOTS = """
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int

    def sum(self):
        return self.x + self.y

def function():
    return 0
"""


async def method(call: Calls, name: str, state: dict[str, Any], *args: Any, of: str = "Counter") -> Ended:
    given = Given(args, {}, THIS, Method(of, name, state, ("count", "last", "x", "y")))
    deadline = asyncio.get_running_loop().time() + 60
    return await call.tier.call(code_of(SLOTS if of == "Point" else COUNTER), given, last, deadline)


async def test_a_method_changes_the_state_of_its_instance(call: Calls) -> None:
    first = await method(call, "add", {"count": 1})
    assert (first.result, first.state) == (4, {"count": 2})
    assert first.state is not None
    second = await method(call, "add", dict(first.state), 10)
    assert (second.result, second.state) == (24, {"count": 12})


async def test_a_method_may_ask(call: Calls) -> None:
    ended = await method(call, "ask", {"count": 3})
    assert (ended.result, ended.state) == (3, {"count": 3, "last": 3})


async def test_what_is_deleted_is_no_part_of_the_state(call: Calls) -> None:
    assert (await method(call, "drop", {"count": 3, "last": 1})).state == {"last": 1}


async def test_a_frozen_class_with_slots_has_methods_too(call: Calls) -> None:
    ended = await method(call, "sum", {"x": 1, "y": 2}, of="Point")
    assert (ended.result, ended.state) == (3, {"x": 1, "y": 2})


async def test_a_method_that_fails_gives_no_state(call: Calls) -> None:
    with pytest.raises(CodeFailed, match="24: ValueError: no"):
        await method(call, "fail", {"count": 1})


async def test_state_that_is_no_json_is_refused_with_its_name(call: Calls) -> None:
    with pytest.raises(ResultUnfit, match=r"self\['count'\]: .*typu set"):
        await method(call, "spoil", {"count": 1})


@pytest.mark.parametrize(("of", "name"), [("Nothing", "add"), ("Counter", "nothing"), ("function", "add")])
async def test_what_is_not_there_is_told(call: Calls, of: str, name: str) -> None:
    with pytest.raises(Exception, match=of if of == "Nothing" else "nothing|type"):
        await method(call, name, {}, of=of)


async def test_a_function_has_no_state(call: Calls) -> None:
    assert (await call.ended(COUNTER)).state is None
