"""`execution(who, *args)`: the one way to run anything. This file shows the whole order of what surrounds a call.

permitted → limited → charged → applied → recorded → staged → tiered
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction, CoreRegistry
from luxos.beings.function import FunctionBeing
from luxos.beings.owner import system_user
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.binding import bind
from luxos.runtime.call import Call, Callee, Stored
from luxos.runtime.charged import Leases, charged
from luxos.runtime.code import Ask
from luxos.runtime.codes import Codes
from luxos.runtime.context import Context
from luxos.runtime.errors import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.events import Listener, StepFinished, StepProgress
from luxos.runtime.limited import limited
from luxos.runtime.permission import permitted
from luxos.runtime.recording import recorded
from luxos.runtime.runs import Run, Runs
from luxos.runtime.scope import Scope, Tree
from luxos.runtime.staging import WorkspaceLock, applied, changes_of, staged
from luxos.runtime.steps import Step
from luxos.runtime.threads import to_the_end
from luxos.runtime.tiers import Tiers, tiered
from luxos.souls.resolving import resolve

_DAY = 86_400.0
Who = str | UUID | FunctionBeing


@dataclass(frozen=True)
class Runtime:
    """What every run of this process shares."""

    settings: Settings
    database: Database
    registry: CoreRegistry
    runs: Runs
    owner: str
    tiers: Tiers = field(default_factory=Tiers)
    codes: Codes = field(default_factory=Codes)
    leases: Leases = field(default_factory=Leases)

    @classmethod
    def of(cls, settings: Settings, database: Database, registry: CoreRegistry) -> "Runtime":
        return cls(settings, database, registry, Runs(database), system_user())

    async def close(self) -> None:
        """Gives up what is held, and ends what runs code."""
        await self.tiers.close()
        await self.leases.settle()
        await self.runs.close()

    def journal(self, run: UUID) -> Path:
        """Where the changes of a run's steps are kept, for recovery and for undo."""
        return self.settings.home / "runs" / str(run)

    async def resolve(self, who: Who) -> Callee:
        """What answers to an alias, a UUID or a hash, or is given; `BeingNotCallable` where nothing does."""
        if isinstance(who, FunctionBeing):
            return who
        text = str(who)
        core = self.registry.find(text)
        if core is not None:
            return core
        being = await resolve(text)
        if being is None or "source" not in being.genesis:
            raise BeingNotCallable(who=text)
        return being


class Execution:
    """The dispatcher of one run that this process holds.

    `tree` gives the limits of each outermost call; without it a call may take a day.
    """

    def __init__(
        self,
        runtime: Runtime,
        run: Run,
        before: Mapping[str, Step],
        listener: Listener,
        tree: Callable[[], Tree] = lambda: Tree(seconds=_DAY),
    ) -> None:
        self.runtime, self.run = runtime, run
        self._before, self._listener, self._tree = before, listener, tree
        self._names: Counter[str] = Counter()
        journal = runtime.journal(run.soul)
        granted = frozenset(run.attributes.get("permissions", ()))
        self._handler = permitted(
            limited(
                charged(
                    applied(
                        recorded(
                            staged(tiered(runtime.tiers, self._context, self._answer), run.workspace, journal),
                            runtime.runs.recorder, before, runtime.owner, listener,
                        ),
                        WorkspaceLock(),
                    ),
                    runtime.leases,
                ),
            ),
            granted,
        )  # fmt: skip

    async def __call__(self, who: Who, *args: Any, **kwargs: Any) -> Any:
        """Calls a being by UUID, hash or alias, or the being that is given, and gives its result."""
        return await self.call(who, args, kwargs)

    async def call(self, who: Who, args: Sequence[Any], kwargs: Mapping[str, Any], step: str | None = None) -> Any:
        """The same; the step is called `step`, or by the alias of what is called, numbered from the second one on."""
        callee = await self.runtime.resolve(who)
        return await self._dispatch(callee, args, kwargs, step or self._next_name(callee), Scope(self._tree()))

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

    async def _dispatch(
        self,
        callee: Callee,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        step: str,
        scope: Scope,
        parent: Call | None = None,
    ) -> Any:
        arguments, stored = self._bound(callee, args, kwargs)
        call = Call(self.run.soul, step, callee, arguments, stored=stored, scope=scope)
        if parent is not None:
            call = call.below(parent)
        return (await self._handler(call)).result

    def _bound(
        self, callee: Callee, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Stored | None]:
        """The arguments by their names; what is run of a stored function."""
        if isinstance(callee, CoreFunction):
            try:
                return self.runtime.registry.named(callee, args, kwargs), None
            except TypeError as error:
                raise ArgumentsUnfit(who=callee.alias, reason=str(error)) from error
        known = self.runtime.codes.of(callee)
        bound = bind(known.code.name, known.code.signature, args, kwargs, callee.attributes)
        return bound.named, Stored(known, bound)

    def _next_name(self, callee: Callee) -> str:
        name = callee.alias if isinstance(callee, CoreFunction) else str(callee.genesis.get("name", callee.soul))
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}~{self._names[name]}"

    async def _inside(self, call: Call, number: int, who: Who, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A call that is made by another one."""
        callee = await self.runtime.resolve(who)
        if call.record is not None:
            call.record.begin()
        return await self._dispatch(callee, args, kwargs, f"{call.step}/{number}", call.scope.child(call.alias), call)

    def _context(self, call: Call) -> Context:
        """What a core function is given."""
        numbers = count(1)

        async def inner(who: str, **arguments: Any) -> Any:
            return await self._inside(call, next(numbers), who, (), arguments)

        def say(text: str, fraction: float | None) -> None:
            self._listener(StepProgress(call.step, text, fraction))

        return Context(self.runtime.settings, call, self.run.workspace, inner, say)

    async def _answer(self, call: Call, ask: Ask) -> Any:
        """What stored code asks for: `execution(who, …)` by what its source pins, or `summon(name=…, source=…)`."""
        if ask.name == "summon":
            return await self._inside(call, ask.number + 1, "being.summon", ask.args, ask.kwargs)
        if not ask.args or not isinstance(ask.args[0], str):
            raise ArgumentsUnfit(who="execution", reason="who")
        who, *args = ask.args
        assert call.stored is not None  # noqa: S101 - only stored code asks
        pin = call.stored.known.pins.get(who, who)
        return await self._inside(call, ask.number + 1, await self._pinned(call, pin), args, ask.kwargs)

    async def _pinned(self, call: Call, pin: str) -> Who:
        if pin == "self":
            assert isinstance(call.callee, FunctionBeing)  # noqa: S101 - only stored code asks
            return call.callee
        return pin.removeprefix("core:")
