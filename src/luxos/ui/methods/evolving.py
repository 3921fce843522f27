"""A soul evolved: proposals tried behind walls, and the best of them kept."""

from typing import Any, cast

from luxos.boot import System
from luxos.models.model import SECONDS as ANSWER
from luxos.models.model import Model
from luxos.runtime.events import StepProgress
from luxos.runtime.evolving.asked import Asked
from luxos.runtime.evolving.evolve import PROPOSERS, How, Keep, as_json, evolve
from luxos.runtime.evolving.goals import Goal
from luxos.runtime.hermetic.confined import confined
from luxos.runtime.promoting.terms import Terms
from luxos.ui.methods.person import Person
from luxos.ui.methods.souls import archive_of


async def soul_evolve(
    system: System, person: Person, name: str, goal: str, seconds: float, keep: str, terms: dict[str, Any]
) -> dict[str, Any]:
    """Looks for a better source of an alias; `keep` is to `move` the alias, its `shadow`, or `nothing`."""
    runtime = await system.runtime()

    def tell(text: str) -> None:
        person.listener(StepProgress(name, text, None))

    model = Model.of(system.settings)
    asked = [] if model is None else [Asked(model, tell, min(seconds, ANSWER))]
    how = How([*PROPOSERS, *asked], seconds, cast(Keep, keep), Terms(**terms), tell)
    found = await evolve(runtime, name, cast(Goal, goal), confined, how)
    for one in asked:
        found.model = {"name": one.model.name, "asked": one.asked, "refused": one.refused}
    await archive_of(system)
    return as_json(found)
