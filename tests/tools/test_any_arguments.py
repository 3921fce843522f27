"""Whatever a program gives to a verb, the step is done or refused in a sentence: nothing ends as a defect."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from luxos.beings.core import CoreRegistry, write_core_beings
from luxos.boot import core_registry
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.lux.checker import check
from luxos.lux.program import Program, Statement
from luxos.lux.reader import read
from luxos.lux.runner import run
from luxos.lux.writer import write
from luxos.persistence.database import Database
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.execution import Execution

FETCHING = {"FETCH", "INSTALL"}
"""They would reach for a network where the stack is a real one."""
REGISTRY: CoreRegistry = core_registry()
VERBS = sorted(set(REGISTRY.verbs) - FETCHING)

paths = some.sampled_from(
    [
        *("a.txt", "b/c.txt", "b", ".", "", "/", "//", "..", "../x", "a.txt/x", "link", "link/x", "pipe", "\0", "~"),
        *("a" * 300, "b/" * 600, "a\nb", "-rf", "ą" * 200, "gone", "loop", "/etc/passwd", "dev", "b/../a.txt"),
    ]
)
words = some.lists(some.sampled_from(["true", "sh", "-c", "exit 3", "", "\0", "/nope", "."]) | paths, max_size=3)
anything = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(max_size=8)
    | paths,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
small = some.floats(0, 0.5) | some.sampled_from([-1, 0, 1e308, 2**1023])


LIKELY = {
    "path": paths,
    "to": paths,
    "text": some.text(max_size=8),
    "argv": words,
    "seconds": small,
    "check": some.booleans(),
    "kind": some.sampled_from(["style", "types", "security"]),
    "source": some.fixed_dictionaries(
        {"name": some.just("x") | paths, "stack": some.just("django"), "files": some.lists(paths, max_size=3)}
    ),
    "environment": some.fixed_dictionaries({"stack": some.just("django"), "folder": paths, "python": paths}),
}


@some.composite
def calls(draw: some.DrawFn) -> tuple[str, dict[str, Any]]:
    verb = draw(some.sampled_from(VERBS))
    arguments = {}
    for name in REGISTRY.verbs[verb].parameters:
        if draw(some.integers(0, 9)):
            arguments[name] = draw(LIKELY.get(name, anything) if draw(some.integers(0, 9)) else anything)
    return verb, arguments


@pytest.fixture
async def execution(settings: Settings, database: Database, tmp_path: Path) -> AsyncIterator[Execution]:
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, REGISTRY)
    runtime = Runtime.of(settings, database, REGISTRY)
    workspace = tmp_path / "work"
    await asyncio.to_thread(_fill, workspace)
    soul = uuid4()
    async with runtime.runs.claimed(soul):
        made = await runtime.runs.create(soul, "any", "", workspace, "tester", {"permissions": ["workspace"]})
        yield Execution(runtime, made, {}, lambda event: None)
    await runtime.runs.close()


def _fill(workspace: Path) -> None:
    (workspace / "b").mkdir(parents=True)
    (workspace / "a.txt").write_text("one")
    (workspace / "b" / "c.txt").write_bytes(b"\xff\0")
    (workspace / "link").symlink_to("a.txt")
    (workspace / "loop").symlink_to("loop")
    (workspace / "dev").symlink_to("/dev/null")
    os.mkfifo(workspace / "pipe")


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(called=some.lists(calls(), min_size=1, max_size=2))
async def test_no_arguments_make_a_defect(execution: Execution, called: list[tuple[str, dict[str, Any]]]) -> None:
    program = Program(tuple(Statement(f"s_{uuid4().hex}", verb, keywords=arguments) for verb, arguments in called))
    with suppress(LuxError):
        again = read(write(program))
        check(again, REGISTRY.verbs)
        outcome = await run(again, REGISTRY.verbs, lambda statement, arguments: _call(execution, statement, arguments))
        assert all(str(error) for error in outcome.failures.values())


async def _call(execution: Execution, statement: Statement, arguments: dict[str, Any]) -> Any:
    return await execution.call(REGISTRY.by_verb(statement.verb).uuid, (), arguments, step=statement.name)
