"""`execution(who, *args)`: the one way to run anything. This file shows the whole order of what surrounds a call.

traced → heeded → permitted → approved → limited → resumed → charged → budgeted → retried → stateful → applied
→ recorded → staged → memoised → shadowed → tiered
"""

from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.runtime.approved import Approve, approved
from luxos.runtime.call import PLAIN, Call, Callee, Handler, Manner, Outcome, name_of
from luxos.runtime.charged import charged
from luxos.runtime.dispatcher import Dispatcher, Runtime, Who
from luxos.runtime.errors.calls import NotPure
from luxos.runtime.events import Listener, StepFinished
from luxos.runtime.heeded import heeded, working
from luxos.runtime.instances import BoundMethod
from luxos.runtime.limited import limited
from luxos.runtime.memoised import memoised
from luxos.runtime.permission import permitted
from luxos.runtime.promoting.wrappers import budgeted, shadowed
from luxos.runtime.recording import recorded
from luxos.runtime.resumed import resumed
from luxos.runtime.retried import retried
from luxos.runtime.runs import Run
from luxos.runtime.scope import Scope, Tree
from luxos.runtime.staging import WorkspaceLock, applied, changes_of, staged
from luxos.runtime.stateful import stateful
from luxos.runtime.steps import Step, StepRecord
from luxos.runtime.summaries import Summaries, summarised
from luxos.runtime.threads import to_the_end
from luxos.runtime.tiers import tiered
from luxos.runtime.traced import traced

_DAY = 86_400.0


class Execution(Dispatcher):
    """The dispatcher of one run that this process holds."""

    def __init__(
        self,
        runtime: Runtime,
        run: Run,
        before: Mapping[str, Step],
        listener: Listener,
        approve: Approve | None = None,
        *,
        retrying: bool = False,
    ) -> None:
        super().__init__(runtime, run.soul, run.workspace, listener)
        self.run = run
        self.heed = runtime.runs.heed(run.soul)
        self._before = before
        self._names: Counter[str] = Counter()
        self._summaries = Summaries(runtime.runs.recorder, runtime.owner)
        granted = frozenset(run.attributes.get("permissions", ()))
        self.handler = traced(
            heeded(
                permitted(
                    approved(
                        limited(
                            resumed(
                                charged(
                                    budgeted(
                                        retried(stateful(self._from_recording_on(), runtime.turns)),
                                        runtime.following,
                                        self.tell,
                                    ),
                                    runtime.leases,
                                ),
                                before,
                                retrying=retrying,
                            ),
                        ),
                        approve,
                    ),
                    granted,
                ),
                self.heed,
                self._keep,
            ),
            runtime.tracer,
        )  # fmt: skip

    def _from_recording_on(self) -> Handler:
        """The innermost part: how a call is written down, and what of it runs."""
        runtime, run = self.runtime, self.run
        running = working(tiered(runtime.tiers, self.context, self.answer, self.tell), self.heed)
        inner = memoised(shadowed(running, runtime.following, self.tell), runtime.memo)
        return _by_recording(
            full=applied(
                recorded(
                    staged(inner, run.workspace, runtime.journal(run.soul)),
                    runtime.runs.recorder, runtime.owner, self.listener, self.heed,
                ),
                WorkspaceLock(),
            ),
            summary=summarised(inner, self._summaries),
        )  # fmt: skip

    async def __call__(self, who: Who, *args: Any, **kwargs: Any) -> Any:
        """Calls a being by UUID, hash or alias, or the being that is given, and gives its result."""
        return await self.call(who, args, kwargs)

    async def call(
        self,
        who: Who,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        step: str | None = None,
        *,
        tree: Tree | None = None,
        manner: Manner = PLAIN,
    ) -> Any:
        """The same; the step is called `step`, or by the alias of what is called, numbered from the second one on.

        Without the limits of a `tree` it may take a day.
        """
        callee = await self.runtime.resolve(who)
        scope = Scope(tree or Tree(seconds=_DAY))
        return await self.dispatch(callee, args, kwargs, step or self._next_name(callee), scope, manner)

    async def close(self) -> None:
        """Writes what was counted only."""
        await self._summaries.close()
        await self.runtime.settle()

    async def recover(self) -> dict[str, Any]:
        """Finishes what a crash cut off: applies the changes of every step that is recorded as done.

        Gives the results of these steps by their names; the other steps are to be run again.
        """
        done = [step for step in self._before.values() if step.status == "done" and step.parent is None]
        for step in sorted(done, key=lambda step: int(step.attributes["chain"]["seq"])):
            changes = changes_of(self.runtime.journal(self.run.soul), step)
            if changes is not None and changes.state == "staged":
                await to_the_end(changes.apply)
            self.listener(StepFinished(step.name, "kept", step.attributes["result"]))
        return {step.name: step.attributes["result"] for step in done}

    def _keep(self, call: Call) -> None:
        """Has it on record that a call was asked for, unless it is; what acts outside would count as begun."""
        record = call.record or StepRecord(self.runtime.runs.recorder, call, self.runtime.owner)
        if call.manner.recording == "full" and call.effects != "external" and not record.begun:
            record.begin()

    def _next_name(self, callee: Callee) -> str:
        name = name_of(callee)
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}~{self._names[name]}"


class Unrecorded(Dispatcher):
    """Calls of pure souls by a program, of which nothing is written; they belong to no run."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime, UUID(int=0), runtime.settings.home, lambda event: None)
        inner = memoised(tiered(runtime.tiers, self.context, self.answer, self.tell), runtime.memo)
        pure = permitted(limited(charged(_pure(inner), runtime.leases)), frozenset())
        self.handler = traced(pure, runtime.tracer)

    async def call(
        self, who: Who, args: Sequence[Any], kwargs: Mapping[str, Any], *, tree: Tree, manner: Manner
    ) -> Any:
        """Calls a pure soul; `NotPure` for any other."""
        return await self.dispatch(await self.runtime.resolve(who), args, kwargs, "", Scope(tree), manner)


def _by_recording(*, full: Handler, summary: Handler) -> Handler:
    """What may act, make a being or change one, is recorded in full, whatever was asked for."""

    def handle(call: Call) -> Awaitable[Outcome]:
        if call.manner.recording != "summary":
            return full(call)
        acts = call.effects != "none" or isinstance(call.callee, BoundMethod) or _makes(call.callee)
        return (full if acts else summary)(call)

    return handle


def _makes(callee: Callee) -> bool:
    return isinstance(callee, CoreFunction) and callee.makes


def _pure(handler: Handler) -> Handler:
    def handle(call: Call) -> Awaitable[Outcome]:
        if call.stored is None or not call.stored.known.pure:
            raise NotPure(who=call.alias)
        return handler(call)

    return handle
