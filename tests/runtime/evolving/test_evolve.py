"""Evolution keeps what is right and better, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from luxos.runtime.calling import Calls, session_run
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.evolving.errors import EvolutionUnfit
from luxos.runtime.evolving.evolve import How, evolve
from luxos.runtime.evolving.proposals import Proposal, Wanted
from luxos.runtime.hermetic.confined import confined
from luxos.souls.registry import Soul, summon

SLOW = """def function(n):
    total = 0
    for i in range(n):
        total += i in [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39]
    return total
"""
EXAMPLES = [{"arguments": [200], "result": 20}, {"arguments": [0], "result": 0}]


class Offers:
    """Proposes what it is given."""

    def __init__(self, *sources: str) -> None:
        self._sources = sources

    async def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]:
        for each in self._sources:
            yield Proposal(each, "offered")


async def test_a_smaller_source_that_gives_the_same_is_kept_as_a_version(runtime: Runtime) -> None:
    await summon(name="slow", source=SLOW, examples=EXAMPLES)
    found = await evolve(runtime, "slow", "smaller", confined)
    soul = await Soul.of("slow")
    assert found.better
    assert soul.hash == found.after
    assert found.measures[1] == len(found.source.encode()) < len(SLOW.encode())
    assert "sum([" in found.source
    again = await evolve(runtime, "slow", "smaller", confined)
    assert not again.better
    assert again.after is None


async def test_a_faster_source_is_kept_and_a_slower_one_is_not(runtime: Runtime) -> None:
    await summon(name="slow", source=SLOW, examples=EXAMPLES)
    slower = SLOW.replace("    return total", "    for i in range(5000):\n        i\n    return total")
    assert not (await evolve(runtime, "slow", "faster", confined, How(proposers=[Offers(slower)]))).better
    quick = "def function(n):\n    return max(0, min(n // 2, 20))\n"
    found = await evolve(runtime, "slow", "faster", confined, How(proposers=[Offers(quick)], keep="nothing"))
    assert found.source == quick
    assert found.measures[1] < 0.9
    assert (await Soul.of("slow")).genotype["source"] == SLOW


async def test_recorded_calls_are_cases_too(runtime: Runtime) -> None:
    """`quick` passes the examples, and not what was called: 3 in place of 1."""
    being = await summon(name="slow", source=SLOW, examples=EXAMPLES)
    wrong = "def function(n):\n    return max(0, min(n // 2, 20)) if n != 3 else 7\n"
    assert (await evolve(runtime, "slow", "smaller", confined, How(proposers=[Offers(wrong)], keep="nothing"))).better
    async with session_run(runtime, "calls") as run:
        assert await Calls(runtime, run)(being, 3) == 1
    assert not (await evolve(runtime, "slow", "smaller", confined, How(proposers=[Offers(wrong)]))).better


async def test_calls_like_the_examples_are_cases_too(runtime: Runtime) -> None:
    """Right for every example, and wrong for what is below nothing: derived calls find it."""
    await summon(name="slow", source=SLOW, examples=EXAMPLES)
    offers = [Offers("def function(n):\n    return min(n // 2, 20)\n")]
    found = await evolve(runtime, "slow", "smaller", confined, How(proposers=offers))
    assert (found.tried, found.right, found.better) == (1, 0, False)
    assert found.derived > 5


async def test_what_is_as_quick_is_not_faster(runtime: Runtime) -> None:
    """The negative control of the measure: the same source under another hash, five times."""
    await summon(name="slow", source=SLOW, examples=EXAMPLES)
    offers = [Offers(*(f"{SLOW}# {number}\n" for number in range(5)))]
    found = await evolve(runtime, "slow", "faster", confined, How(proposers=offers))
    assert (found.tried, found.right, found.better) == (5, 5, False)


SUM = """def function(numbers):
    total = 0
    for n in numbers:
        total = total + n
    return total
"""
UNIQUE = """def function(numbers):
    seen = []
    for n in numbers:
        if n not in seen:
            seen.append(n)
    return seen
"""


@pytest.mark.parametrize(("source", "goal"), [(SUM, "sum(numbers)"), (UNIQUE, "list(dict.fromkeys(numbers))")])
async def test_several_rules_lead_to_what_a_person_would_write(runtime: Runtime, source: str, goal: str) -> None:
    being = await summon(name="slow", source=source)
    async with session_run(runtime, "calls") as run:
        await Calls(runtime, run)(being, list(range(150)))
    assert f"    return {goal}\n" in (await evolve(runtime, "slow", "smaller", confined)).source
    again = await evolve(runtime, "slow", "smaller", confined)  # calls of the version before are cases of this one
    assert (again.cases, again.better) == (1, False)


@pytest.mark.parametrize(
    "offer",
    [
        "def function(n):\n    return 20 if n else\n",
        "def function(n):\n    while True: pass\n",
        "def function(n):\n    return [20, 0][n == 0] + open('/etc/passwd')\n",
        "def function(n):\n    return '20'\n",
        "def function(n: int) -> str:\n    return 20 if n else 0\n",
        "import os\nos._exit(0)\ndef function(n):\n    return 1\n",
    ],
)
async def test_what_is_wrong_in_any_way_is_not_kept(
    runtime: Runtime, offer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luxos.runtime.evolving.trying.SECONDS", 3.0)
    await summon(name="slow", source=SLOW, examples=EXAMPLES)
    found = await evolve(runtime, "slow", "smaller", confined, How(proposers=[Offers(offer)]))
    assert not found.better
    assert (await Soul.of("slow")).genotype["source"] == SLOW


async def test_a_source_is_repaired_until_its_examples_pass(runtime: Runtime) -> None:
    source = "def function(net, rate=22):\n    return net * (100 - rate) / 100\n"
    examples = [{"arguments": {"net": 100}, "result": 123.0}, {"arguments": {"net": 100, "rate": 0}, "result": 100.0}]
    examples.append({"arguments": {"net": 100, "rate": 8}, "result": 108.0})
    await summon(name="vat", source=source, examples=examples)
    with pytest.raises(EvolutionUnfit):
        await evolve(runtime, "vat", "faster", confined)
    found = await evolve(runtime, "vat", "examples", confined)
    assert found.measures == (1, 3)
    assert (await Soul.of("vat")).genotype[
        "source"
    ] == "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"


@pytest.mark.parametrize(
    "genesis",
    [
        {"source": "def function(n):\n    return n\n"},
        {"source": "def function(n):\n    return execution('leaf' + '', n)\n", "examples": EXAMPLES},
        {"source": "def function(n):\n    return summon(name='leaf', source='')\n", "examples": EXAMPLES},
        {"source": SLOW, "examples": EXAMPLES, "permissions": ["host:localhost:80"]},
    ],
)
async def test_what_cannot_be_judged_is_refused(runtime: Runtime, genesis: dict[str, Any]) -> None:
    await summon(name="leaf", source="def function(n):\n    return n\n")
    await summon(name="tree", **genesis)
    with pytest.raises(EvolutionUnfit):
        await evolve(runtime, "tree", "smaller", confined)
