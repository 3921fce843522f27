"""Nothing passes from one call to another, whatever programs try: programs put together at random leave and look.

A program looks for what any call may have left under a few names, and then leaves all it can; what it sees is nothing,
whoever was called before it in the same workers.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.hermetic.conftest import Calls, code_of

from luxos.runtime.hermetic import Hermetic
from luxos.runtime.hermetic.worker import Worker

NAMES = ("kept", "left")
OWNERS = ("ania", "jan")


@dataclass(frozen=True)
class Way:
    """A way to leave something: at the top of a source, in its function, and an expression that is true where it is
    seen."""

    top: str
    leave: str
    seen: str


WAYS = {
    "a global": Way(
        "def look_{n}():\n    try:\n        return {n} == 'here'\n    except NameError:\n        return False",
        "global {n}\n    {n} = 'here'",
        "look_{n}()",
    ),
    "a list": Way("list_{n} = []", "list_{n}.append(1)", "len(list_{n}) > 0"),
    "an object": Way("dict_{n} = {{'a': {{}}}}", "dict_{n}['a']['b'] = 1", "dict_{n} != {{'a': {{}}}}"),
    "a default": Way(
        "def default_{n}(seen=[], add=0):\n    was = len(seen) > 0\n    if add:\n        seen.append(1)\n"
        "    return was",
        "default_{n}(add=1)",
        "default_{n}()",
    ),
    "an attribute of a class": Way(
        "class Class_{n}:\n    parts = []\n    def get(self):\n        return 0",
        "Class_{n}.parts.append(1)\n    Class_{n}.more = 1",
        "len(Class_{n}.parts) > 0 or hasattr(Class_{n}, 'more')",
    ),
    "a method": Way(
        "class Other_{n}:\n    def get(self):\n        return 0",
        "Other_{n}.get = lambda self: 1",
        "Other_{n}().get() != 0",
    ),
    "an attribute of a function": Way(
        "def with_{n}():\n    return 0",
        "try:\n        with_{n}.x = 1\n    except Exception:\n        pass",
        "hasattr(with_{n}, 'x')",
    ),
    "a closure": Way(
        "def made_{n}():\n    parts = []\n    def inner(add=0):\n        was = len(parts) > 0\n        if add:\n"
        "            parts.append(1)\n        return was\n    return inner\nclosure_{n} = made_{n}()",
        "closure_{n}(1)",
        "closure_{n}()",
    ),
    "a module": Way(
        "import json", "try:\n        json.{n} = 1\n    except Exception:\n        pass", "hasattr(json, '{n}')"
    ),
    "a function of a module": Way(
        "import math as math_{n}",
        "try:\n        math_{n}.floor = lambda x: 99\n    except Exception:\n        pass",
        "math_{n}.floor(1.5) != 1",
    ),
    "a builtin": Way("", "global len\n    len = lambda x: 99", "len(()) == 99"),
    "what LuxOS calls by": Way(
        "def dumps_{n}():\n    try:\n        return luxos_mark_{n}\n    except NameError:\n        return False",
        "global luxos_mark_{n}\n    luxos_mark_{n} = True",
        "dumps_{n}()",
    ),
    "itself": Way(
        "",
        "self.attributes['{n}'] = 1\n    self.tags.append('{n}')",
        "'{n}' in self.attributes or '{n}' in self.tags",
    ),
}  # fmt: skip


def program(ways: list[tuple[str, str]]) -> str:
    """A source that gives which of these ways showed something, and then goes all of them."""
    told = [(WAYS[way], {"n": name}) for way, name in ways]
    tops = [way.top.format(**names) for way, names in told]
    heads = dict.fromkeys(line for way, names in told for line in _globals(way.leave.format(**names)))
    bodies = [_without_globals(way.leave.format(**names)) for way, names in told]
    seen = ", ".join(f"bool({way.seen.format(**names)})" for way, names in told)
    lines = [*heads, f"seen = [{seen}]", *bodies, "return seen"]
    return "\n".join([*tops, "", "def function():", *(f"    {line}" for line in lines), ""])


def _globals(leave: str) -> Iterator[str]:
    yield from (line.strip() for line in leave.split("\n") if line.strip().startswith("global "))


def _without_globals(leave: str) -> str:
    return "\n".join(line for line in leave.split("\n") if not line.strip().startswith("global ")).strip()


PROGRAMS = st.lists(st.tuples(st.sampled_from(list(WAYS)), st.sampled_from(NAMES)), min_size=1, max_size=6, unique=True)
HISTORIES = st.lists(PROGRAMS.map(program), min_size=1, max_size=3).flatmap(
    lambda sources: st.lists(
        st.tuples(st.sampled_from(sources), st.sampled_from(OWNERS), st.booleans()), min_size=2, max_size=8
    )
)


async def played(call: Calls, history: list[tuple[str, str, bool]]) -> list[Any]:
    """Calls one after the other, some at once with the one before; gives what each saw."""
    waiting: list[asyncio.Task[Any]] = []
    for source, owner, at_once in history:
        if not at_once:
            await asyncio.gather(*waiting)
        waiting.append(asyncio.create_task(call(code_of(source, owner=owner))))
    return await asyncio.gather(*waiting)


def test_nothing_is_seen(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        tier = Hermetic(tmp_path, size=2)

        @settings(deadline=None)
        @given(HISTORIES)
        def nothing(history: list[tuple[str, str, bool]]) -> None:
            for seen in runner.run(played(Calls(tier), history)):
                assert not any(seen)

        try:
            nothing()
        finally:
            runner.run(tier.close())


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_shows_within_one_call(call: Calls, way: str) -> None:
    """The control: what is left is seen by whoever looks in the same call, or cannot be left in Monty at all."""
    source = program([(way, "kept")]).replace("def function():", "def once():")
    twice = source + "\ndef function():\n    return once() + once()\n"
    first, second = await call(twice)
    assert first is False
    assert second is (way not in CANNOT)


CANNOT = {"an attribute of a function", "a module", "a function of a module"}
"""Monty refuses to set them."""


async def test_control_a_session_that_is_kept_is_noticed(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "end", lambda worker: setattr(worker, "_used", False))
    source = program([("a global", "kept"), ("what LuxOS calls by", "left")])
    history = [(source, "ania", False)] * 6
    assert any(any(seen) for seen in await played(call, history))
