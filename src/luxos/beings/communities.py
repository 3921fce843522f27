"""Louvain's method: groups with more weight within them than chance would put there, found by moving one at a time.

Blondel, Guillaume, Lambiotte, Lefebvre: Fast unfolding of communities in large networks, 2008. Nothing is drawn by lot:
places are visited in their order, and the least of equally good groups is taken.
"""

from collections.abc import Mapping

Weights = Mapping[tuple[int, int], float]
_LEAST = 1e-12
"""A gain below this is a rounding error."""
_FEW = 0.001
"""Where so few of a thousand places and more still move, the rest of the moves gain next to nothing."""


def communities(count: int, weights: Weights) -> list[list[int]]:
    """The places 0 … count - 1 in groups, the largest first; `weights` of directed pairs are added up."""
    beside = _beside(count, weights)
    groups = [[place] for place in range(count)]
    while True:
        home = _moved(beside)
        if len(set(home)) == len(beside):
            return sorted((sorted(group) for group in groups), key=lambda group: (-len(group), group[:1]))
        groups, beside = _merged(groups, beside, home)


def modularity(count: int, weights: Weights, groups: list[list[int]]) -> float:
    """How much more weight is within the groups than chance would put there, from -0.5 to 1."""
    home = {place: number for number, group in enumerate(groups) for place in group}
    beside = _beside(count, weights)
    total = sum(sum(row.values()) for row in beside)
    within = sum(weight for one, row in enumerate(beside) for two, weight in row.items() if home[one] == home[two])
    sums = [sum(sum(beside[place].values()) for place in group) for group in groups]
    return within / total - sum((part / total) ** 2 for part in sums) if total else 0.0


def _beside(count: int, weights: Weights) -> list[dict[int, float]]:
    """The weight from each place to each other, both ways alike; what leads to itself counts twice."""
    beside: list[dict[int, float]] = [{} for _place in range(count)]
    for (one, two), weight in weights.items():
        beside[one][two] = beside[one].get(two, 0.0) + weight
        beside[two][one] = beside[two].get(one, 0.0) + weight
    return beside


def _moved(beside: list[dict[int, float]]) -> list[int]:
    """The group of each place after places have moved, one at a time, until hardly any move gains anything."""
    home = list(range(len(beside)))
    degrees = [sum(row.values()) for row in beside]
    sums, total = degrees.copy(), sum(degrees) or 1.0
    moving = len(beside)
    while moving > len(beside) * _FEW:
        moving = 0
        for place, row in enumerate(beside):
            best = _best(place, row, home, sums, degrees[place] / total)
            if best != home[place]:
                sums[home[place]] -= degrees[place]
                sums[best] += degrees[place]
                home[place] = best
                moving += 1
    return home


def _best(place: int, row: dict[int, float], home: list[int], sums: list[float], share: float) -> int:
    """The group that gains most by having a place; its own where no other gains more."""
    toward: dict[int, float] = {home[place]: 0.0}
    for other, weight in row.items():
        if other != place:
            toward[home[other]] = toward.get(home[other], 0.0) + weight
    own = sum(row.values())
    best, most = home[place], toward[home[place]] - (sums[home[place]] - own) * share
    for group, weight in sorted(toward.items()):
        gain = weight - (sums[group] - (own if group == home[place] else 0.0)) * share
        if gain > most + _LEAST:
            best, most = group, gain
    return best


def _merged(
    groups: list[list[int]], beside: list[dict[int, float]], home: list[int]
) -> tuple[list[list[int]], list[dict[int, float]]]:
    """The groups as places of a smaller graph."""
    number = {group: place for place, group in enumerate(sorted(set(home)))}
    merged: list[list[int]] = [[] for _group in number]
    smaller: list[dict[int, float]] = [{} for _group in number]
    for place, row in enumerate(beside):
        mine = number[home[place]]
        merged[mine] += groups[place]
        for other, weight in row.items():
            theirs = number[home[other]]
            smaller[mine][theirs] = smaller[mine].get(theirs, 0.0) + weight
    return merged, smaller
