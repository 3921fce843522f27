"""Souls that call others evolve: answers are on record, or come out of the sandbox, and nothing happens."""

import asyncio
from uuid import UUID

import pytest
from tests.runtime.evolving.test_evolve import Offers

from luxos.beings.being import BaseBeing
from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.evolving.errors import EvolutionUnfit
from luxos.runtime.evolving.evolve import How, evolve
from luxos.runtime.hermetic.confined import confined
from luxos.souls.registry import Soul, summon

LEAF = "def function(n):\n    return n * 2\n"
TREE = """def function(n):
    total = 0
    for i in [n, n + 1]:
        total = total + execution('leaf', i)
    return total
"""
SMALLER = "def function(n):\n    return execution('leaf', n) + execution('leaf', n + 1)\n"
SAME_RESULT = {
    "asks once only": "def function(n):\n    return 2 * execution('leaf', n) + 2\n",
    "in another order": "def function(n):\n    b = execution('leaf', n + 1)\n    return b + execution('leaf', n)\n",
    "does not ask": "def function(n):\n    return 4 * n + 2\n",
    "asks for more, and hides it": """def function(n):
    try:
        execution('leaf', 99)
    except RuntimeError:
        pass
    return 4 * n + 2
""",
    "asks for another": "def function(n):\n    return execution('twig', n) + execution('leaf', n + 1)\n",
}


async def offered(runtime: Runtime, source: str, name: str = "tree") -> bool:
    """Whether a source is kept instead of the tree's, by size."""
    return (await evolve(runtime, name, "smaller", confined, How(proposers=[Offers(source)], keep="nothing"))).better


async def called(runtime: Runtime, *numbers: int) -> None:
    async with session_run(runtime, "calls") as run:
        for number in numbers:
            await Calls(runtime, run)("tree", number)


async def steps() -> int:
    count: int = await BaseBeing._pool().fetchval("SELECT count(*) FROM relationships WHERE 'step' = ANY(tags)")
    return count


async def test_what_is_on_record_answers_and_nobody_is_called(runtime: Runtime) -> None:
    """Also once the called one is another: the soul's pin, and the record, say what it was."""
    await summon(name="leaf", source=LEAF)
    await summon(name="twig", source="def function(n):\n    return n + n\n")
    await summon(name="tree", source=TREE)
    await called(runtime, 1, 5)
    before = await steps()
    await summon(name="leaf", source="def function(n):\n    return 0\n")
    assert await offered(runtime, SMALLER)
    for why, source in SAME_RESULT.items():
        assert not await offered(runtime, source), why
    assert not await offered(runtime, SMALLER.replace("n + 1", "n + 2"))
    assert await steps() == before


async def test_examples_run_what_is_pinned_in_the_sandbox(runtime: Runtime) -> None:
    """Two deep; the version that is kept has the pins with which it was tried."""
    await summon(name="root", source="def function(n):\n    return n * 2\n")
    await summon(name="leaf", source="def function(n):\n    return execution('root', n)\n")
    await summon(name="tree", source=TREE, examples=[{"args": [1], "result": 6}])
    pins = (await Soul.of("tree")).genotype["dependencies"]
    await summon(name="leaf", source="def function(n):\n    return 0\n")
    found = await evolve(runtime, "tree", "smaller", confined, How(proposers=[Offers(SMALLER)]))
    assert found.after is not None
    assert found.derived > 3
    assert (await Soul.of("tree")).genotype["dependencies"] == pins
    assert await steps() == 0


async def test_a_soul_that_calls_itself_is_answered_by_its_record(runtime: Runtime) -> None:
    source = (
        "def function(n):\n    if n < 2:\n        return 1\n    else:\n        return n * execution('tree', n - 1)\n"
    )
    await summon(name="tree", source=source, examples=[{"args": [3], "result": 6}])
    await called(runtime, 4)
    assert await offered(runtime, "def function(n):\n    return n * execution('tree', n - 1) if n > 1 else 1\n")
    assert not await offered(runtime, "def function(n):\n    return n and n * execution('tree', n - 1)\n")


async def test_faster_is_measured_with_the_answers(runtime: Runtime) -> None:
    slow = "def function(n):\n    for i in range(20000):\n        n + i\n    return execution('leaf', n)\n"
    await summon(name="leaf", source=LEAF)
    await summon(name="tree", source=slow, examples=[{"args": [3], "result": 6}])
    quick = "def function(n):\n    return execution('leaf', n)\n"
    found = await evolve(runtime, "tree", "faster", confined, How(proposers=[Offers(quick)], keep="nothing"))
    assert found.measures[1] < 0.9


async def test_a_soul_that_calls_another_is_repaired(runtime: Runtime) -> None:
    await summon(name="leaf", source=LEAF)
    broken = "def function(n):\n    return execution('leaf', n) - 1\n"
    await summon(name="tree", source=broken, examples=[{"args": [3], "result": 7}, {"args": [0], "result": 1}])
    found = await evolve(runtime, "tree", "examples", confined)
    assert found.measures == (0, 2)


async def test_what_acts_is_answered_by_the_record_and_never_done(settings: Settings, database: Database) -> None:
    """A function of LuxOS that acts outside: an example alone cannot be judged, for nobody does it for a trial."""
    done: list[int] = []

    async def act(_context: Context, number: int) -> int:
        done.append(number)
        return number

    acting = CoreFunction(UUID("5b0c7f1e-3f8c-4b53-9c5d-6a5f6de8b0a7"), "test.act", "ACT", "external", act)
    registry = CoreRegistry([acting])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    try:
        source = "def function(n):\n    result = execution('test.act', n)\n    return result\n"
        examples = [{"args": [3], "result": 3}]
        await summon(name="tree", source=source, examples=examples, permissions=["test.act", "external"])
        with pytest.raises(EvolutionUnfit):
            await offered(runtime, "def function(n):\n    return execution('test.act', n)\n")
        assert done == []
        await summon(name="recorded", source=source, permissions=["test.act", "external"])
        async with session_run(runtime, "calls", permissions=["test.act", "external"]) as run:
            await Calls(runtime, run)("recorded", 4)
        assert await offered(runtime, "def function(n):\n    return execution('test.act', n)\n", "recorded")
        assert done == [4]
    finally:
        await runtime.close()


async def test_a_pinned_function_reaches_no_host_while_another_is_tried(runtime: Runtime) -> None:
    async def heard(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(1)
        writer.close()

    reached: list[int] = []
    server = await asyncio.start_server(heard, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reaching = f"import socket\ndef function(n):\n    socket.create_connection(('127.0.0.1', {port}))\n    return n\n"
    await summon(name="leaf", source=reaching, permissions=[f"host:127.0.0.1:{port}"])
    await summon(
        name="tree", source="def function(n):\n    return execution('leaf', n)\n", examples=[{"args": [3], "result": 3}]
    )
    with pytest.raises(EvolutionUnfit):
        await offered(runtime, SMALLER)
    assert not reached
    async with session_run(runtime, "calls", permissions=[f"host:127.0.0.1:{port}"]) as run:
        assert await Calls(runtime, run)("tree", 4) == 4  # the control: live, it does
    assert reached
    server.close()
