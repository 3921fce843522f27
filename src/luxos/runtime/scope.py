"""A tree of calls: what a call and everything that it calls may take together, and for how long.

Every call has a scope. A child's is made from its parent's: the deadline passes down, the energy comes from one purse.
"""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

from luxos.amounts import number
from luxos.errors import LuxError
from luxos.i18n import N_, _
from luxos.runtime.errors.calls import CallOverLimit

DEPTH, BREADTH, CALLS = 32, 1_000, 100_000
SECONDS = 300.0
_DEEP = N_("calls within calls, {most} deep")
_BROAD = N_("{most} calls of one call")
_MANY = N_("{most} calls in all")
_LONG = N_("{most} seconds")
_DEAR = N_("an energy of {most}")


@dataclass
class Tree:
    """What all calls of one tree share."""

    seconds: float = SECONDS
    depth: int = DEPTH
    breadth: int = BREADTH
    calls: int = CALLS
    energy: int | None = None
    """What the tree may spend; nothing for as much as the beings have."""
    deadline: float = field(init=False)
    """A moment of the event loop's clock, which is the monotonic one."""
    called: int = 0
    spent: int = 0
    cut: asyncio.Timeout | None = None
    """Ends the outermost call, and with it all others; set by `heeded`."""
    asks: LuxError | None = None
    """What a person has to answer before the tree goes on; then it is cut off as it is."""

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def spend(self, who: str, amount: int) -> None:
        """Takes from the purse; `CallOverLimit` where there is not enough in it."""
        if self.energy is not None and self.spent + amount > self.energy:
            raise over_limit(who, _DEAR, self.energy)
        self.spent += amount


@dataclass
class Scope:
    """One call's place in its tree."""

    tree: Tree
    depth: int = 0
    children: int = 0
    instances: frozenset[UUID] = frozenset()
    """Those of whose methods this call is one, or was made by one."""

    def enter(self, who: str) -> None:
        """Counts the call; `CallOverLimit` where it is one too many, or too late."""
        tree = self.tree
        if tree.called >= tree.calls:
            raise over_limit(who, _MANY, tree.calls)
        if time.monotonic() >= tree.deadline:
            raise self.late(who)
        tree.called += 1

    def child(self, who: str) -> "Scope":
        """The scope of a call that this one makes; `CallOverLimit` where it is too deep, or one too many."""
        if self.depth + 1 > self.tree.depth:
            raise over_limit(who, _DEEP, self.tree.depth)
        if self.children >= self.tree.breadth:
            raise over_limit(who, _BROAD, self.tree.breadth)
        self.children += 1
        return Scope(self.tree, self.depth + 1, instances=self.instances)

    def late(self, who: str) -> CallOverLimit:
        """What is said when the time of the tree is over."""
        return over_limit(who, _LONG, number(self.tree.seconds))


def over_limit(who: str, limit: str, most: float | str) -> CallOverLimit:
    """The error for a limit in words, `{most}` in it."""
    return CallOverLimit(who=who, limit=_(limit).format(most=most))
