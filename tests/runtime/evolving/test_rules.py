"""Rules and repairs: what they propose is Python, differs in one place only, and mostly means the same."""

import ast
import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime.evolving.cases import DERIVED, Case, derived
from luxos.runtime.evolving.goals import Goal
from luxos.runtime.evolving.proposals import Proposal, Proposer, Wanted, replaced
from luxos.runtime.evolving.repairs import Repairs
from luxos.runtime.evolving.rules import MOST, Rules

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
AVERAGE = """def function(n):
    total = 0
    count = 0
    for each in list(range(n)):
        total = total + each
        count += 1
    if count == 0:
        return 0
    return total / count
"""
LARGEST = """def function(n):
    xs = [3, n, 2]
    best = xs[0]
    for x in xs:
        if x > best:
            best = x
    return best
"""
UNIQUE = """def function(n):
    seen = []
    for x in [n, n, 1, 2]:
        if x not in seen:
            seen.append(x)
    return seen
"""
BETWEEN = """def function(n):
    xs = [str(i) for i in range(n)]
    text = ''
    for i in range(len(xs)):
        if i > 0:
            text += ', '
        text += xs[i]
    return text
"""
PLACE = """def function(n):
    xs = [5, 3, 1]
    for i in range(len(xs)):
        if xs[i] == n:
            return i + 1
    return 0
"""
COUNTS = """def function(n):
    counts = {}
    for c in str(n * 1001):
        if c in counts:
            counts[c] = counts[c] + 1
        else:
            counts[c] = 1
    return counts
"""
WHILE = """def function(n):
    i = 0
    found = []
    while i < n:
        found.append(i * 2)
        i += 1
    return found
"""
FLAG = """def function(n):
    found = False
    for i in range(n):
        if i == 3:
            found = True
    return found
"""
RECURSIVE = "def function(n):\n    if n < 2:\n        return n\n    return function(n - 1) + function(n - 2)\n"
INLINED = "def function(n):\n    x = n + 1\n    y = x * 2\n    return y\n"
SOURCES = {
    LISTED: "return [i * i for i in range(n)]",
    SUMMED: "sum([i for i",
    JOINED: "''.join([str(i)",
    ANY: "any([i > 3",
    AVERAGE: "count = len(list(range(n)))",
    LARGEST: "return max(xs)",
    UNIQUE: "return list(dict.fromkeys([n, n, 1, 2]))",
    BETWEEN: "', '.join(xs)",
    PLACE: "return xs.index(n) + 1 if n in xs else 0",
    COUNTS: "counts[c] = counts.get(c, 0) + 1",
    WHILE: "for i in range(n):",
    FLAG: "break",
    RECURSIVE: "if n not in known:",
    INLINED: "return (n + 1) * 2",
    "def function(n):\n    if n > 2:\n        return True\n    return False\n": "return n > 2",
    "def function(n):\n    if n > 2:\n        return 1\n    else:\n        return 2\n": "return 1 if n > 2 else 2",
    "def function(n):\n    x = n + 1\n    return x\n": "return n + 1",
    "def function(n):\n    return n * 60 * (60 * 24)\n": "1440",
    "def function(n):\n    return n in [1, 2, 3, 4]\n": "{1, 2, 3, 4}",
    "def function(n):\n    return n\n    n += 1\n": "return n\n",
    "def function(n):\n    pass\n    return list()\n": "return []",
    "def function(n, xs=[1, 3]):\n    return [i for i in range(n) if i in xs]\n": "xs = set(xs)",
}


def proposed(proposer: Proposer, source: str, goal: Goal, examples: Sequence[Case] = ()) -> list[Proposal]:
    async def every() -> list[Proposal]:
        return [one async for one in proposer.propose(Wanted(source, goal, examples))]

    return asyncio.run(every())


def run(source: str, n: int) -> Any:
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 - a text of this test
    return namespace["function"](n)


@pytest.mark.parametrize(("source", "wanted"), SOURCES.items())
def test_each_rule_finds_its_place_and_keeps_the_meaning(source: str, wanted: str) -> None:
    proposals = proposed(Rules(), source, "smaller")
    assert len(proposals) == len({proposal.source for proposal in proposals}) <= MOST
    assert any(wanted in proposal.source for proposal in proposals), [one.source for one in proposals]
    for proposal in proposals:
        for n in range(6):
            assert run(proposal.source, n) == run(source, n)
    assert all("# a comment stays" in proposal.source for proposal in proposals if "comment" in source)


def test_repairs_change_one_place_or_two_and_find_what_is_wrong() -> None:
    source = "def function(net, rate=22):\n    return net * (100 - rate) / 100\n"
    sources = [proposal.source for proposal in proposed(Repairs(), source, "examples")]
    assert source.replace("22", "23") in sources
    assert source.replace("100 - rate", "100 + rate") in sources
    assert source.replace("22", "23").replace("100 - rate", "100 + rate") in sources
    for proposal in sources[::50]:
        ast.parse(proposal)
    assert proposed(Repairs(), source, "faster") == proposed(Rules(), source, "examples") == []


def test_repairs_take_numbers_and_texts_from_the_examples() -> None:
    source = "def function(n):\n    for i in range(n):\n        return 'a_b' if n > 50 else '_'\n"
    examples = [Case((74,), {}, "x-y", is_example=True)]
    sources = [proposal.source for proposal in proposed(Repairs(), source, "examples", examples)]
    for old, new in (("> 50", "> 74"), ("'_'", "'-'"), ("range(n)", "range(n + 1)")):
        assert source.replace(old, new) in sources


@given(before=st.text("aąłż \n", max_size=20), after=st.text("aąłż", max_size=8))
def test_only_the_piece_is_replaced(before: str, after: str) -> None:
    head = "".join(f"# {line}\n" for line in before.split("\n"))
    source = f"{head}x = '{after}' + y + 'ż'  # {after}\nz = 1\n"
    (name,) = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id == "y"]
    assert replaced(source, name, name, ast.Constant(7)) == source.replace(" y ", " 7 ")


@given(st.lists(st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=5)), max_size=4))
def test_derived_calls_differ_in_one_argument_and_keep_its_kind(args: list[Any]) -> None:
    case = Case(tuple(args), {}, 0, is_example=True)
    found = derived([case, case])
    assert len(found) <= DERIVED
    for one in found:
        (changed,) = [place for place, value in enumerate(one.args) if value != case.args[place]]
        assert type(one.args[changed]) is type(case.args[changed])


def test_a_text_that_all_results_begin_or_end_with_is_tried() -> None:
    source = "def function(name):\n    return 'Hallo, ' + name + '.'\n"
    examples = [Case((name,), {}, f"Hej, {name}!", True) for name in ("Ala", "Jan")]
    sources = [proposal.source for proposal in proposed(Repairs(), source, "examples", examples)]
    assert "def function(name):\n    return 'Hej, ' + name + '!'\n" in sources
