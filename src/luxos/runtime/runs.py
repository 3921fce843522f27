"""Runs and steps in the two tables: a run is a being, a step is a relationship from it to what it called.

A step's row is its own audit entry, so its result and its link in the run's chain are written in one transaction.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg

from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.call import Call, Outcome
from luxos.runtime.errors import FolderBusy, RunAmbiguous, RunBusy, RunUnknown
from luxos.security.audit import EMPTY, broken, link

_RECORD = ("arguments", "status", "result", "changes", "error", "started_at", "finished_at")


@dataclass(frozen=True)
class Run:
    """A run as it is in the table. `status`: running, interrupted, done, failed, stopped, needs_person, undone."""

    soul: UUID
    goal: str
    program: str
    workspace: Path
    status: str
    created_at: datetime
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The beginning of its UUID, by which a person calls it."""
        return str(self.soul)[:8]


@dataclass(frozen=True)
class Step:
    """A step as it is in the table."""

    id: UUID
    name: str
    verb: str
    call: str
    parent: str | None
    attributes: Mapping[str, Any]

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

    async def create(self, goal: str, program: str, workspace: Path, owner: str, attributes: Mapping[str, Any]) -> Run:
        """A new run, in the state `running`."""
        soul, created = uuid4(), now()
        genesis = {"type": "run", "goal": goal, "program": program, "owner": owner, "created_at": created}
        state = {**attributes, "status": "running", "workspace": str(workspace), "chain": EMPTY}
        await self._database.pool.execute(self._sql["create_run"], soul, genesis, state)
        return Run(soul, goal, program, workspace, "running", datetime.fromisoformat(created), state)

    async def newest(self, limit: int = 20) -> list[Run]:
        """The newest runs, newest first."""
        return [_run(row) for row in await self._database.pool.fetch(self._sql["find_runs"], "", limit)]

    async def find(self, name: str) -> Run:
        """The run whose UUID begins with `name`; `RunUnknown`, or `RunAmbiguous` where there are more."""
        plain = name.strip().lower()
        wanted = plain if plain and set(plain) <= set("0123456789abcdef-") else "none"
        rows = await self._database.pool.fetch(self._sql["find_runs"], wanted, 2)
        if not rows:
            raise RunUnknown(name=name)
        if len(rows) > 1:
            raise RunAmbiguous(name=name)
        return _run(rows[0])

    async def making(self, folder: Path) -> list[Run]:
        """The runs that made, or were to make, a project of a folder, the newest first."""
        return [_run(row) for row in await self._database.pool.fetch(self._sql["runs_on"], str(folder))]

    @asynccontextmanager
    async def claimed(self, run: Run) -> AsyncIterator[None]:
        """Holds the run for this process; `RunBusy` where another one carries it out. A dead process gives it up."""
        async with self._claim(str(run.soul), RunBusy(run=run.name)):
            yield

    @asynccontextmanager
    async def building_in(self, folder: Path) -> AsyncIterator[None]:
        """Holds a folder that is to become a project; `FolderBusy` where another process builds in it."""
        async with self._claim(f"folder {folder}", FolderBusy(folder=folder)):
            yield

    @asynccontextmanager
    async def _claim(self, key: str, busy: LuxError) -> AsyncIterator[None]:
        async with self._database.pool.acquire() as connection:
            if not await connection.fetchval(self._sql["claim"], key):
                raise busy
            try:
                yield
            finally:
                if not connection.is_closed():
                    await connection.execute(self._sql["release"], key)

    async def update(self, run: UUID, **attributes: Any) -> None:
        """Sets attributes of a run."""
        await self._database.pool.execute(self._sql["update_run"], run, attributes)

    async def steps(self, run: UUID) -> list[Step]:
        """All steps of a run, in the order in which they began."""
        rows = await self._database.pool.fetch(self._sql["load_steps"], run)
        return [
            Step(row["id"], genesis["name"], genesis["verb"], genesis["call"], genesis.get("parent"), row["attributes"])
            for row in rows
            for genesis in (row["genesis"],)
        ]

    async def start_step(self, call: Call, callee: UUID, soul_hash: str, owner: str) -> str:
        """Records that a step begins, before anything of it happens; gives the moment."""
        started = now()
        genesis = {
            "type": "step",
            "run": str(call.run),
            "name": call.step,
            "verb": call.verb,
            "call": call.alias,
            "parent": call.parent,
            "soul_hash": soul_hash,
            "owner": owner,
        }
        attributes = {"status": "started", "arguments": dict(call.arguments), "started_at": started}
        identity = step_id(call.run, call.step)
        await self._database.pool.execute(self._sql["start_step"], identity, call.run, callee, genesis, attributes)
        return started

    async def finish_step(self, call: Call, started: str, ended: Outcome | Mapping[str, Any]) -> None:
        """Records how a step ended, with its link in the run's chain, in one transaction.

        `ended` is the outcome of a step that is done, or the error (code, message, details) of one that failed.
        """
        if isinstance(ended, Outcome):
            changes = {"digest": ended.changes.digest, "count": len(ended.changes.changes)} if ended.changes else None
            record = {"status": "done", "result": ended.result, "changes": changes}
        else:
            record = {"status": "failed", "error": dict(ended)}
        record |= {"started_at": started, "finished_at": now()}
        content = _content(call.step, call.alias, {"arguments": dict(call.arguments), **record})
        async with self._database.pool.acquire() as connection, connection.transaction():
            head = await connection.fetchval(self._sql["lock_chain"], call.run)
            entry = link(head, content)
            arguments = step_id(call.run, call.step), call.run, entry, {**record, "chain": entry}
            await connection.execute(self._sql["finish_step"], *arguments)


def chain_is_whole(run: Run, steps: Iterable[Step]) -> bool:
    """Whether the recorded steps, with all their attempts, are what the run's audit chain was made of."""
    entries = [
        (_content(step.name, step.call, attempt), attempt["chain"])
        for step in steps
        for attempt in (*step.attributes.get("attempts", ()), step.attributes)
        if "chain" in attempt
    ]
    return broken(entries, run.attributes["chain"]) is None


def _content(step: str, call: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What of a step its link in the chain is made of."""
    kept = {key: attributes[key] for key in _RECORD if key in attributes}
    return {"step": step, "call": call, **kept}


def _run(row: asyncpg.Record) -> Run:
    genesis, attributes = row["genesis"], row["attributes"]
    created = datetime.fromisoformat(genesis["created_at"])
    place = Path(attributes["workspace"])
    return Run(row["soul"], genesis["goal"], genesis["program"], place, row["status"], created, attributes)
