"""Where code runs: core functions in this process, souls behind walls."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from luxos.beings.being import BaseBeing
from luxos.beings.core import CoreFunction
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.i18n import _
from luxos.runtime.arguments import unfit
from luxos.runtime.call import Call, Handler, Outcome, Stored
from luxos.runtime.changes.nofollow import said_of
from luxos.runtime.code import Answer, Ask, Code, Ended, Given
from luxos.runtime.codes import Known
from luxos.runtime.context import Context
from luxos.runtime.errors.calls import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.errors.code import TierUnfit
from luxos.runtime.hermetic.errors import SnapshotRefused
from luxos.runtime.hosts import hosts_of
from luxos.runtime.instances import BoundMethod, StateChange

if TYPE_CHECKING:
    from luxos.runtime.hermetic import Hermetic, Unsupported
    from luxos.runtime.isolated import Isolated

Answers = Callable[[Call, Ask], Awaitable[Any]]
"""Gives what the code of a call asks for."""
Tell = Callable[[Call, str], None]
"""Tells whoever watches a call."""
STATE = "state"
_SHOWN = 5
"""How many of the things that keep a source from a tier are told."""


class Tiers:
    """The tiers that run souls; each is made ready at its first call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def close(self) -> None:
        """Ends what runs code."""
        if "_hermetic" in self.__dict__:
            await self._hermetic.close()
        if "_isolated" in self.__dict__:
            await self._isolated.close()

    async def call(self, call: Call, stored: Stored, answers: Answers, tell: Tell) -> Outcome:
        """Runs a soul's function, or a method, in the tier that it names, or in the one that can."""
        assert not isinstance(call.callee, CoreFunction)  # noqa: S101 - `stored` says so
        args, kwargs, answer = stored.bound.args, stored.bound.kwargs, partial(answers, call)
        place = f"{call.run}/{call.step}"

        def freezes() -> bool:
            return call.wants_state

        if not isinstance(call.callee, BoundMethod):
            given = Given(args, kwargs, seen_as_self(call.callee, stored), None, place, call.say, freezes)
            return Outcome((await self._ended(call, stored, given, answer, tell)).result)
        instance, method = call.callee.instance, call.callee.method()
        given = Given(args, kwargs, seen_as_self(instance, stored), method, place, call.say, freezes)
        ended = await self._ended(call, stored, given, answer, tell)
        return Outcome(ended.result, state=StateChange.of(instance, method, ended.state or {}))

    async def _ended(self, call: Call, stored: Stored, given: Given, answer: Answer, tell: Tell) -> Ended:
        try:
            ended = await self._run(call, stored, given, answer, tell)
        except LuxError as error:
            call.say(error.printed)
            raise
        call.say(ended.printed)
        return ended

    async def _run(self, call: Call, stored: Stored, given: Given, answer: Answer, tell: Tell) -> Ended:
        code, deadline = stored.known.code, call.scope.tree.deadline
        tier = await self._tier(stored.known)
        if call.frozen is not None:
            try:
                return await self._gone_on(tier, code, given, call.frozen, answer, deadline)
            except SnapshotRefused as error:
                call.replayed = error.as_json()
                tell(call, str(error))
        return await tier.call(code, given, answer, deadline)

    async def run(self, known: Known, given: Given, answer: Answer, deadline: float) -> Ended:
        """Runs code that belongs to no call of a run: what is tried before it is kept."""
        return await (await self._tier(known)).call(known.code, given, answer, deadline)

    async def chosen(self, known: Known) -> str:
        """The tier in which a soul runs: `hermetic`, unless it names the isolated one or needs what only that has."""
        if known.tier is not None:
            return known.tier
        if known.code.requirements or known.code.hosts or await self._hermetic.unsupported(known.code.source):
            return "isolated"
        return "hermetic"

    async def unsupported(self, source: str) -> Sequence["Unsupported"]:
        """What keeps a source from the hermetic tier."""
        return await self._hermetic.unsupported(source)

    async def check(self, name: str, genesis: Mapping[str, Any]) -> None:
        """Raises what is wrong with where a soul is to run, before it is made.

        `TierUnfit` for what cannot run in the hermetic tier that it names, with the lines; `HostUnfit`.
        """
        permissions, source = genesis.get("permissions"), genesis.get("source")
        hosts = hosts_of(name, map(str, permissions)) if isinstance(permissions, list | tuple) else ()
        if genesis.get("tier") != "hermetic" or not isinstance(source, str):
            return
        found = [str(each) for each in await self._hermetic.unsupported(source)]
        found += [_("it names hosts")] if hosts else []
        found += [_("it needs packages")] if genesis.get("requirements") else []
        if found:
            raise TierUnfit(name=name, places="; ".join(found[:_SHOWN]))

    async def _tier(self, known: Known) -> "Hermetic | Isolated":
        return self._isolated if await self.chosen(known) == "isolated" else self._hermetic

    async def _gone_on(
        self,
        tier: "Hermetic | Isolated",
        code: Code,
        given: Given,
        frozen: Mapping[str, Any],
        answer: Answer,
        deadline: float,
    ) -> Ended:
        if tier is not self._hermetic:
            raise SnapshotRefused(who=code.name, reason=_("it runs in the isolated tier now"))
        try:
            state = b64decode(frozen[STATE], validate=True)
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotRefused(who=code.name, reason=_("it is damaged")) from error
        return await self._hermetic.go_on(code, given, state, answer, deadline)

    @cached_property
    def _hermetic(self) -> "Hermetic":
        from luxos.runtime.hermetic import Hermetic

        return Hermetic(self._settings.home)

    @cached_property
    def _isolated(self) -> "Isolated":
        from luxos.runtime.isolated import Isolated

        return Isolated(self._settings.cache)


def seen_as_self(being: BaseBeing, stored: Stored) -> dict[str, Any]:
    """What the code sees of the being that it belongs to."""
    return {
        "soul": str(being.soul),
        "name": stored.known.code.name,
        "soul_hash": stored.known.code.soul_hash,
        "attributes": being.attributes,
        "tags": being.tags,
        "energy_level": being.energy_level,
        "owner": stored.known.code.owner,
    }


def tiered(tiers: Tiers, context_of: Callable[[Call], Context], answers: Answers, tell: Tell) -> Handler:
    """The innermost handler."""

    async def handle(call: Call) -> Outcome:
        if call.stored is not None:
            return await tiers.call(call, call.stored, answers, tell)
        assert isinstance(call.callee, CoreFunction)  # noqa: S101 - what is not stored is ours
        _check(call, call.callee)
        context = context_of(call)
        try:
            result = await call.callee.function(context, **call.arguments)
        except OSError as problem:  # as `disk`, whose block took a twelfth of a recorded step
            said = said_of(problem, context.workspace)
            if said is None:
                raise
            raise said from problem
        return Outcome(result, newborn=call.newborn)

    return handle


def _check(call: Call, callee: CoreFunction) -> None:
    """The arguments fit, and a function without a verb is called by another step."""
    if callee.verb is None and call.parent is None:
        raise BeingNotCallable(who=call.alias)
    if not callee.takes(call.arguments.keys()):
        try:
            callee.signature.bind(**call.arguments)
        except TypeError as error:
            raise ArgumentsUnfit(who=call.alias, reason=str(error)) from error
    for name, kind in unfit(call.arguments, callee.signature):
        raise ArgumentsUnfit(who=call.alias, reason=_("{name} must be {kind}").format(name=name, kind=kind))
