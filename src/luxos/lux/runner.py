"""Walks the graph of a checked program: a step starts as soon as all that it needs is done.

How a step is carried out is not known here: the caller passes an `Execute`, which calls the runtime's dispatcher.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from luxos.errors import LuxError
from luxos.lux.checker import Verbs, bind
from luxos.lux.errors import ReferenceEmpty
from luxos.lux.program import Program, Reference, Statement, Value

Execute = Callable[[Statement, dict[str, Any]], Awaitable[Any]]
"""Carries out one step with its arguments filled in; gives its result, or raises a `LuxError`."""


@dataclass
class Outcome:
    """What came of a program: results and failures by the names of the steps; `skipped` needed one that failed."""

    results: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, LuxError] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


async def run(program: Program, verbs: Verbs, execute: Execute, done: Mapping[str, Any] | None = None) -> Outcome:
    """Runs every step once, independent ones at the same time; `done` holds results of steps that need not run again.

    A step that fails keeps the steps that need it from starting; all others go on, so that a person sees everything
    that is wrong at once. An error that is no `LuxError` ends the whole.
    """
    outcome = Outcome(dict(done or {}))
    finished = {statement.name: asyncio.Event() for statement in program.statements}

    async def step(statement: Statement) -> None:
        for name in statement.needs:
            await finished[name].wait()
        if statement.needs <= outcome.results.keys():
            try:
                arguments = {key: _fill(statement, value, outcome) for key, value in bound[statement.name].items()}
                outcome.results[statement.name] = await execute(statement, arguments)
            except LuxError as error:
                outcome.failures[statement.name] = error
        else:
            outcome.skipped.append(statement.name)
        finished[statement.name].set()

    bound = {statement.name: bind(statement, verbs[statement.verb]) for statement in program.statements}
    async with asyncio.TaskGroup() as group:
        for statement in program.statements:
            if statement.name in outcome.results:
                finished[statement.name].set()
            else:
                group.create_task(step(statement), name=statement.name)
    return outcome


def _fill(statement: Statement, value: Value, outcome: Outcome) -> Any:
    if isinstance(value, Reference):
        return _follow(statement, value, outcome.results[value.statement])
    if isinstance(value, list):
        return [_fill(statement, item, outcome) for item in value]
    if isinstance(value, dict):
        return {key: _fill(statement, item, outcome) for key, item in value.items()}
    return value


def _follow(statement: Statement, reference: Reference, result: Any) -> Any:
    for part in reference.path[1:]:
        try:
            result = result[part]
        except (KeyError, IndexError, TypeError):
            raise ReferenceEmpty(line=statement.line, statement=reference.statement, reference=str(reference)) from None
    return result
