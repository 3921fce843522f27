"""Twelve small souls as a person writes them, made smaller and faster, and six broken ones repaired; no model is asked.

Each is measured as `luxos soul evolve` measures it, in the sandbox: bytes of source, a part of the time of what it was
(two sources in turn, until one has won so often that it is no chance), examples that pass.
"""

import asyncio
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.core import CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.evolving.evolve import Evolved, How, evolve
from luxos.runtime.evolving.goals import Goal
from luxos.runtime.hermetic.confined import confined
from luxos.souls.registry import summon

SMALLER, FASTER = 10, 7
"""How many of the twelve have to become so."""
NUMBERS, WORDS = [*range(-20, 120, 7)] * 6, ["ala", "ma", "kota", "a", "kot", "ma", "ale"] * 12


def _looped(begin: str, line: str, give: str, over: str = "items") -> str:
    return f"def function(items):\n    found = {begin}\n    for item in {over}:\n        {line}\n    return {give}\n"


def _cased(source: str, *cases: tuple[Any, Any]) -> tuple[str, list[dict[str, Any]]]:
    return source, [{"args": [given], "result": result} for given, result in cases]


SOULS = {
    "sum": _cased(_looped("0", "found = found + item", "found"), (NUMBERS, sum(NUMBERS)), ([], 0)),
    "count": _cased(
        _looped("0", "if item > 0:\n            found = found + 1", "found"),
        (NUMBERS, sum(item > 0 for item in NUMBERS)), ([-1], 0),
    ),
    "squares": _cased(
        _looped("[]", "found.append(item * item)", "found"), (NUMBERS, [i * i for i in NUMBERS]), ([], [])
    ),
    "positive": _cased(
        _looped("[]", "if item > 0:\n            found.append(item)", "found"), (NUMBERS, [i for i in NUMBERS if i > 0])
    ),
    "unique": _cased(
        _looped("[]", "if item not in found:\n            found.append(item)", "found"),
        (WORDS, list(dict.fromkeys(WORDS))), (list(range(150)), list(range(150))),
    ),
    "largest": _cased(
        _looped("items[0]", "if item > found:\n            found = item", "found"), (NUMBERS, max(NUMBERS)), ([3], 3)
    ),
    "any": _cased(
        "def function(items):\n    for item in items:\n        if item == 106:\n            return True\n"
        "    return False\n",
        (NUMBERS, 106 in NUMBERS), ([1, 2], False),
    ),
    "joined": _cased(
        _looped("''", "if found != '':\n            found = found + ', '\n        found = found + item", "found"),
        (WORDS, ", ".join(WORDS)), ([], ""), (["a"], "a"),
    ),
    "counts": _cased(
        _looped(
            "{}", "if item in found:\n            found[item] = found[item] + 1\n"
            "        else:\n            found[item] = 1", "found"
        ),
        (WORDS, {word: WORDS.count(word) for word in WORDS}), ([], {}),
    ),
    "fibonacci": _cased(
        "def function(n):\n    if n < 2:\n        return n\n    else:\n"
        "        return function(n - 1) + function(n - 2)\n",
        (13, 233), (0, 0), (1, 1), (9, 34),
    ),
    "average": _cased(
        "def function(items):\n    total = 0\n    count = 0\n    for item in items:\n        total = total + item\n"
        "        count = count + 1\n    if count == 0:\n        return 0\n    else:\n        return total / count\n",
        (NUMBERS, sum(NUMBERS) / len(NUMBERS)), ([], 0), ([5], 5.0),
    ),
    "grade": _cased(
        "def function(n):\n    if n >= 90:\n        grade = 'A'\n    elif n >= 70:\n        grade = 'B'\n    else:\n"
        "        grade = 'C'\n    return grade\n",
        (95, "A"), (90, "A"), (70, "B"), (69, "C"), (-3, "C"),
    ),
}  # fmt: skip
BROKEN = {
    "vat": _cased("def function(net):\n    return net * (100 - 23) / 100\n", (100, 123.0), (200, 246.0)),
    "off by one": _cased("def function(n):\n    return sum(range(n))\n", (3, 6), (10, 55), (0, 0)),
    "wrong limit": _cased("def function(n):\n    return n > 18\n", (18, True), (17, False), (30, True)),
    "wrong text": _cased(
        "def function(name):\n    return 'Hallo, ' + name\n", ("Ala", "Hej, Ala"), ("Jan", "Hej, Jan")
    ),
    "wrong sign": _cased("def function(pair):\n    return pair[0] + pair[1]\n", ([5, 3], 2), ([1, 1], 0)),
    "wrong place": _cased("def function(items):\n    return items[0]\n", ([1, 2, 3], 3), ([7, 8], 8)),
}


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    found = asyncio.run(_evolved(machine))
    for goal, must in (("smaller", SMALLER), ("faster", FASTER)):
        parts = [one.measures[1] / one.measures[0] for one in found[goal] if one.better]  # type: ignore[index]
        told = f", to {min(parts):.2f}-{max(parts):.2f}, median {statistics.median(parts):.2f}" if parts else ""
        yield Figure(
            f"small souls that evolve to {goal} ones, without a model", f"{len(parts)} of {len(SOULS)}{told}",
            "what a person wrote", f"{must} of {len(SOULS)}", len(parts) >= must,
        )  # fmt: skip
    right = sum(one.measures[1] == one.cases for one in found["examples"])
    yield Figure(
        "broken souls that are repaired by their examples, without a model", f"{right} of {len(BROKEN)}", "-",
        f"{len(BROKEN)} of {len(BROKEN)}", right == len(BROKEN),
    )  # fmt: skip


async def _evolved(machine: Machine) -> dict[Goal, list[Evolved]]:
    async with open_bench_database(machine, "evolving") as database:
        registry = CoreRegistry([])
        async with database.pool.acquire() as connection, connection.transaction():
            await write_core_beings(connection, registry)
        runtime = Runtime.of(Settings.from_environment(machine.environment), database, registry)
        try:
            for number, (source, examples) in enumerate([*SOULS.values(), *BROKEN.values()]):
                await summon(name=f"soul{number}", source=source, examples=examples)
            whole, broken = range(len(SOULS)), range(len(SOULS), len(SOULS) + len(BROKEN))
            return {
                "smaller": [await _one(runtime, number, "smaller") for number in whole],
                "faster": [await _one(runtime, number, "faster") for number in whole],
                "examples": [await _one(runtime, number, "examples") for number in broken],
            }
        finally:
            await runtime.close()


async def _one(runtime: Runtime, number: int, goal: Goal) -> Evolved:
    return await evolve(runtime, f"soul{number}", goal, confined, How(keep="nothing"))
