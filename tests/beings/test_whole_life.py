"""A being's whole life in several hands, beside a model in plain Python: nothing acknowledged is ever other."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings import memories, removal
from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict, BeingDeleted, BeingError, BeingUnknown, BeingUnsaved
from luxos.persistence.database import Database

KEYS, HANDS = ("a", "b", "c"), (0, 1, 2)
VALUES = st.sampled_from([0, 1, 1.0, True, None, "x", [], {"a": 1}, {"a": 2}])
HAND = st.sampled_from(HANDS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), HAND, st.sampled_from(KEYS), VALUES),
        st.tuples(st.just("drop"), HAND, st.sampled_from(KEYS)),
        st.tuples(st.just("tag"), HAND, st.sampled_from(["x", "y"])),
        st.tuples(st.just("energy"), HAND, st.integers(-5, 5)),
        st.tuples(st.just("remember"), HAND, st.integers(1, 20)),
        *[st.tuples(st.just(what), HAND) for what in ("save", "save", "save", "load", "update", "create")],
        *[st.tuples(st.just(what)) for what in ("delete", "restore", "purge")],
    ),
    max_size=40,
)


@dataclass
class Row:
    """What the model says is in the table."""

    attributes: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    energy: int = 0
    remembered: list[int] = field(default_factory=list)
    deleted: bool = False


@dataclass
class Hand:
    """An object, and what the model knows of it: what it was loaded as, and what was changed in it since."""

    being: BaseBeing
    loaded: Row
    energy: int = 0
    remembered: list[int] = field(default_factory=list)

    @property
    def fields(self) -> list[str]:
        """What a save would write."""
        now, then = self.being.attributes, self.loaded.attributes
        keys = [key for key in {*now, *then} if not same(now.get(key, ...), then.get(key, ...))]
        more = {"tags": self.being.tags != self.loaded.tags, "energy": self.energy, "memories": self.remembered}
        return [*keys, *(name for name, changed in more.items() if changed)]


def same(one: Any, other: Any) -> bool:
    """Whether two values are one JSON text: 1, 1.0 and true are three."""
    return repr(one) == repr(other)


class Life:
    """One being."""

    def __init__(self) -> None:
        self.soul: UUID = uuid4()
        self.row: Row | None = None
        self.hands: dict[int, Hand] = {}
        self.counted = 0

    async def take(self, what: str, *given: Any) -> None:
        await getattr(self, f"_{what}")(*given)
        await self.check()

    async def _create(self, number: int) -> None:
        being = BaseBeing(soul=self.soul, genesis={"type": "note"})
        error = None if self.row in (None, Row()) else BeingConflict  # writing the same twice is writing it once
        if await refused(being.save(), BeingDeleted if self.row and self.row.deleted else error):
            return
        self.row = Row()
        self.hands[number] = Hand(being, Row())

    async def _load(self, number: int) -> None:
        error = BeingUnknown if self.row is None else BeingDeleted if self.row.deleted else None
        if not await refused(BaseBeing.load(self.soul), error):
            assert self.row is not None
            self.hands[number] = Hand(await BaseBeing.load(self.soul), deepcopy(self.row))

    async def _set(self, number: int, key: str, value: Any) -> None:
        if hand := self.hands.get(number):
            hand.being.attributes[key] = deepcopy(value)

    async def _drop(self, number: int, key: str) -> None:
        if hand := self.hands.get(number):
            hand.being.attributes.pop(key, None)

    async def _tag(self, number: int, tag: str) -> None:
        if hand := self.hands.get(number):
            hand.being.tags.append(tag)

    async def _energy(self, number: int, change: int) -> None:
        if hand := self.hands.get(number):
            hand.being.energy_level += change
            hand.energy += change

    async def _remember(self, number: int, count: int) -> None:
        if hand := self.hands.get(number):
            for _ in range(count):
                self.counted += 1
                hand.being.remember("counted", number=self.counted)
                hand.remembered.append(self.counted)

    async def _save(self, number: int) -> None:
        hand = self.hands.get(number)
        if hand is None or await refused(hand.being.save(), self._error(hand)) or not hand.fields:
            return
        row = self._there()
        for key in {*hand.being.attributes, *hand.loaded.attributes} & set(hand.fields):
            row.attributes.pop(key, None)
            if key in hand.being.attributes:
                row.attributes[key] = deepcopy(hand.being.attributes[key])
        row.tags = [*hand.being.tags] if "tags" in hand.fields else row.tags
        row.energy += hand.energy
        row.remembered += hand.remembered
        self.hands[number] = Hand(hand.being, deepcopy(row))

    def _error(self, hand: Hand) -> type[BeingError] | None:
        """What a save has to raise."""
        fields = hand.fields
        if not fields:
            return None
        if self.row is None:
            return BeingUnknown
        if self.row.deleted:
            return BeingDeleted
        was, present = hand.loaded, self.row
        keys = [key for key in fields if key in KEYS]
        moved = any(not same(was.attributes.get(key, ...), present.attributes.get(key, ...)) for key in keys)
        return BeingConflict if moved or ("tags" in fields and was.tags != present.tags) else None

    async def _update(self, number: int) -> None:
        """A counter, which a function adds to."""
        hand = self.hands.get(number)
        if hand is None:
            return

        def add(being: BaseBeing) -> None:
            being.attributes["count"] = being.attributes.get("count", 0) + 1

        error: type[BeingError] | None = BeingUnsaved if hand.fields else None
        error = error or (BeingUnknown if self.row is None else BeingDeleted if self.row.deleted else None)
        if not await refused(hand.being.update(add), error):
            row = self._there()
            row.attributes["count"] = row.attributes.get("count", 0) + 1
            self.hands[number] = Hand(hand.being, deepcopy(row))

    async def _delete(self) -> None:
        if not await refused(removal.delete(self.soul), None if self.row else BeingUnknown):
            self._there().deleted = True

    async def _restore(self) -> None:
        if not await refused(removal.restore(self.soul), None if self.row else BeingUnknown):
            self._there().deleted = False

    async def _purge(self) -> None:
        if self.row is None:
            assert await refused(removal.purge_preview(self.soul), BeingUnknown)
            return
        confirm = await removal.purge_preview(self.soul)
        await removal.purge(self.soul, confirm=confirm)
        self.row = None

    def _there(self) -> Row:
        assert self.row is not None
        return self.row

    async def check(self) -> None:
        """What is in the table is what the model says, and each object shows what it was loaded as and its changes."""
        found = await BaseBeing.find(self.soul, deleted=True)
        assert (found is None) == (self.row is None)
        if found is None or self.row is None:
            return
        told = {key: value for key, value in found.attributes.items() if key != "deleted"}
        assert {key: repr(value) for key, value in told.items()} == {
            key: repr(value) for key, value in self.row.attributes.items()
        }
        assert [tag for tag in found.tags if tag != "tombstone"] == self.row.tags
        assert ("tombstone" in found.tags, "deleted" in found.attributes) == (self.row.deleted, self.row.deleted)
        assert found.energy_level == self.row.energy
        numbers = [memory["number"] async for memory in memories.history(self.soul)]
        assert numbers == self.row.remembered
        for hand in self.hands.values():
            assert hand.being.energy_level == hand.loaded.energy + hand.energy


async def refused(work: Any, error: type[BeingError] | None) -> bool:
    """Whether it raised what it had to; it must not do otherwise than is said."""
    if error is None:
        await work
        return False
    with pytest.raises(error):
        await work
    return True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(steps=STEPS)
async def test_a_life_is_what_a_model_says(database: Database, steps: list[tuple[Any, ...]]) -> None:
    life = Life()
    for step in (("create", 0), *(("load", hand) for hand in HANDS), *steps):
        await life.take(*step)


async def test_the_model_sees_a_lost_update(database: Database) -> None:
    """The control: two hands change one key, and whoever comes second writes past everything."""
    life = Life()
    for step in (("create", 0), ("load", 1), ("set", 0, "a", 1), ("save", 0), ("set", 1, "a", 2)):
        await life.take(*step)
    await life.take("save", 1)  # refused, as the model has it
    await database.pool.execute("UPDATE base_beings SET attributes = $2 WHERE soul = $1", life.soul, {"a": 2})
    with pytest.raises(AssertionError):
        await life.check()
