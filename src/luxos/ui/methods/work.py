"""What is done for a person: sentences, programs, going on, taking back."""

from dataclasses import asdict
from typing import Any

from luxos.agent.wishes import Wishes
from luxos.boot import System
from luxos.lux.writer import write
from luxos.ui.methods.person import Person


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
