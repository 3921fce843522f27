"""`Links`: which relationships are followed, and which way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from luxos.beings.errors import FilterInvalid
from luxos.beings.filter import Bounds, Filter
from luxos.i18n import N_

Direction = Literal["out", "in", "both"]
DIRECTIONS: tuple[str, ...] = ("out", "in", "both")
HIDDEN = ("step", "memory", "descent", "version", "message")
"""The tags of relationships by which LuxOS keeps its own things together."""
_LOW, _HIGH = -(2**63), 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Links:
    """Relationships with all of `tags`, an `energy` from … to, both included; `direction` is out, in or both.

    What LuxOS keeps for itself (steps of runs, chapters of memories, descent) is followed only where `tags` name it.
    """

    tags: Sequence[str] = ()
    energy: Bounds | None = None
    direction: str = "both"

    def __post_init__(self) -> None:
        checked = Filter(tags=self.tags, energy=self.energy)
        object.__setattr__(self, "tags", checked.tags)
        object.__setattr__(self, "energy", checked.energy)
        if self.direction not in DIRECTIONS:
            raise FilterInvalid(part=str(self.direction), reason=N_("a direction is out, in or both"))

    @property
    def which(self) -> tuple[Any, ...]:
        """The arguments of the queries: tags, tags left out, the lowest energy, the highest."""
        low, high = self.energy or (None, None)
        hidden = [tag for tag in HIDDEN if tag not in self.tags]
        return list(self.tags), hidden, _LOW if low is None else low, _HIGH if high is None else high

    @property
    def ways(self) -> tuple[bool, bool]:
        """Whether relationships are followed along, and whether against."""
        return self.direction != "in", self.direction != "out"

    @property
    def backwards(self) -> "Links":
        """The same, followed the other way."""
        turned = {"out": "in", "in": "out", "both": "both"}[self.direction]
        return Links(tags=self.tags, energy=self.energy, direction=turned)
