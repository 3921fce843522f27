"""A soul evolved: proposals tried behind walls, and the best of them kept."""

from typing import Any, cast

from luxos.boot import System
from luxos.runtime.events import StepProgress
from luxos.runtime.evolving.evolve import as_json, evolve
from luxos.runtime.evolving.proposals import Goal
from luxos.runtime.hermetic.confined import confined
from luxos.ui.methods.person import Person
from luxos.ui.methods.souls import archive_of


async def soul_evolve(
    system: System, person: Person, name: str, goal: str, seconds: float, keep: bool
) -> dict[str, Any]:
    """Looks for a better source of an alias; with `keep` it becomes the newest version."""
    runtime = await system.runtime()

    def tell(text: str) -> None:
        person.listener(StepProgress(name, text, None))

    found = await evolve(runtime, name, cast(Goal, goal), confined, seconds=seconds, keep=keep, tell=tell)
    await archive_of(system)
    return as_json(found)
