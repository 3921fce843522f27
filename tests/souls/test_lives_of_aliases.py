"""The lives of some aliases, renamed, evolved, rolled back and purged in any order, beside a model in plain Python."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from tests.plugins.sampling import WHOLE

from luxos.beings import removal
from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.souls import aliases, environment
from luxos.souls.aliases import Alias
from luxos.souls.archive import Archive
from luxos.souls.checking import damaged
from luxos.souls.errors import AliasRenamed, AliasTaken, NothingEarlier, SoulConflict, SoulUnknown
from luxos.souls.going_back import rollback_alias
from luxos.souls.registry import Soul, summon
from luxos.souls.reports import catch_up
from luxos.souls.validation import validate

NAMES = st.sampled_from(["ala", "ola", "ela"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("summon"), NAMES, st.integers(0, 3)),
        st.tuples(st.just("grow"), NAMES),
        st.tuples(st.just("late"), NAMES),
        st.tuples(st.just("back"), NAMES),
        st.tuples(st.just("rename"), NAMES, NAMES),
        st.tuples(st.just("purge"), NAMES),
    ),
    max_size=25,
)


@dataclass
class Known:
    """What the model says of an alias: the source and the parent of each version, in their order."""

    sources: list[str] = field(default_factory=list)
    parents: list[str | None] = field(default_factory=list)
    formerly: list[str] = field(default_factory=list)
    lives: bool = True

    def add(self, source: str) -> None:
        self.parents.append(self.sources[-1] if self.sources else None)
        self.sources.append(source)
        self.lives = True


class Lives:
    """Some aliases, and names that lead to them."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.led: dict[str, str] = {}
        self._lines = count()

    async def take(self, what: str, *given: Any) -> None:
        await getattr(self, f"_{what}")(*given)
        await self.check()

    def _meant(self, name: str) -> Known | None:
        return self.known.get(self.led.get(name, name))

    async def _summon(self, name: str, number: int) -> None:
        source = f"def function():\n    return {number}\n"
        if await refused(summon(name=name, source=source), AliasRenamed if name in self.led else None):
            return
        known = self.known.setdefault(name, Known())
        if not known.lives or known.sources[-1:] != [source]:
            known.add(source)

    async def _grow(self, name: str) -> None:
        known = self._meant(name)
        source = f"{known.sources[-1]}# {next(self._lines)}\n" if known else ""
        if not await refused(Soul.evolve(name, {"source": source}), None if known else SoulUnknown) and known:
            known.add(source)

    async def _late(self, name: str) -> None:
        """A change that is made from what is not the newest any more."""
        known = self._meant(name)
        if known is not None and known.sources[0] != known.sources[-1]:
            first = (await aliases.history(name))[0]["hash"]
            change = {"source": f"{known.sources[0]}# late {next(self._lines)}\n"}
            assert await refused(Soul.evolve(name, change, base=first), SoulConflict)

    async def _back(self, name: str) -> None:
        known = self._meant(name)
        parent = known.parents[known.sources.index(known.sources[-1])] if known else None
        error = SoulUnknown if known is None else NothingEarlier if parent is None else None
        if not await refused(rollback_alias(name), error) and known and parent:
            known.add(parent)

    async def _rename(self, old: str, new: str) -> None:
        error: type[LuxError] | None = None
        if self._meant(old) is None:
            error = SoulUnknown
        elif old in self.led:
            error = AliasRenamed
        elif new != old and (new in self.known or self.led.get(new, old) != old):
            error = AliasTaken
        if await refused(Soul.rename(old, new), error) or old == new:
            return
        known = self.known[new] = self.known.pop(old)
        known.formerly = [name for name in (*known.formerly, old) if name != new]
        self.led = {name: new if led == old else led for name, led in self.led.items() if name != new} | {old: new}

    async def _purge(self, name: str) -> None:
        """Its living being goes; the versions and the name stay."""
        known = self._meant(name)
        if known is not None and known.lives:
            alias = await Alias.of(name)
            assert alias.being is not None
            await removal.purge(alias.being, confirm=await removal.purge_preview(alias.being))
            known.lives = False

    async def check(self) -> None:
        """Names lead where they should, histories are whole, living beings have the newest source, no hash is off."""
        for name, known in self.known.items():
            alias = await Alias.of(name)
            assert (alias.name, list(alias.formerly), alias.version) == (name, known.formerly, len(known.sources))
            told = [one for one in await aliases.history(name) if one["kind"] == "version"]
            assert [one["version"] for one in told] == list(range(1, len(known.sources) + 1))
            sources = [(await Soul.of(one["hash"])).genotype["source"] for one in told]
            assert sources == known.sources
            assert (alias.being is not None) == known.lives
            if alias.being is not None:
                assert (await BaseBeing.load(alias.being)).genesis["source"] == known.sources[-1]
        for name, led in self.led.items():
            assert (await Alias.of(name)).name == led
        assert [damage async for damage in damaged()] == []


