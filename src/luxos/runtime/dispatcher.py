"""How a call is made ready, by a program or by code that runs: who is meant, with what, as which step of which run.

A dispatcher gives its calls to a handler; which one, with what around it, is shown in `execution.py`.
"""

import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.classes import ClassBeing
from luxos.beings.core import CoreFunction, CoreRegistry
from luxos.beings.function import FunctionBeing
from luxos.beings.instance import InstanceMethod
from luxos.beings.owner import system_user
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.binding import bind
from luxos.runtime.call import PLAIN, Call, Callee, Handler, Manner, Stored
from luxos.runtime.charged import Leases
from luxos.runtime.code import Ask
from luxos.runtime.codes import Codes, Known
from luxos.runtime.context import Context
from luxos.runtime.errors.calls import (
    ArgumentsUnfit,
    BeingGone,
    BeingNotCallable,
    BeingPutAway,
    CallUnknown,
    ClassNotCalled,
    InstanceNotCalled,
)
from luxos.runtime.events import Listener, StepNoted, StepProgress
from luxos.runtime.instances import BoundMethod
from luxos.runtime.memoised import Memo
from luxos.runtime.places import Machine
from luxos.runtime.promoting.following import Following
from luxos.runtime.recorder import FROZEN
from luxos.runtime.replaying import Answered
from luxos.runtime.runs import Runs
from luxos.runtime.scope import Scope
from luxos.runtime.stateful import Turns
from luxos.runtime.tiers import STATE, Tiers
from luxos.runtime.traced import tracer_of
from luxos.souls.aliases import Alias, unknown
from luxos.souls.dependencies import SELF
from luxos.souls.groups import pins_of
from luxos.souls.registry import Soul
from luxos.souls.resolving import instance_named, resolve, resolve_method

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Who = str | UUID | FunctionBeing | InstanceMethod
SUMMON = "being.summon"


@dataclass(frozen=True)
class Runtime:
    """What every run of this process shares."""

    settings: Settings
    database: Database
    registry: CoreRegistry
    runs: Runs
    owner: str
    tiers: Tiers
    codes: Codes
    memo: Memo
    following: Following
    leases: Leases = field(default_factory=Leases)
    turns: Turns = field(default_factory=Turns)
    tracer: "Tracer | None" = None
    """What begins a span for each call, where that is configured."""

    @classmethod
    def of(cls, settings: Settings, database: Database, registry: CoreRegistry) -> "Runtime":
        tiers, codes, memo = Tiers(settings), Codes(), Memo(database)
        following = Following(database, settings.home, tiers, codes)
        kept = tiers, codes, memo, following
        return cls(settings, database, registry, Runs(database), system_user(), *kept, tracer=tracer_of(settings))

    @cached_property
    def machine(self) -> Machine:
        """Where the files of the runs lie that begin here."""
        return Machine.of(self.settings.home)

    async def close(self) -> None:
        """Gives up what is held, and ends what runs code."""
        await self.following.settle()
        await self.tiers.close()
        await self.settle()
        await self.runs.seal()
        await self.runs.close()

    async def settle(self) -> None:
        """Writes what is kept for many calls: energy that was not spent, and how often results were remembered."""
        await self.leases.settle()
        await self.memo.settle()

    def journal(self, run: UUID) -> Path:
        """Where the changes of a run's steps are kept, for recovery and for undo."""
        return self.settings.home / "runs" / str(run)

    async def resolve(self, who: Who) -> Callee:
        """What answers to an alias, a UUID, a hash or `INSTANCE.method`, or is given; `BeingNotCallable` otherwise."""
        if isinstance(who, FunctionBeing):
            return who
        if isinstance(who, InstanceMethod):
            return await self.codes.method(who)
        core = self.registry.find(who)
        if core is not None:
            return core
        text = str(who)
        being = self.codes.version(text) or await resolve(text)
        if being is None and (method := await resolve_method(text)) is not None:
            return await self.codes.method(method)
        if being is None or "source" not in being.genesis:
            raise await _not_callable(text)
        self.codes.keep_version(text, being)
        return being

    def bound(
        self, callee: Callee, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Stored | None]:
        """The arguments by their names, and what is run of a stored function; `ArgumentsUnfit` where they are wrong."""
        if isinstance(callee, CoreFunction):
            try:
                return self.registry.named(callee, args, kwargs), None
            except TypeError as error:
                raise ArgumentsUnfit(who=callee.alias, reason=str(error)) from error
        if isinstance(callee, BoundMethod):
            bound = bind(callee.called, callee.signature, args, kwargs, {})  # its state is `self`, and no argument
            return bound.named, Stored(callee.known, bound)
        known = self.codes.of(callee)
        bound = bind(known.code.name, known.code.signature, args, kwargs, callee.attributes)
        return bound.named, Stored(known, bound)


