"""A being called by a person: its result, and what its code printed."""

from typing import Any

from luxos.boot import System
from luxos.errors import LuxError
from luxos.runtime.call import Manner
from luxos.runtime.calling import session_run
from luxos.runtime.events import CallBegun, Noted, Printed, StepNoted, StepStarted
from luxos.runtime.scope import Tree
from luxos.runtime.wishes import check_permissions
from luxos.ui.methods.person import Person


async def call(
    system: System,
    person: Person,
    who: str,
    args: list[Any],
    kwargs: dict[str, Any],
    seconds: float,
    permissions: list[str],
) -> dict[str, Any]:
    """Calls a function, or a method of an instance (`INSTANCE.method`), as the one step of a run of its own.

    `printed` is what its code printed; a listener hears it as soon as the code has ended, however it did. An error has
    it, beside the `run`, in its details.
    """
    runtime = await system.runtime()
    await check_permissions(who, permissions)
    runtime.bound(await runtime.resolve(who), args, kwargs)
    said: list[str] = []

    def hear(text: str) -> None:
        said.append(text)
        person.listener(Printed(text))

    def note(event: object) -> None:
        if isinstance(event, StepNoted):
            person.listener(Noted(event.text))
        elif isinstance(event, StepStarted) and event.parent is None:
            person.listener(CallBegun(str(run.soul)[:8]))

    async with session_run(runtime, f"luxos call {who}", permissions=permissions, listener=note) as run:
        execution = await run.execution()
        manner = Manner(kept=True, hear=hear)
        try:
            result = await execution.call(who, args, kwargs, tree=Tree(seconds=seconds), manner=manner)
        except LuxError as error:
            error.details["printed"] = "".join(said)
            error.details.setdefault("run", str(execution.run.soul))
            await runtime.following.settle()  # it may have been one failure too many, and the person is to hear of it
            raise
        return {"status": "done", "run": str(execution.run.soul), "result": result, "printed": "".join(said)}
