"""Louvain's method: groups with more weight within them than chance would put there, found by moving one at a time.

Blondel, Guillaume, Lambiotte, Lefebvre: Fast unfolding of communities in large networks, 2008. Only places beside one
that moved are looked at again. Nothing is drawn by lot: places come in their order, and the first of equally good
groups is taken.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Weights = NDArray[np.float64]

_LEAST = 1e-12
"""A gain below this is a rounding error."""
_FEW = 0.001
"""Where so few of a thousand places and more still move, the rest of the moves gain next to nothing."""


class Edges(NamedTuple):
    """Weights that lead from places to places; several of one pair are added up, whichever way they lead."""

    sources: "Places"
    targets: "Places"
    weights: "Weights"


def communities(count: int, edges: Edges) -> "list[Places]":
    """The places 0 … count - 1 in groups, the largest first, each in order."""
    import numpy as np

    home, beside = np.arange(count), _beside(count, edges)
    while True:
        _groups, number = np.unique(_moved(beside), return_inverse=True)
        if len(_groups) == beside.count:
            break
        home, beside = number[home], _merged(beside, number)
    order = np.argsort(home, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(home))[:-1]) if count else []
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def modularity(count: int, edges: Edges, groups: "list[Any]") -> float:
    """How much more weight is within the groups than chance would put there, from -0.5 to 1."""
    import numpy as np

    home = np.empty(count, dtype=np.int64)
    for number, group in enumerate(groups):
        home[group] = number
    beside = _beside(count, edges)
    total = beside.weights.sum()
    within = beside.weights[home[beside.nears] == home[beside.fars]].sum()
    parts = np.bincount(home, beside.degrees)
    return float(within / total - ((parts / total) ** 2).sum()) if total else 0.0


@dataclass(frozen=True)
class _Beside:
    """The weight from each place to each other, both ways alike, in the order of the places; a way to itself counts
    twice.
    """

    count: int
    nears: "Places"
    fars: "Places"
    weights: "Weights"
    degrees: "Weights"
    """All weight of each place."""


def _beside(count: int, edges: Edges) -> _Beside:
    import numpy as np

    sources, targets, weights = edges
    both = np.concatenate([sources, targets]), np.concatenate([targets, sources])
    return _added_up(count, *both, np.concatenate([weights, weights]))


def _merged(beside: _Beside, number: "Places") -> _Beside:
    """The groups, by their numbers, as places of a smaller graph."""
    return _added_up(int(number.max()) + 1, number[beside.nears], number[beside.fars], beside.weights)


def _added_up(count: int, nears: "Places", fars: "Places", weights: "Weights") -> _Beside:
    import numpy as np

    pairs, place = np.unique(nears * count + fars, return_inverse=True)
    sums = np.bincount(place, weights, len(pairs)).astype(np.float64)
    nears, fars = np.divmod(pairs, max(count, 1))
    return _Beside(count, nears, fars, sums, np.bincount(nears, sums, count).astype(np.float64))


def _moved(beside: _Beside) -> list[int]:
    """The group of each place after places have moved, one at a time, until hardly any move gains anything."""
    import numpy as np

    home = list(range(beside.count))
    degrees = beside.degrees.tolist()
    sums, total = degrees.copy(), sum(degrees) or 1.0
    ends = np.searchsorted(beside.nears, np.arange(beside.count + 1)).tolist()
    asked, moving = home.copy(), beside.count
    while moving > beside.count * _FEW:
        moving, again = 0, dict[int, None]()
        for place in asked:
            part = slice(ends[place], ends[place + 1])
            fars = beside.fars[part].tolist()
            was, own = home[place], degrees[place]
            sums[was] -= own
            best = _best(place, zip(fars, beside.weights[part].tolist(), strict=True), home, sums, own / total)
            sums[best] += own
            if best != was:
                home[place] = best
                moving += 1
                again.update((far, None) for far in fars if home[far] != best)
        asked = list(again)
    return home


def _best(place: int, beside: Any, home: list[int], sums: list[float], share: float) -> int:
    """The group that gains most by having a place, which is in none now; its own where no other gains more."""
    best = home[place]
    toward = {best: 0.0}
    for other, weight in beside:
        if other != place:
            group = home[other]
            toward[group] = toward.get(group, 0.0) + weight
    most = toward[best] - sums[best] * share
    for group, weight in toward.items():
        gain = weight - sums[group] * share
        if gain > most + _LEAST:
            best, most = group, gain
    return best