class Dispatcher:
    """Makes calls ready for `handler`, which is set by who makes one."""

    handler: Handler

    def __init__(self, runtime: Runtime, run: UUID, workspace: Path, listener: Listener) -> None:
        self.runtime, self.listener = runtime, listener
        self._run, self._workspace = run, workspace

    async def dispatch(
        self,
        callee: Callee,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        step: str,
        scope: Scope,
        manner: Manner = PLAIN,
        parent: Call | None = None,
    ) -> Any:
        """Makes one call, below `parent` where code makes it, and gives its result."""
        arguments, stored = self.runtime.bound(callee, args, kwargs)
        call = Call(self._run, step, callee, arguments, stored=stored, scope=scope, manner=manner)
        if parent is None:
            return (await self.handler(call)).result
        call.below(parent)
        told = (call.meant, arguments)
        if parent.made is not None and (known := parent.made.get(step)) is not None and known[:2] == told:
            return known[2]
        result = (await self.handler(call)).result
        if parent.made is not None:
            parent.made[step] = (*told, result)
        return result

    def context(self, call: Call) -> Context:
        """What a core function is given."""
        numbers = count(1)

        async def inner(who: str, **arguments: Any) -> Any:
            await _write_down(call)
            return await self._inside(call, next(numbers), who, (), arguments)

        def say(text: str, fraction: float | None) -> None:
            self.listener(StepProgress(call.step, text, fraction))

        return Context(self.runtime.settings, call, self._workspace, inner, say, self.runtime.tiers.check)

    def tell(self, call: Call, text: str) -> None:
        """Tells whoever watches what they are to know afterwards too."""
        self.listener(StepNoted(call.step, text))

    async def answer(self, call: Call, ask: Ask) -> Any:
        """What stored code asks for: `execution(who, …)` by what its source pins, or `summon(name=…, source=…)`."""
        await _write_down(call, ask)
        try:
            answer = await self._answered(call, ask)
        except LuxError as error:
            if call.asked is not None:
                call.asked.append(Answered(ask.name, ask.args, ask.kwargs, error=str(error)))
            raise
        finally:
            call.went_on = time.monotonic()
        if call.asked is not None:
            call.asked.append(Answered(ask.name, ask.args, ask.kwargs, answer))
        return answer

    async def _answered(self, call: Call, ask: Ask) -> Any:
        if ask.name == "summon":
            return await self._inside(call, ask.number + 1, SUMMON, ask.args, ask.kwargs)
        if not ask.args or not isinstance(ask.args[0], str):
            raise ArgumentsUnfit(who="execution", reason="who")
        who, *args = ask.args
        assert call.stored is not None  # noqa: S101 - only stored code asks
        who = await pinned(call.callee, call.stored.known, who)
        return await self._inside(call, ask.number + 1, who, args, ask.kwargs)

    async def _inside(self, call: Call, number: int, who: Who, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A call that is made by another one, which is written down before it."""
        callee = await self.runtime.resolve(who)
        scope = call.scope.child(call.alias)
        return await self.dispatch(callee, args, kwargs, f"{call.step}/{number}", scope, parent=call)


async def pinned(callee: Callee, known: Known, who: str) -> Who:
    """What a name means inside of a soul: what it was when the soul was made."""
    if who not in known.pins:
        return who
    if known.pins[who] == SELF and isinstance(callee, FunctionBeing):
        return callee
    return (await pins_of(known.code.soul_hash, {who: known.pins[who]}))[who]


async def _write_down(call: Call, ask: Ask | None = None) -> None:
    """Has it recorded that a call has begun, before it makes one itself, and the state from which its code goes on."""
    record = call.record
    if record is None or not call.wants_state:
        return
    state = None
    if ask is not None and ask.freeze is not None:
        with suppress(LuxError):  # without it, the call is made again from its beginning
            state = await ask.freeze()
    if state is not None or not record.begun:
        record.begin(None if state is None else {FROZEN: {STATE: b64encode(state).decode()}})


async def _not_callable(who: str) -> BeingNotCallable:
    """Why nothing can be called under a name: it is a class, its being is gone, or only others have names like it."""
    soul, alias = await Soul.get_by_alias(who), await Alias.find(who)
    if soul is not None and soul.genotype.get("type") == ClassBeing.kind:
        return ClassNotCalled(who=who)
    if soul is not None and alias is not None:
        being = None if alias.being is None else await BaseBeing.find(alias.being, deleted=True)
        return BeingGone(who=who) if being is None else BeingPutAway(who=who, soul=being.soul)
    if (instance := await instance_named(who)) is not None:
        return InstanceNotCalled(who=who, methods=", ".join(instance.genesis.get("methods") or ()) or "–")
    near = (await unknown(who)).details.get("near")
    return BeingNotCallable(who=who) if near is None else CallUnknown(who=who, near=near)
