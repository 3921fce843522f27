"""Where attempts are made: a back end, and a user. What remains to be stopped is read from `docs/guarantees.md`."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.plugins.walls import Walls
from tests.security.corpus import Attempt, reached, read_end
from tests.security.stage import Stage, settled

from luxos.errors import LuxError
from luxos.runtime.sandbox import Limits, Network, Reach

GUARANTEES = Path(__file__).parents[2] / "docs" / "guarantees.md"
KNOWN = re.compile(r"^\| `(?P<name>[a-z_]+\.[a-z_]+)` \| (?P<places>[a-z, -]+) \|", re.MULTILINE)
OF_A_PROGRAM = ("memory", "processes", "open_files")
"""Limits of the walls around Monty's program; how long it runs and how much it says is for who started it to end."""
CAN_HOLD = {"bubblewrap": ("none", "loopback"), "sandlock": ("none", "named")}


@dataclass(frozen=True)
class End:
    """How an attempt ended behind walls."""

    outcome: str | None
    touched: list[str]
    ended_by: str | None
    stderr: str
    may_die: bool
    unbuilt: bool = False
    """LuxOS could not build the walls, or lost them."""

    def __str__(self) -> str:
        return f"{self.outcome} {self.touched or ''} {self.ended_by or ''} {self.stderr[-200:]}".strip()

    @property
    def reached(self) -> bool:
        return reached(self.outcome, self.touched)

    @property
    def is_answer(self) -> bool:
        """Whether the walls answered, and not a mistake of ours in the attempt."""
        if self.outcome is None:
            return self.may_die and not self.unbuilt
        return " " not in self.outcome


@dataclass(frozen=True)
class Place:
    """One back end as one user, with that user's world outside."""

    walls: Walls
    user: str
    stage: Stage

    def __str__(self) -> str:
        return f"{self.walls.backend}-{self.user}"

    def networks(self, attempt: Attempt) -> list[str]:
        """The ways to be connected in which the attempt is made here."""
        return [name for name in attempt.facts.get("network", ("none",)) if name in CAN_HOLD[self.walls.backend]]

    def _network(self, name: str) -> Network:
        if name == "named":
            return Network.named(f"127.0.0.1:{self.stage.servers.addresses['files']}")
        return Network(Reach(name))

    async def end(self, attempt: Attempt, network: str) -> End:
        """Makes the attempt here."""
        facts, folder = attempt.facts, self.stage.folder
        ended_by, out, err, unbuilt = None, b"", b"", False
        try:
            done = await self.walls.code(
                attempt.program(),
                json.dumps(self.stage.world(confined=True)),
                workspace=self.stage.project,
                readable=tuple(folder / name for name in facts.get("sees", ())),
                network=self._network(network),
                limits=Limits(**{"seconds": 30, "processes": 64, **facts.get("limits", {})}),
                leaks=(folder / "secret", folder),
            )
            ended_by, out, err = done.ended_by, done.stdout, done.stderr
        except LuxError as error:
            err, unbuilt = str(error).encode(), not facts.get("breaks")
        outcome = read_end(out) if ended_by in (None, "signal") else None
        return End(
            outcome,
            settled(self.stage),
            ended_by,
            err.decode(errors="replace")[-600:],
            bool(facts.get("dies") or facts.get("limits")),
            unbuilt,
        )

    async def alone(self, attempt: Attempt) -> End:
        """Makes the attempt in the place of Monty's program, inside its walls."""
        limits = {name: most for name, most in attempt.facts.get("limits", {}).items() if name in OF_A_PROGRAM}
        done = await self.walls.alone(attempt.program(), json.dumps(self.stage.world(confined=True)), **limits)
        said = done.stderr.decode(errors="replace")[-600:]
        may_die = bool(attempt.facts.get("dies") or limits)
        return End(read_end(done.stdout), settled(self.stage), None, said, may_die)


def known() -> dict[str, set[str]]:
    """The attempts that are known not to be stopped, and where."""
    rows = KNOWN.finditer(GUARANTEES.read_text(encoding="utf-8"))
    return {row["name"]: set(row["places"].split(", ")) for row in rows}


def expected_past(name: str, places: list[Place]) -> set[str]:
    """In which of the places the attempt is known to get there."""
    return known().get(name, set()) & {str(place) for place in places}
