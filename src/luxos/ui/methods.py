"""What can be asked of LuxOS, one function each, the same for every way of asking: command line, socket, later REST.

A method takes plain JSON values and gives a JSON object; what happens meanwhile is told to the person's listener.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from luxos.agent.reasoning import Reasoner
from luxos.agent.wishes import Wishes
from luxos.boot import System
from luxos.lux.writer import write
from luxos.runtime.events import Listener
from luxos.runtime.runs import Run, Step


@dataclass(frozen=True)
class Person:
    """Who asks: where they stand, who answers questions for them, and who hears what happens."""

    cwd: Path
    reasoner: Reasoner
    listener: Listener


async def do(system: System, person: Person, sentence: str, wishes: dict[str, str | None]) -> dict[str, Any]:
    """Does what a sentence says; gives the report."""
    return await system.agent(person.cwd, person.reasoner, person.listener).do(sentence, Wishes(**wishes))


async def plan(system: System, person: Person, sentence: str, wishes: dict[str, str | None]) -> dict[str, Any]:
    """Plans a sentence and runs nothing."""
    made = await system.agent(person.cwd, person.reasoner, person.listener).plan(sentence, Wishes(**wishes))
    return {
        "status": "planned",
        "intent": made.intent,
        "confidence": made.confidence,
        "entities": [asdict(entity) for entity in made.entities],
        "program": write(made.program),
        "workspace": str(made.workspace),
        "assumptions": [asdict(assumption) for assumption in made.assumptions],
    }


async def program(system: System, person: Person, text: str) -> dict[str, Any]:
    """Carries out a Lux program in the person's folder."""
    return await system.agent(person.cwd, person.reasoner, person.listener).do_program(text, person.cwd)


async def resume(system: System, person: Person, run: str) -> dict[str, Any]:
    """Goes on with a run."""
    return await system.agent(person.cwd, person.reasoner, person.listener).resume(run)


async def undo(system: System, person: Person, run: str) -> dict[str, Any]:
    """Takes back what a run changed in files."""
    return await system.agent(person.cwd, person.reasoner, person.listener).undo(run)


async def runs(system: System, person: Person, limit: int) -> dict[str, Any]:
    """The newest runs."""
    runtime = await system.runtime()
    return {"runs": [_run(run) for run in await runtime.runs.newest(limit)]}


async def show(system: System, person: Person, run: str) -> dict[str, Any]:
    """A run with its steps, and whether its audit chain is whole."""
    from luxos.runtime.runs import chain_is_whole

    runtime = await system.runtime()
    found = await runtime.runs.find(run)
    steps = await runtime.runs.steps(found.soul)
    whole = chain_is_whole(found, steps)
    return {**_run(found), "program": found.program, "steps": [_step(step) for step in steps], "chain_whole": whole}


Method = Callable[..., Awaitable[dict[str, Any]]]
METHODS: dict[str, Method] = {method.__name__: method for method in (do, plan, program, resume, undo, runs, show)}


def _run(run: Run) -> dict[str, Any]:
    kept = ("intent", "confidence", "tests", "coverage", "artifacts", "start_command", "account_command", "assumptions")
    return {
        "run": str(run.soul),
        "goal": run.goal,
        "status": run.status,
        "workspace": str(run.workspace),
        "created_at": run.created_at.isoformat(),
        **{key: run.attributes[key] for key in kept if key in run.attributes},
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.name,
        "verb": step.verb,
        "call": step.call,
        "parent": step.parent,
        "status": step.status,
        "seconds": step.seconds,
        "attempts": 1 + len(step.attributes.get("attempts", ())),
        **{key: step.attributes[key] for key in ("arguments", "result", "error", "changes") if key in step.attributes},
    }
