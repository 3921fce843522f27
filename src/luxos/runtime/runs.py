"""Runs in the table: a run is a being, and is held by one process at a time."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from luxos.beings.awareness import fold
from luxos.beings.damaged import reading
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.claims import Claims
from luxos.runtime.errors.runs import FolderBusy, RunAmbiguous, RunBusy, RunUnknown
from luxos.runtime.heeded import Heed
from luxos.runtime.recorder import Recorder
from luxos.runtime.sealing import seal
from luxos.runtime.steps import Step, now
from luxos.runtime.verifying import RunCheck
from luxos.runtime.wanting import listen, tell_of
from luxos.security.audit import beginning

_ALL = 1_000_000
_DIGITS = re.compile("[0-9a-f]{1,32}")


@dataclass(frozen=True)
class Run:
    """A run as it is in the table.

    `status`: running, interrupted, done, failed, stopped, paused, cancelled, needs_person; undoing, half_undone,
    undone.
    """

    soul: UUID
    goal: str
    program: str
    workspace: Path
    status: str
    created_at: datetime
    attributes: Mapping[str, Any]
    genesis: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The beginning of its UUID, by which a person calls it."""
        return str(self.soul)[:8]


class Runs:
    """Writes and reads runs; all SQL is in `persistence/sql/queries/runs.sql`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.queries
        self._claims = Claims(database)
        self.recorder = Recorder(database)
        self._tokens: dict[UUID, str] = {}
        self._given_up: set[UUID] = set()
        self._heeds: dict[UUID, Heed] = {}

    async def create(
        self, soul: UUID, goal: str, program: str, workspace: Path, owner: str, attributes: Mapping[str, Any]
    ) -> Run:
        """A new run, in the state `running`; whoever creates it holds it (`claimed`)."""
        created = now()
        genesis = {"type": "run", "goal": goal, "program": program, "owner": owner, "created_at": created}
        state = {
            **attributes,
            "status": "running",
            "workspace": str(workspace),
            "chain": beginning(genesis),
            "holder": self._tokens.get(soul),
        }
        await self._database.pool.execute(self._sql["create_run"], soul, genesis, state)
        if soul in self._tokens:
            self.recorder.hold(soul, self._tokens[soul], state["chain"])
        return Run(soul, goal, program, workspace, "running", datetime.fromisoformat(created), state, genesis)

    async def newest(self, limit: int = 20) -> list[Run]:
        """The newest runs, newest first."""
        return await self._found("", limit=limit)

    async def on(self, workspace: Path) -> list[Run]:
        """The runs that work on a folder, the newest first."""
        return await self._found("", workspace)

    async def interrupted_on(self, workspace: Path) -> list[Run]:
        """Those of them that a process was carrying out when it died, the newest first."""
        return [run for run in await self._found("", workspace, "running") if run.status == "interrupted"]

    async def find(self, name: str) -> Run:
        """The run whose UUID begins with `name`; `RunUnknown`, or `RunAmbiguous` where there are more.

        A run that this process has just claimed is shown as `running` whatever became of it before.
        """
        digits = name.strip().lower().replace("-", "")
        found = await self._found(digits, limit=2) if _DIGITS.fullmatch(digits) else []
        if not found:
            raise RunUnknown(name=name)
        if len(found) > 1:
            raise RunAmbiguous(name=name)
        return found[0]

    async def of(self, soul: UUID) -> Run | None:
        """The run of this UUID, if there is one, with the status that stands in its row."""
        row = await self._database.pool.fetchrow(self._sql["run_row"], soul)
        return None if row is None else _run(row)

    async def _found(
        self, beginning_of: str, workspace: Path | None = None, stored: str | None = None, limit: int = _ALL
    ) -> list[Run]:
        """Runs by the first digits of their UUID, their folder, and the status that stands in their row."""
        place = str(workspace) if workspace else None
        between = UUID(beginning_of.ljust(32, "0")), UUID(beginning_of.ljust(32, "f"))
        rows = await self._database.pool.fetch(self._sql["find_runs"], *between, place, stored, limit)
        return [_run(row) for row in rows]

    @asynccontextmanager
    async def claimed(self, run: UUID) -> AsyncIterator[None]:
        """Holds a run for this process; `RunBusy` where another one carries it out.

        Each claim has a token that stands in the run's row: a process that lost its claim can write no more steps. When
        the run is given up, what its steps say of the beings they called is counted; what is not, is counted later.
        """
        heed = Heed(run)
        try:
            async with self._claims.held(f"run {run}", RunBusy(run=str(run)[:8])), self._held(heed):
                yield
        finally:
            if heed.wanted is not None or heed.is_followed:
                await tell_of(self._database, run)

    @asynccontextmanager
    async def _held(self, heed: Heed) -> AsyncIterator[None]:
        """A run that was claimed: what is recorded of it, and what is wanted of it, by the token of this claim."""
        run, token = heed.run, uuid4().hex
        self._tokens[run], self._heeds[run] = token, heed
        listening = asyncio.create_task(listen(self._database, self.recorder, token, heed))
        try:
            head = await self._database.pool.fetchval(self._sql["hold_run"], run, token)
            if head is not None:
                self.recorder.hold(run, token, head)
            yield
        finally:
            listening.cancel()
            with suppress(LuxError):
                await self.recorder.give_up(run)
            del self._tokens[run], self._heeds[run]
            with suppress(LuxError):
                await self._fold(run)
            self._given_up.add(run)

    def heed(self, run: UUID) -> Heed:
        """What is wanted of a run that this process holds; of one that it does not hold, nothing ever is."""
        return self._heeds.get(run) or Heed(run)

    async def _fold(self, run: UUID) -> None:
        async with self._database.pool.acquire() as connection:
            await fold(run, connection=connection)

    @asynccontextmanager
    async def building_in(self, folder: Path) -> AsyncIterator[None]:
        """Holds a folder that is, or is to become, a project; `FolderBusy` where somebody works on it."""
        async with self._claims.held(f"folder {folder}", FolderBusy(folder=folder)):
            yield

    async def seal(self) -> None:
        """Seals the runs that this process gave up and that have ended; what cannot be sealed now is sealed later."""
        given_up, self._given_up = self._given_up, set()
        with suppress(LuxError):
            await seal(self._database, given_up)

    async def close(self) -> None:
        """Gives up what is still held."""
        await self._claims.close()

    async def update(self, run: UUID, **attributes: Any) -> None:
        """Sets attributes of a run."""
        await self._database.pool.execute(self._sql["update_run"], run, attributes)

    async def steps(self, run: UUID) -> list[Step]:
        """All steps of a run, in the order in which they began."""
        rows = await self._database.pool.fetch(self._sql["load_steps"], run)
        return [Step(row["id"], row["target_soul"], row["genesis"], row["attributes"]) for row in rows]


def chain_is_whole(run: Run, steps: Iterable[Step]) -> bool:
    """Whether the run and its steps, with all their attempts, are what its audit chain was made of.

    While a run goes on, or where its process died, its row may not know of the newest steps yet.
    """
    told = {"soul": run.soul, "genesis": run.genesis, "attributes": run.attributes, "seals": []}
    check = RunCheck(told)
    found = [finding for attempt in sorted(_attempts(steps), key=_number) for finding in check.take(attempt)]
    return not found and next(iter(check.end()), None) is None


def _attempts(steps: Iterable[Step]) -> Iterator[dict[str, Any]]:
    """The attempts of steps as `RunCheck` takes them."""
    for step in steps:
        plain = {
            "tags": ["step"],
            "energy_level": 0,
            "id": step.id,
            "target_soul": step.callee,
            "genesis": step.genesis,
        }
        newest = {key: value for key, value in step.attributes.items() if key not in ("attempts", "deleted")}
        for number, attempt in enumerate((newest, *step.attributes.get("attempts", ()))):
            yield {**plain, "number": number, "attempt": attempt}


def _number(attempt: Mapping[str, Any]) -> float:
    seq = attempt["attempt"].get("chain", {}).get("seq")
    return seq if isinstance(seq, int) else float("inf")


def _run(row: asyncpg.Record) -> Run:
    genesis, attributes = row["genesis"], row["attributes"]
    with reading(row["soul"]):
        created = datetime.fromisoformat(genesis["created_at"])
        place = Path(attributes["workspace"])
        return Run(row["soul"], genesis["goal"], genesis["program"], place, row["status"], created, attributes, genesis)
