"""Runs and steps in the two tables: a run is a being, a step is a relationship from it to what it called.

A step's row is its own audit entry, so its result and its link in the run's chain are written in one transaction.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg

from luxos.beings.awareness import fold
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.call import Call, Outcome
from luxos.runtime.claims import Claims
from luxos.runtime.errors import FolderBusy, RunAmbiguous, RunBusy, RunTaken, RunUnknown
from luxos.security.audit import beginning, broken, link

_ALL = 1_000_000
_RECORD = ("arguments", "status", "result", "changes", "error", "started_at", "finished_at")


@dataclass(frozen=True)
class Run:
    """A run as it is in the table.

    `status`: running, interrupted, done, failed, stopped, needs_person; undoing, half_undone, undone.
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


@dataclass(frozen=True)
class Step:
    """A step as it is in the table."""

    id: UUID
    callee: UUID
    genesis: Mapping[str, Any]
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.genesis["name"])

    @property
    def verb(self) -> str:
        return str(self.genesis["verb"])

    @property
    def call(self) -> str:
        """The alias of what it called."""
        return str(self.genesis["call"])

    @property
    def parent(self) -> str | None:
        """The step that called it."""
        parent: str | None = self.genesis.get("parent")
        return parent

    @property
    def status(self) -> str:
        return str(self.attributes["status"])

    @property
    def seconds(self) -> float | None:
        """How long its last attempt took."""
        if "finished_at" not in self.attributes:
            return None
        began, ended = (datetime.fromisoformat(self.attributes[key]) for key in ("started_at", "finished_at"))
        return (ended - began).total_seconds()


def step_id(run: UUID, step: str) -> UUID:
    """The step's id, the same at every attempt: a step exists once."""
    return uuid5(run, step)


def now() -> str:
    """The moment, in UTC, as all records write it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Runs:
    """Writes and reads runs; all SQL is in `persistence/sql/queries/runs.sql`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.queries
        self._claims = Claims(database)
        self._tokens: dict[UUID, str] = {}

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
        plain = name.strip().lower()
        wanted = plain if plain and set(plain) <= set("0123456789abcdef-") else "none"
        found = await self._found(wanted, limit=2)
        if not found:
            raise RunUnknown(name=name)
        if len(found) > 1:
            raise RunAmbiguous(name=name)
        return found[0]

    async def _found(
        self, beginning_of: str, workspace: Path | None = None, stored: str | None = None, limit: int = _ALL
    ) -> list[Run]:
        """Runs by the beginning of their UUID, their folder, and the status that stands in their row."""
        place = str(workspace) if workspace else None
        rows = await self._database.pool.fetch(self._sql["find_runs"], beginning_of, place, stored, limit)
        return [_run(row) for row in rows]

    @asynccontextmanager
    async def claimed(self, run: UUID) -> AsyncIterator[None]:
        """Holds a run for this process; `RunBusy` where another one carries it out.

        Each claim has a token that stands in the run's row: a process that lost its claim can write no more steps. When
        the run is given up, what its steps say of the beings they called is counted; what is not, is counted later.
        """
        async with self._claims.held(f"run {run}", RunBusy(run=str(run)[:8])):
            self._tokens[run] = uuid4().hex
            try:
                await self._database.pool.execute(self._sql["hold_run"], run, self._tokens[run])
                yield
            finally:
                del self._tokens[run]
                with suppress(LuxError):
                    await self._fold(run)

    async def _fold(self, run: UUID) -> None:
        async with self._database.pool.acquire() as connection:
            await fold(run, connection=connection)

    @asynccontextmanager
    async def building_in(self, folder: Path) -> AsyncIterator[None]:
        """Holds a folder that is, or is to become, a project; `FolderBusy` where somebody works on it."""
        async with self._claims.held(f"folder {folder}", FolderBusy(folder=folder)):
            yield

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

    async def start_step(self, call: Call, owner: str) -> str:
        """Records that a step begins, before anything of it happens; gives the moment. `RunTaken` where the run is
        no longer ours.
        """
        started = now()
        attributes = {"status": "started", "arguments": dict(call.arguments), "started_at": started}
        written = await self._database.pool.fetchval(
            self._sql["start_step"],
            *(step_id(call.run, call.step), call.run, call.callee_soul, _genesis(call, owner), attributes),
            self._tokens.get(call.run),
        )
        if written is None:
            raise RunTaken(run=str(call.run)[:8])
        return started

    async def finish_step(self, call: Call, owner: str, started: str, ended: Outcome | Mapping[str, Any]) -> None:
        """Records how a step ended, with its link in the run's chain, in one transaction.

        `ended` is the outcome of a step that is done, or the error (code, message, details) of one that failed.
        """
        if isinstance(ended, Outcome):
            changes = {"digest": ended.changes.digest, "count": len(ended.changes.changes)} if ended.changes else None
            record = {"status": "done", "result": ended.result, "changes": changes}
        else:
            record = {"status": "failed", "error": dict(ended)}
        record |= {"started_at": started, "finished_at": now()}
        known = {"arguments": dict(call.arguments), **record}
        content = _content(call.callee_soul, _genesis(call, owner), known)
        async with self._database.pool.acquire() as connection, connection.transaction():
            head = await connection.fetchval(self._sql["lock_chain"], call.run, self._tokens.get(call.run))
            if head is None:
                raise RunTaken(run=str(call.run)[:8])
            entry = link(head, content)
            arguments = step_id(call.run, call.step), call.run, entry, {**record, "chain": entry}
            await connection.execute(self._sql["finish_step"], *arguments)


def chain_is_whole(run: Run, steps: Iterable[Step]) -> bool:
    """Whether the run and its recorded steps, with all their attempts, are what its audit chain was made of."""
    entries = [
        (_content(step.callee, step.genesis, attempt), attempt["chain"])
        for step in steps
        for attempt in (*step.attributes.get("attempts", ()), step.attributes)
        if "chain" in attempt
    ]
    kept = run.attributes.get("checkpoints", ())
    return broken(entries, beginning(run.genesis), run.attributes.get("chain"), kept) is None


def _genesis(call: Call, owner: str) -> dict[str, Any]:
    return {
        "type": "step",
        "run": str(call.run),
        "name": call.step,
        "verb": call.verb,
        "call": call.alias,
        "parent": call.parent,
        "soul_hash": call.soul_hash,
        "owner": owner,
    }


def _content(callee: UUID, genesis: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What of a step its link in the chain is made of."""
    kept = {key: attributes[key] for key in _RECORD if key in attributes}
    return {"callee": str(callee), "genesis": dict(genesis), **kept}


def _run(row: asyncpg.Record) -> Run:
    genesis, attributes = row["genesis"], row["attributes"]
    created = datetime.fromisoformat(genesis["created_at"])
    place = Path(attributes["workspace"])
    return Run(row["soul"], genesis["goal"], genesis["program"], place, row["status"], created, attributes, genesis)
