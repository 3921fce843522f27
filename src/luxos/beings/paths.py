"""Paths from one being to another: the shortest, and all simple ones to a bound.

Both ends are walked from, a step of all beings at a time, the smaller side first, so that far less is looked at than
from one end. Where several relationships lead from one being to the next, the strongest stands for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from luxos.beings.errors import GraphTooWide
from luxos.beings.graph import check_bound, nodes, snapshot
from luxos.beings.links import Links
from luxos.beings.record import identified

LONGEST = 12
PATHS = 1000
_SEEN = 300_000
"""Steps after which a search is given up."""
_EVERY = Links()
_Steps = dict[UUID, dict[UUID, UUID]]
"""Where each being leads: to which being, by which relationship."""


@dataclass(frozen=True)
class Path:
    """The beings that a path goes through, ends included, and the relationships between them."""

    beings: tuple[UUID, ...]
    relationships: tuple[UUID, ...]


async def shortest_path(
    source: UUID, target: UUID, links: Links = _EVERY, *, longest: int = LONGEST, connection: Any = None
) -> Path | None:
    """A shortest path of at most `longest` relationships (1 to 12), the same each time; `None` where there is none.

    `BeingUnknown` for an end that is not there, `GraphTooWide` where too much would have to be looked at.
    """
    source, target = identified(source), identified(target)
    check_bound(longest, LONGEST)
    async with snapshot(connection) as lent:
        await nodes([source, target], {}, lent)
        front, back = _Side(source, links), _Side(target, links.backwards)
        while not (met := front.seen.keys() & back.seen.keys()):
            if len(front.levels) + len(back.levels) - 2 == longest or not (front.edge and back.edge):
                return None
            await min(front, back, key=lambda side: len(side.edge)).expand(lent)
    middle = min(met)
    return _joined(front.way(middle), back.way(middle))


async def simple_paths(
    source: UUID,
    target: UUID,
    links: Links = _EVERY,
    *,
    longest: int = 4,
    limit: int = PATHS,
    connection: Any = None,
) -> tuple[list[Path], bool]:
    """Paths that go through no being twice, the shorter first, and whether these are all.

    At most `longest` relationships each (1 to 12), and at most `limit` of them; errors as of `shortest_path`.
    """
    source, target = identified(source), identified(target)
    check_bound(longest, LONGEST)
    check_bound(limit, _SEEN)
    async with snapshot(connection) as lent:
        await nodes([source, target], {}, lent)
        steps = await _steps_between(source, target, links, longest, lent)
    if source == target:
        return [Path((source,), ())], True
    search = _Search(steps, target, _distances(steps, target))
    found: list[Path] = []
    for length in range(1, longest + 1):
        for path in search.paths(source, length):
            if len(found) == limit:
                return found, False
            found.append(path)
    return found, True


@dataclass
class _Side:
    """What is reached from one end: each being's step back towards the end, and the beings reached last."""

    start: UUID
    links: Links
    seen: dict[UUID, tuple[UUID, UUID] | None] = field(init=False)
    levels: list[list[UUID]] = field(init=False)
    steps: _Steps = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen, self.levels = {self.start: None}, [[self.start]]

    @property
    def edge(self) -> list[UUID]:
        return self.levels[-1]

    async def expand(self, connection: Any) -> None:
        """Goes one step from all beings that were reached last."""
        rows = await connection.fetch(*self.links.statement("graph_step", self.edge, *self.links.ways, _SEEN + 1))
        if len(rows) + len(self.seen) > _SEEN:
            raise GraphTooWide(soul=self.start, most=_SEEN)
        reached = []
        for near, far, identity in rows:
            self.steps.setdefault(near, {})[far] = identity
            if far not in self.seen:
                self.seen[far] = near, identity
                reached.append(far)
        self.levels.append(reached)

    def way(self, soul: UUID) -> tuple[list[UUID], list[UUID]]:
        """The beings from `soul` back to the start, and the relationships between."""
        beings, relationships = [soul], []
        while (step := self.seen[beings[-1]]) is not None:
            beings.append(step[0])
            relationships.append(step[1])
        return beings, relationships


def _joined(front: tuple[list[UUID], list[UUID]], back: tuple[list[UUID], list[UUID]]) -> Path:
    return Path((*front[0][::-1], *back[0][1:]), (*front[1][::-1], *back[1]))


async def _steps_between(source: UUID, target: UUID, links: Links, longest: int, connection: Any) -> _Steps:
    """All steps that a path of at most `longest` can take: its first half leaves the source, its second the target."""
    front, back = _Side(source, links), _Side(target, links.backwards)
    for side, depth in ((front, (longest + 1) // 2), (back, longest // 2)):
        for _step in range(depth):
            if side.edge:
                await side.expand(connection)
    steps = front.steps
    for near, far in back.steps.items():
        for soul, identity in far.items():
            steps.setdefault(soul, {}).setdefault(near, identity)
    return steps


def _distances(steps: _Steps, target: UUID) -> dict[UUID, int]:
    """How far each being is from the target, along the steps."""
    before: dict[UUID, list[UUID]] = {}
    for near, far in steps.items():
        for soul in far:
            before.setdefault(soul, []).append(near)
    found, edge, depth = {target: 0}, [target], 0
    while edge:
        depth += 1
        edge = [soul for reached in edge for soul in before.get(reached, ()) if soul not in found]
        found |= dict.fromkeys(edge, depth)
    return found


@dataclass
class _Search:
    """Goes through simple paths of one length, never where the target is too far to be reached."""

    steps: _Steps
    target: UUID
    distances: dict[UUID, int]
    tried: int = 0

    def paths(self, source: UUID, length: int) -> Iterator[Path]:
        """The simple paths of exactly `length` relationships, in the order of the beings' UUIDs."""
        yield from self._from([source], [], length)

    def _from(self, beings: list[UUID], relationships: list[UUID], left: int) -> Iterator[Path]:
        if left == 0:
            yield Path(tuple(beings), tuple(relationships))
            return
        for soul, identity in sorted(self.steps.get(beings[-1], {}).items()):
            if soul in beings or self.distances.get(soul, left) > left - 1 or (soul == self.target) != (left == 1):
                continue
            self.tried += 1
            if self.tried > _SEEN:
                raise GraphTooWide(soul=beings[0], most=_SEEN)
            yield from self._from([*beings, soul], [*relationships, identity], left - 1)
