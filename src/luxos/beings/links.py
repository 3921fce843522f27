"""`Links`: which relationships are followed, and which way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from luxos.beings.errors import FilterInvalid
from luxos.beings.filter import Bounds, Filter
from luxos.i18n import N_
from luxos.persistence.queries import parts

Direction = Literal["out", "in", "both"]
DIRECTIONS: tuple[str, ...] = ("out", "in", "both")
HIDDEN = ("step", "memory", "descent", "version", "message", "reading", "tombstone")
"""The tags of relationships by which LuxOS keeps its own things together, and of those that were deleted."""


@dataclass(frozen=True, kw_only=True)
class Links:
    """Relationships with all of `tags`, an `energy` from … to, both included; `direction` is out, in or both.

    What LuxOS keeps for itself (steps of runs, chapters of memories, descent), and what was deleted, is followed only
    where `tags` name it.
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

    def statement(self, name: str, *values: Any) -> tuple[Any, ...]:
        """A statement of sql/parts/graph.sql that follows these relationships, with its arguments, for `fetch`."""
        arguments, conditions = list(values), []
        for part, value in self._conditions():
            arguments.append(value)
            conditions.append(parts()[part].replace("$1", f"${len(arguments)}"))
        return parts()[name].replace("{links}", " ".join(conditions)), *arguments

    def _conditions(self) -> Iterator[tuple[str, Any]]:
        low, high = self.energy or (None, None)
        if self.tags:
            yield "links_tags", list(self.tags)
        yield "links_without_tags", [tag for tag in HIDDEN if tag not in self.tags]
        if low is not None:
            yield "links_energy_from", low
        if high is not None:
            yield "links_energy_to", high

    @property
    def ways(self) -> tuple[bool, bool]:
        """Whether relationships are followed along, and whether against."""
        return self.direction != "in", self.direction != "out"

    @property
    def backwards(self) -> "Links":
        """The same, followed the other way."""
        turned = {"out": "in", "in": "out", "both": "both"}[self.direction]
        return Links(tags=self.tags, energy=self.energy, direction=turned)
