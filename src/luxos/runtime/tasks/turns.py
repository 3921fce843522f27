"""Whose task comes next: owners take turns, and of each owner the beings that are called, by their energy.

Stride scheduling: every turn moves whoever had it forward, and who stands furthest back comes next. Who comes new, or
again, begins at the present, so that nobody saves turns up.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from uuid import UUID


@dataclass(frozen=True)
class Lane:
    """What one owner wants of one being with one priority; `souls` are its tasks, the first to begin first."""

    owner: str
    who: str
    priority: int
    souls: Sequence[UUID]


class Strides:
    """How far each of several has come; a heavier one moves less far in a turn."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._now = 0.0

    def enter(self, names: Iterable[str]) -> dict[str, float]:
        """Where these stand. The present is where the last of them is; who is not ahead of it need not be kept."""
        these = {name: max(self._at.get(name, self._now), self._now) for name in names}
        self._now = min(these.values(), default=self._now)
        self._at = {name: at for name, at in {**self._at, **these}.items() if at > self._now}
        return these

    def move(self, name: str, weight: float = 1.0) -> None:
        """Somebody had a turn."""
        self._at[name] = self._at.get(name, self._now) + 1.0 / weight


class Turns:
    """The turns of one worker."""

    def __init__(self) -> None:
        self._owners = Strides()
        self._beings: dict[str, Strides] = {}
        self._whose: dict[UUID, Lane] = {}

    def order(
        self, lanes: Sequence[Lane], weights: Mapping[str, float], running: Mapping[str, int], share: int
    ) -> list[UUID]:
        """The tasks of these lanes in the order of their turns, of each owner no more than bring it up to `share`.

        `weights` is the energy of what is called, by `who`; `running` is how many tasks of an owner run.
        """
        of_owner: dict[str, list[Lane]] = {}
        for lane in lanes:
            of_owner.setdefault(lane.owner, []).append(lane)
        self._whose = {soul: lane for lane in lanes for soul in lane.souls}
        self._beings = {owner: self._beings.get(owner, Strides()) for owner in of_owner}
        queues = {owner: self._of_owner(owner, own, weights) for owner, own in of_owner.items()}
        left = {owner: share - running.get(owner, 0) for owner in of_owner}
        waiting = [(at, owner) for owner, at in self._owners.enter(of_owner).items()]
        return list(_merged(waiting, queues, left))

    def took(self, souls: Iterable[UUID], weights: Mapping[str, float]) -> None:
        """These of the last order had their turn."""
        for soul in souls:
            lane = self._whose[soul]
            self._owners.move(lane.owner)
            self._beings[lane.owner].move(lane.who, _weight(weights, lane.who))

    def _of_owner(self, owner: str, lanes: Sequence[Lane], weights: Mapping[str, float]) -> Iterator[UUID]:
        """One owner's tasks: by priority, and of one priority by the energy of what they call."""
        at = self._beings[owner].enter({lane.who for lane in lanes})
        for priority in sorted({lane.priority for lane in lanes}, reverse=True):
            mine = {lane.who: deque(lane.souls) for lane in lanes if lane.priority == priority and lane.souls}
            waiting = [(at[who], who) for who in mine]
            heapify(waiting)
            while waiting:
                stands, who = heappop(waiting)
                yield mine[who].popleft()
                at[who] = stands + 1.0 / _weight(weights, who)
                if mine[who]:
                    heappush(waiting, (at[who], who))


def _merged(
    waiting: list[tuple[float, str]], queues: Mapping[str, Iterator[UUID]], left: Mapping[str, int]
) -> Iterator[UUID]:
    had: Counter[str] = Counter()
    heapify(waiting)
    while waiting:
        stands, owner = heappop(waiting)
        if had[owner] >= left[owner] or (soul := next(queues[owner], None)) is None:
            continue
        yield soul
        had[owner] += 1
        heappush(waiting, (stands + 1.0, owner))


def _weight(weights: Mapping[str, float], who: str) -> float:
    return max(weights.get(who, 100.0), 1.0)
