"""Rules and repairs: what they propose is Python, differs in one place only, and mostly means the same."""

import ast
import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime.evolving.proposals import Goal, Proposal, Proposer, Wanted, replaced
from luxos.runtime.evolving.repairs import Repairs
from luxos.runtime.evolving.rules import Rules

LISTED = """def function(n):
    # a comment stays
    r = []
    for i in range(n):
        r.append(i * i)
    return r
"""
SUMMED = """def function(n):
    t = 0
    for i in range(n):
        if i % 2:
            t += i
    return t
"""
JOINED = """def function(n):
    s = ''
    for i in range(n):
        s += str(i)
    return s
"""
ANY = """def function(n):
    for i in range(n):
        if i > 3:
            return True
    return False
"""
SOURCES = {
    LISTED: "[i * i for i in range(n)]",
    SUMMED: "sum([i for i",
    JOINED: "''.join([str(i)",
    ANY: "any([i > 3",
    "def function(n):\n    if n > 2:\n        return True\n    return False\n": "return n > 2",
    "def function(n):\n    x = n + 1\n    return x\n": "return n + 1",
    "def function(n):\n    return n * 60 * (60 * 24)\n": "1440",
    "def function(n):\n    return n in [1, 2, 3, 4]\n": "{1, 2, 3, 4}",
    "def function(n):\n    return n\n    n += 1\n": "return n\n",
    "def function(n):\n    pass\n    return list()\n": "return []",
}


def proposed(proposer: Proposer, source: str, goal: Goal) -> list[Proposal]:
    async def every() -> list[Proposal]:
        return [one async for one in proposer.propose(Wanted(source, goal))]

    return asyncio.run(every())


def run(source: str, n: int) -> Any:
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 - a text of this test
    return namespace["function"](n)


@pytest.mark.parametrize(("source", "wanted"), SOURCES.items())
def test_each_rule_finds_its_place_and_keeps_the_meaning(source: str, wanted: str) -> None:
    proposals = proposed(Rules(), source, "smaller")
    assert any(wanted in proposal.source for proposal in proposals), [one.source for one in proposals]
    for proposal in proposals:
        for n in range(6):
            assert run(proposal.source, n) == run(source, n)
    assert all("# a comment stays" in proposal.source for proposal in proposals if "comment" in source)


def test_repairs_change_one_place_and_find_a_wrong_number() -> None:
    source = "def function(net, rate=22):\n    return net * (100 - rate) / 100\n"
    sources = [proposal.source for proposal in proposed(Repairs(), source, "examples")]
    assert source.replace("22", "23") in sources
    assert source.replace("100 - rate", "100 + rate") in sources
    for proposal in sources:
        ast.parse(proposal)
    assert proposed(Repairs(), source, "faster") == proposed(Rules(), source, "examples") == []


@given(before=st.text("aąłż \n", max_size=20), after=st.text("aąłż", max_size=8))
def test_only_the_piece_is_replaced(before: str, after: str) -> None:
    head = "".join(f"# {line}\n" for line in before.split("\n"))
    source = f"{head}x = '{after}' + y + 'ż'  # {after}\nz = 1\n"
    (name,) = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id == "y"]
    assert replaced(source, name, name, ast.Constant(7)) == source.replace(" y ", " 7 ")
