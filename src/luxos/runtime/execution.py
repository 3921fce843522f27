"""`execution(who, *args)`: the one way to run anything. This file shows the whole order of what surrounds a call.

permitted → applied → recorded → staged → tiered
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreRegistry
from luxos.beings.owner import system_user
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.call import Call, Callee
from luxos.runtime.context import Context
from luxos.runtime.errors import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.events import Listener, StepFinished, StepProgress
from luxos.runtime.permission import permitted
from luxos.runtime.recording import recorded
from luxos.runtime.runs import Run, Runs, Step
from luxos.runtime.staging import WorkspaceLock, applied, changes_of, staged
from luxos.runtime.threads import to_the_end
from luxos.runtime.tiers import tiered
from luxos.souls.resolving import resolve


@dataclass(frozen=True)
class Runtime:
    """What every run of this process shares."""

    settings: Settings
    database: Database
    registry: CoreRegistry
    runs: Runs
    owner: str

    @classmethod
    def of(cls, settings: Settings, database: Database, registry: CoreRegistry) -> "Runtime":
        return cls(settings, database, registry, Runs(database), system_user())

    def journal(self, run: UUID) -> Path:
        """Where the changes of a run's steps are kept, for recovery and for undo."""
        return self.settings.home / "runs" / str(run)

    async def resolve(self, who: str | UUID) -> Callee:
        """What answers to an alias, a UUID or a hash; `BeingNotCallable` where nothing does."""
        text = str(who)
        core = self.registry.find(text)
        if core is not None:
            return core
        being = await resolve(text)
        if being is None or "source" not in being.genesis:
            raise BeingNotCallable(who=text)
        return being


class Execution:
    """The dispatcher of one run that this process holds."""

    def __init__(self, runtime: Runtime, run: Run, before: Mapping[str, Step], listener: Listener) -> None:
        self.runtime, self.run = runtime, run
        self._before, self._listener = before, listener
        self._lock = WorkspaceLock()
        journal = runtime.journal(run.soul)
        granted = frozenset(run.attributes.get("permissions", ()))
        self._handler = permitted(
            applied(
                recorded(
                    staged(tiered(self._context), run.workspace, journal),
                    runtime.runs, before, runtime.owner, listener,
                ),
                self._lock,
            ),
            granted,
        )  # fmt: skip

    async def __call__(self, who: str | UUID, *args: Any, step: str | None = None, **kwargs: Any) -> Any:
        """Calls a being by UUID, hash or alias and gives its result; the step is called `step`, or by the alias."""
        callee = await self.runtime.resolve(who)
        try:
            arguments = self.runtime.registry.named(callee, args, kwargs)
        except TypeError as error:
            raise ArgumentsUnfit(who=str(who), reason=str(error)) from error
        return (await self._handler(Call(self.run.soul, step or str(who), callee, arguments))).result

    async def recover(self) -> dict[str, Any]:
        """Finishes what a crash cut off: applies the changes of every step that is recorded as done.

        Gives the results of these steps by their names; the other steps are to be run again.
        """
        done = [step for step in self._before.values() if step.status == "done" and step.parent is None]
        for step in sorted(done, key=lambda step: int(step.attributes["chain"]["seq"])):
            changes = changes_of(self.runtime.journal(self.run.soul), step)
            if changes is not None and changes.state == "staged":
                await to_the_end(changes.apply)
            self._listener(StepFinished(step.name, "kept", step.attributes["result"]))
        return {step.name: step.attributes["result"] for step in done}

    def _context(self, call: Call) -> Context:
        numbers = count(1)

        async def inner(who: str, **arguments: Any) -> Any:
            callee = await self.runtime.resolve(who)
            name = f"{call.step}/{next(numbers)}"
            child = Call(self.run.soul, name, callee, arguments, parent=call.step, staging=call.staging)
            return (await self._handler(child)).result

        def say(text: str, fraction: float | None) -> None:
            self._listener(StepProgress(call.step, text, fraction))

        return Context(self.runtime.settings, call, self.run.workspace, inner, say)
