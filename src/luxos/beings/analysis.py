"""The whole graph at once, in rustworkx: which beings are influential, which belong together, which form cycles."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from luxos.beings.communities import communities as grouped
from luxos.beings.errors import FilterInvalid
from luxos.beings.graph import check_bound
from luxos.beings.links import Links
from luxos.beings.whole import Whole, whole
from luxos.i18n import N_

_EVERY = Links()
_LONGEST = 12
_MOST = 1_000_000


async def influence(
    links: Links = _EVERY, *, limit: int = 20, damping: float = 0.85, connection: Any = None
) -> list[tuple[UUID, float]]:
    """The most influential beings, by PageRank: those that influential ones lead to; the shares of all add up to 1."""
    check_bound(limit, _MOST)
    if isinstance(damping, bool) or not isinstance(damping, int | float) or not 0 <= damping < 1:
        raise FilterInvalid(part=str(damping), reason=N_("the bound is out of range"))
    import rustworkx

    graph = await whole(links, connection=connection)
    if not graph.souls:
        return []
    shares = rustworkx.pagerank(graph.digraph(), alpha=damping, weight_fn=float, tol=1e-10, max_iter=1000)
    best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [(graph.souls[place], share) for place, share in best]


async def communities(links: Links = _EVERY, *, connection: Any = None) -> list[list[UUID]]:
    """The beings in groups with more relationships within than between (Louvain), the largest group first.

    Every being with a relationship that is followed is in one group; the same graph gives the same groups.
    """
    graph = await whole(links, connection=connection)
    groups = grouped(len(graph.souls), graph.edges)
    return [[graph.souls[place] for place in group.tolist()] for group in groups]


async def cycles(
    links: Links = _EVERY, *, longest: int = 6, limit: int = 100, connection: Any = None
) -> tuple[list[list[UUID]], bool]:
    """Ways that lead from a being back to it, through no being twice, the shorter first; and whether these are all.

    At most `longest` relationships each (1 to 12), and at most `limit` of them. Each cycle begins at its least UUID.
    """
    check_bound(longest, _LONGEST)
    check_bound(limit, _MOST)
    graph = await whole(links, connection=connection)
    found: list[list[UUID]] = []
    for cycle in _cycles(graph, longest):
        if len(found) == limit:
            return found, False
        found.append([graph.souls[place] for place in cycle])
    return found, True


def _cycles(graph: Whole, longest: int) -> Iterator[list[int]]:
    """Cycles of each length in turn; only within the strongly connected parts can there be any."""
    import rustworkx

    after: dict[int, list[int]] = {}
    parts = [part for part in rustworkx.strongly_connected_components(graph.digraph()) if part]
    part_of = {place: number for number, part in enumerate(parts) for place in part}
    for source, target in zip(graph.edges.sources.tolist(), graph.edges.targets.tolist(), strict=True):
        if part_of[source] == part_of[target]:
            after.setdefault(source, []).append(target)
    for length in range(1, longest + 1):
        for start in sorted(after):
            yield from _round(after, [start], length, _ways_back(after, start, length))


def _ways_back(after: dict[int, list[int]], start: int, length: int) -> dict[int, int]:
    """How far each place is from `start` against the ways, through no lesser place, up to `length`."""
    before: dict[int, list[int]] = {}
    reached, edge = {start}, [start]
    for _step in range(length):  # what can be reached at all
        edge = [place for near in edge for place in after.get(near, ()) if place >= start and place not in reached]
        reached |= set(edge)
    for near in reached:
        for place in after.get(near, ()):
            if place in reached:
                before.setdefault(place, []).append(near)
    distances, edge = {start: 0}, [start]
    for far in range(1, length + 1):
        edge = [near for place in edge for near in before.get(place, ()) if near not in distances]
        distances |= dict.fromkeys(edge, far)
    return distances


def _round(after: dict[int, list[int]], way: list[int], length: int, back: dict[int, int]) -> Iterator[list[int]]:
    """The cycles of exactly `length` that go on from `way`, whose places are all above the first."""
    left = length - len(way)
    for place in after.get(way[-1], ()):
        if left == 0:
            if place == way[0]:
                yield way
        elif place > way[0] and place not in way and back.get(place, length + 1) <= left:
            yield from _round(after, [*way, place], length, back)
