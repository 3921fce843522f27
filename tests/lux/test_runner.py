"""Checking and running programs: order, concurrency, failure."""

import asyncio
import inspect
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from luxos.errors import LuxError
from luxos.lux.checker import check
from luxos.lux.errors import ProgramInvalid, ReferenceEmpty
from luxos.lux.program import Statement
from luxos.lux.reader import read
from luxos.lux.runner import run
from luxos.runtime.arguments import Words


def work(value: Any = None, *, seconds: float = 0) -> None: ...


def need(first: Any) -> None: ...


def free(**anything: Any) -> None: ...


WORDS = ["a"]


def kinds(
    text: str = "", words: Words = WORDS, flag: bool = False, pairs: dict[str, str] | None = None, count: int = 0
) -> None: ...


class Shape(TypedDict):
    name: str
    more: NotRequired[int]


def shapes(shape: Shape, choice: Literal["one", "two"] = "one", many: list[Shape] | None = None) -> None: ...


VERBS = {
    "SHAPES": inspect.signature(shapes),
    "WORK": inspect.signature(work),
    "NEED": inspect.signature(need),
    "FREE": inspect.signature(free),
    "KINDS": inspect.signature(kinds),
}


async def echo(statement: Statement, arguments: dict[str, Any]) -> Any:
    return arguments


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = WRK", "WORK"),
        ("a = WORK b", "b"),
        ("a = WORK\na = WORK", "a"),
        ("a = WORK 1, 2, 3", "value, seconds"),
        ("a = WORK speed: 1", "value, seconds"),
        ("a = WORK 1, value: 2", "value"),
        ("a = NEED", "first"),
        ("a = WORK AFTER a", "a"),
        ("", "LIST"),
        ("# nothing\nlux 1\n\n", "LIST"),
        (f"{'a' * 101} = WORK", "aaa"),
        ('a = WORK seconds: "1"', "seconds"),
        ("a = WORK seconds: true", "seconds"),
        ("a = KINDS 5", "text"),
        ("a = KINDS text: null", "text"),
        ("a = KINDS words: []", "words"),
        ('a = KINDS words: ["a", 1]', "words"),
        ('a = KINDS words: "a"', "words"),
        ("a = KINDS flag: 1", "flag"),
        ("a = KINDS count: 1.5", "count"),
        ("a = KINDS pairs: {a: 1}", "pairs"),
        ("a = SHAPES {}", "shape"),
        ("a = SHAPES {name: 1}", "shape"),
        ('a = SHAPES {name: "x", more: "y"}', "shape"),
        ("a = SHAPES []", "shape"),
        ("a = SHAPES 1", "shape"),
        ('a = SHAPES {name: "x"}, "three"', "choice"),
        ('a = SHAPES {name: "x"}, ["one"]', "choice"),
        ('a = SHAPES {name: "x"}, many: [{name: "x"}, {}]', "many"),
    ],
)
def test_a_wrong_program_is_refused_before_it_runs(text: str, said: str) -> None:
    with pytest.raises(ProgramInvalid) as caught:
        check(read(text), VERBS)
    assert said in str(caught.value)


def test_values_of_the_right_kinds_and_references_pass() -> None:
    text = 'a = WORK seconds: 1\nb = KINDS a.x, [a, "y"], true, {k: a.x}, 3\nc = KINDS a, a, a, a, a'
    check(read(text), VERBS)
    check(read("a = KINDS pairs: null"), VERBS)
    check(
        read('a = SHAPES {name: "x", more: 1, further: 2}, "two", [{name: "y"}]\nb = SHAPES a, a, [a, {name: a}]'),
        VERBS,
    )


async def test_references_are_filled_in_at_any_depth() -> None:
    program = read('a = FREE list: [1, {deep: "x"}]\nb = WORK {got: [a.list.1.deep, a]}\n')
    check(program, VERBS)
    outcome = await run(program, VERBS, echo)
    assert outcome.results["b"] == {"value": {"got": ["x", {"list": [1, {"deep": "x"}]}]}}


async def test_independent_steps_run_at_the_same_time_and_needed_ones_before() -> None:
    program = read("a = WORK\nb = WORK\nc = WORK AFTER a, b\n")
    both, order = asyncio.Barrier(2), []

    async def execute(statement: Statement, arguments: dict[str, Any]) -> None:
        if statement.name in "ab":
            await asyncio.wait_for(both.wait(), 5)
        order.append(statement.name)

    await run(program, VERBS, execute)
    assert order[2] == "c"


async def test_a_failure_stops_only_what_needs_it() -> None:
    program = read("a = WORK\nb = NEED a\nc = NEED b\nd = WORK\n")

    async def execute(statement: Statement, arguments: dict[str, Any]) -> str:
        if statement.name == "a":
            raise LuxError(reason="because")
        return statement.name

    outcome = await run(program, VERBS, execute)
    assert outcome.results == {"d": "d"}
    assert list(outcome.failures) == ["a"]
    assert outcome.skipped == ["b", "c"]


async def test_what_was_done_is_not_run_again() -> None:
    ran = []

    async def execute(statement: Statement, arguments: dict[str, Any]) -> Any:
        ran.append(statement.name)
        return arguments

    outcome = await run(read("a = WORK 1\nb = WORK a\n"), VERBS, execute, done={"a": 7})
    assert ran == ["b"]
    assert outcome.results["b"] == {"value": 7}


async def test_a_part_that_a_result_lacks_is_named() -> None:
    outcome = await run(read("a = WORK 1\nb = WORK a.value.nothing\n"), VERBS, echo)
    assert isinstance(outcome.failures["b"], ReferenceEmpty)


async def test_an_unforeseen_error_ends_everything() -> None:
    async def execute(statement: Statement, arguments: dict[str, Any]) -> None:
        if statement.name == "a":
            raise RuntimeError("a defect")
        await asyncio.sleep(60)

    with pytest.raises(ExceptionGroup):
        await run(read("a = WORK\nb = WORK\n"), VERBS, execute)
