"""`luxos soul evolve`: proposals are tried one after the other, and each that is right and better is the next start."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence, Set
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from luxos.beings.being import BaseBeing
from luxos.beings.errors import SourceInvalid
from luxos.beings.function import FunctionBeing
from luxos.beings.genesis import soul_hash
from luxos.i18n import N_, _
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.evolving.cases import Case, derived, examples, recorded
from luxos.runtime.evolving.errors import EvolutionUnfit
from luxos.runtime.evolving.goals import Goal
from luxos.runtime.evolving.proposals import Proposal, Proposer, Wanted
from luxos.runtime.evolving.repairs import Repairs
from luxos.runtime.evolving.rules import Rules
from luxos.runtime.evolving.trying import Trial
from luxos.runtime.promoting.beginning import begin_shadow, watch
from luxos.runtime.promoting.promotion import promotions
from luxos.runtime.promoting.terms import Terms
from luxos.souls.aliases import Alias
from luxos.souls.dependencies import uses_of
from luxos.souls.evolution import living
from luxos.souls.registry import Soul
from luxos.souls.type_check import Confined, type_check

Keep = Literal["move", "shadow", "nothing"]
"""What is done with what was found: the alias moves to it at once, or after a while in the shadow, or not at all."""
PROPOSERS: tuple[Proposer, ...] = (Rules(), Repairs())
"""Those that need no language model."""
SECONDS = 60.0
"""How long proposals are tried."""
_NO_FUNCTION = N_("it is no function")
_CALLS = N_("it makes beings, or says only while it runs what it calls, and nothing pins what a trial is to answer")
_HOSTS = N_("it reaches hosts, and a trial reaches none")
_NO_CASES = N_("it has no examples and no recorded calls by which a change could be judged")
_WRONG = N_("example {number} fails already: repair it with --goal examples")
_ASKS = N_("example {number} fails, or calls what a trial cannot run and only a recorded call can answer")


@dataclass
class Evolved:
    """What came of it. `measure` is what the goal counts: a part of the time, bytes, or examples that pass."""

    name: str
    goal: Goal
    before: str
    source_before: str
    source: str
    cases: int
    measures: tuple[float, float]
    derived: int = 0
    """How many calls were derived from the cases, in which a proposal had to give the same."""
    tried: int = 0
    right: int = 0
    steps: list[str] = field(default_factory=list)
    after: str | None = None
    model: dict[str, Any] | None = None
    """How often a language model was asked, and why answers of it were not tried; nothing where there is none."""
    candidate: str | None = None
    """What runs in the shadow of the alias now."""

    @property
    def better(self) -> bool:
        """Whether there is something to keep."""
        return bool(self.steps)


@dataclass(frozen=True)
class How:
    """How a better source is looked for, and what is done with it."""

    proposers: Sequence[Proposer] = PROPOSERS
    seconds: float = SECONDS
    keep: Keep = "move"
    terms: Terms = field(default_factory=Terms)
    """Of its promotion."""
    tell: Callable[[str], None] = lambda text: None


USUAL = How()


async def evolve(runtime: Runtime, name: str, goal: Goal, confined: Confined, how: How = USUAL) -> Evolved:
    """Looks for a better source of an alias; the best becomes its newest version, or runs in its shadow first.

    `EvolutionUnfit` where nothing could be judged. What is kept passes every example and every recorded call, and its
    types fit; what did not stand its promotion before is not kept again.
    """
    being = await _function(runtime, name)
    trial, cases = await _prepared(runtime, name, being, goal)
    said = [case for case in cases if case.is_example]
    measures = await _start(trial, being.source, goal, cases)
    more = [] if goal == "examples" else await trial.told(being.source, derived(cases))
    found = Evolved(name, goal, being.soul_hash, being.source, being.source, len(cases), measures, len(more))
    search = _Search(trial, cases, goal, found, being, confined, how.tell, await _fallen(name), more)
    until = time.monotonic() + how.seconds
    while await search.improve(_proposals(how.proposers, Wanted(found.source, goal, said)), until):
        pass
    if found.better and how.keep != "nothing":
        await _kept(found, shadow=how.keep == "shadow", terms=how.terms)
    return found


async def _kept(found: Evolved, *, shadow: bool, terms: Terms) -> None:
    """Has the alias name what was found, watched by its error budget; or has it run in the shadow of the alias."""
    told = {"goal": found.goal, "from": found.before, "measures": list(found.measures), "steps": found.steps}
    changed = {"source": found.source, "evolved": told}
    if shadow:
        candidate = await Soul.draft(found.name, changed)
        found.candidate = candidate.hash
        await begin_shadow(candidate, found.name, terms)
        return
    async with BaseBeing.transaction(None) as lent:
        found.after = (await Soul.evolve(found.name, changed, base=found.before, connection=lent)).hash
        alias = await Alias.lock((await Alias.of(found.name, connection=lent)).name, lent)
        await watch(alias, found.before, terms, lent)


async def _fallen(name: str) -> set[str]:
    """The hashes of versions that did not stand their promotion under this name."""
    return {one.to for one in await promotions(name) if one.status in ("back", "different", "slower")}


@dataclass
class _Search:
    trial: Trial
    cases: Sequence[Case]
    goal: Goal
    found: Evolved
    being: FunctionBeing
    confined: Confined
    tell: Callable[[str], None]
    fallen: Set[str]
    derived: Sequence[Case]
    seen: set[str] = field(default_factory=set)

    async def improve(self, proposals: AsyncGenerator[Proposal, None], until: float) -> bool:
        """Takes the first proposal that is right and better; `False` where there is none any more, or no time."""
        async with aclosing(proposals):
            return not self._is_perfect and await self._first(proposals, until)

    @property
    def _is_perfect(self) -> bool:
        return self.goal == "examples" and self.found.measures[1] == len(self.cases)

    async def _first(self, proposals: AsyncIterator[Proposal], until: float) -> bool:
        async for proposal in proposals:
            if time.monotonic() > until:
                return False
            if proposal.source in self.seen:
                continue
            self.seen.add(proposal.source)
            if soul_hash({**self.being.genesis, "source": proposal.source}) in self.fallen:
                continue
            self.found.tried += 1
            measure = await self._measured(proposal.source)
            if measure is not None and await self._fits(proposal.source):
                self.found.source, self.found.measures = proposal.source, (self.found.measures[0], measure)
                self.found.steps.append(proposal.why)
                words = _("{tried} proposals tried, {count} of them kept so far")
                self.tell(words.format(tried=self.found.tried, count=len(self.found.steps)))
                return True
        return False

    async def _measured(self, source: str) -> float | None:
        """Its measure, where it is right and better than what was found before."""
        best = self.found.measures[1]
        if self.goal == "examples":
            count = len(await self.trial.passed(source, self.cases, least=int(best) + 1))
            self.found.right += count == len(self.cases)
            return count if count > best else None
        if self.goal == "smaller" and len(source.encode()) >= best:
            return None
        cases = [*self.cases, *self.derived]
        if len(await self.trial.passed(source, cases)) < len(cases):
            return None
        self.found.right += 1
        if self.goal == "smaller":
            return len(source.encode())
        part = await self.trial.is_faster(self.found.source, source, self.cases)
        return None if part is None else best * part

    async def _fits(self, source: str) -> bool:
        """Whether its types fit."""
        genotype = {"type": "function", "source": source}
        return not (await type_check(genotype, self.confined)).wrong


async def _function(runtime: Runtime, name: str) -> FunctionBeing:
    await Soul.of(name)
    being = await living(name)
    if not isinstance(being, FunctionBeing):
        raise EvolutionUnfit(name=name, reason=_(_NO_FUNCTION))
    uses = uses_of(being.source, name)
    if uses.not_pinned or uses.made:
        raise EvolutionUnfit(name=name, reason=_(_CALLS))
    if runtime.codes.of(being).code.hosts:
        raise EvolutionUnfit(name=name, reason=_(_HOSTS))
    return being


async def _prepared(runtime: Runtime, name: str, being: FunctionBeing, goal: Goal) -> tuple[Trial, list[Case]]:
    """The cases by which is judged; a recorded call that the soul does not repeat itself says nothing."""
    trial, given = Trial(runtime, being), examples(being)
    if goal != "examples":
        right = await trial.passed(being.source, given)
        if len(right) < len(given):
            words = _ASKS if uses_of(being.source, name).names else _WRONG
            raise EvolutionUnfit(name=name, reason=_(words).format(number=len(right) + 1))
        given = right
    called = [] if goal == "examples" else await recorded(runtime.database, being, name)
    cases = [*given, *await trial.passed(being.source, called, least=0)]
    if not cases:
        raise EvolutionUnfit(name=name, reason=_(_NO_CASES))
    return trial, cases


async def _start(trial: Trial, source: str, goal: Goal, cases: Sequence[Case]) -> tuple[float, float]:
    measure: float = 1.0
    if goal == "smaller":
        measure = len(source.encode())
    elif goal == "examples":
        measure = len(await trial.passed(source, cases, least=0))
    return measure, measure


async def _proposals(proposers: Sequence[Proposer], wanted: Wanted) -> AsyncGenerator[Proposal, None]:
    for proposer in proposers:
        async for proposal in proposer.propose(wanted):
            if _is_python(proposal.source):
                yield proposal


def _is_python(source: str) -> bool:
    from luxos.beings.function_source import parsed

    try:
        return bool(parsed(source, "?"))
    except SourceInvalid:
        return False


def as_json(found: Evolved) -> dict[str, Any]:
    """As `luxos soul evolve --json` prints it."""
    told = {key: value for key, value in vars(found).items() if key != "measures"}
    return cast(dict[str, Any], {**told, "measure": {"before": found.measures[0], "after": found.measures[1]}})