async def refused(work: Any, error: type[LuxError] | None) -> bool:
    """Whether it raised what it had to; it must not do otherwise than is said."""
    if error is None:
        await work
        return False
    with pytest.raises(error):
        await work
    return True


@hypothesis.settings(
    max_examples=200 if WHOLE else 12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(steps=STEPS)
async def test_lives_of_aliases_are_what_a_model_says(
    database: Database, settings: Settings, steps: list[tuple[Any, ...]]
) -> None:
    await database.pool.execute("TRUNCATE base_beings, relationships CASCADE")
    lives = Lives()
    for step in steps:
        await lives.take(*step)
    assert [finding async for finding in validate(Archive(settings.home))] == []


async def test_an_alias_whose_living_being_was_purged_is_whole_and_can_be_renamed(
    database: Database, settings: Settings
) -> None:
    lives = Lives()
    for step in (("summon", "ala", 0), ("purge", "ala")):
        await lives.take(*step)
    assert [finding async for finding in validate(Archive(settings.home))] == []
    await lives.take("rename", "ala", "ola")
    await lives.take("grow", "ala")
    assert [finding async for finding in validate(Archive(settings.home))] == []


async def test_of_all_that_race_nothing_is_half_and_nothing_waits_for_ever(
    database: Database, settings: Settings
) -> None:
    """Twelve tasks rename, evolve, declare, roll back, promote and purge five aliases as they like."""
    archive, ended, refusals = Archive(settings.home), Counter[str](), Counter[str]()
    until = asyncio.get_running_loop().time() + (30 if WHOLE else 2)

    async def one(number: int) -> None:
        chosen = random.Random(number)  # noqa: S311 - no secret
        while asyncio.get_running_loop().time() < until:
            name, other = chosen.sample(["ala", "ola", "ela", "iga", "ula"], 2)
            what = chosen.choice(["summon", "evolve", "rename", "back", "promote", "purge"])
            try:
                async with asyncio.timeout(30):
                    await race(what, name, other, chosen.random(), archive)
                ended[what] += 1
            except LuxError as error:
                refusals[type(error).__name__] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(one(number))
    assert ended.total() > 5, refusals
    assert not {"DatabaseLost", "BeingDamaged", "SoulDamaged", "ManifestDamaged"} & refusals.keys(), refusals
    await catch_up(archive, everything=True)
    assert [finding async for finding in validate(archive)] == []


async def race(what: str, name: str, other: str, drawn: float, archive: Archive) -> None:
    if what == "summon":
        await summon(name=name, source=f"def function():\n    return {int(drawn * 4)}\n")
    elif what == "evolve":
        await Soul.evolve(name, {"source": f"def function():\n    return {drawn}\n"}, rebase=drawn < 0.5)
    elif what == "rename":
        await Soul.rename(name, other)
    elif what == "back":
        await rollback_alias(name)
    elif what == "promote":
        entry = {"hash": (await Soul.of(name)).hash, "examples": 0, "types": "passed", "unchecked": []}
        await environment.change(archive, "production", lambda now: (now.souls | {name: entry}, {"kind": "promote"}))
    elif (being := (await Alias.of(name)).being) is not None:
        await removal.purge(being, confirm=await removal.purge_preview(being))
