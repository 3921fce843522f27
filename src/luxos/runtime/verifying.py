"""`luxos audit verify`: whether every run, with every attempt of every step, and every seal is as it was written.

Everything is read as it is at one moment, row by row, so that memory does not grow with what there is.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from luxos.beings.errors import GenotypeInvalid
from luxos.persistence.database import Database
from luxos.runtime.steps import KEYS, content_of, step_id
from luxos.security import seals
from luxos.security.audit import Walk, beginning
from luxos.security.findings import Finding

_ROWS = 500
"""Rows that are fetched at once."""
_TAGS = (["step"], ["step", "tombstone"])


@dataclass
class Count:
    """What was looked at so far."""

    runs: int = 0
    steps: int = 0
    seals: int = 0
    unsealed: int = 0
    """Runs that no seal holds as they are: they go on, or ended just now."""


Progress = Callable[[Count], None]


async def verify(
    database: Database,
    run: UUID | None = None,
    anchor: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> AsyncIterator[Finding | Count]:
    """All that is not as it was written, of all runs or one, and at the end how much was looked at.

    `anchor` is an entry of the installation's chain (`seq`, `hash`) that somebody kept elsewhere.
    """
    count, tell = Count(), progress or (lambda count: None)
    sql = database.queries
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for found in seals.check(connection, sql):
            if isinstance(found, Finding):
                yield found
            else:
                count.seals = found
        if anchor is not None and not await _has(connection, sql, anchor):
            yield Finding("anchor", number=int(anchor["seq"]))
        async for row in connection.cursor(sql["runs_to_verify"], run, prefetch=20):
            async for finding in _run(connection, sql, row, count, tell):
                yield finding
        if run is None:
            async for row in connection.cursor(sql["steps_without_run"], prefetch=_ROWS):
                yield Finding("step_stray", step=str(row["id"]))
    yield count


async def _has(connection: Any, sql: Mapping[str, str], anchor: Mapping[str, Any]) -> bool:
    """Whether the chain has the entry of an anchor; its seals were looked at before."""
    if anchor["seq"] == 0:
        head = await connection.fetchrow(sql["seals_head"], seals.CHAIN)
        return head is not None and beginning(head["genesis"])["hash"] == anchor["hash"]
    entry = await connection.fetchval(sql["seals_chain"], seals.seal_id(int(anchor["seq"])))
    return isinstance(entry, dict) and entry.get("hash") == anchor["hash"]


async def _run(
    connection: Any, sql: Mapping[str, str], row: Mapping[str, Any], count: Count, tell: Progress
) -> AsyncIterator[Finding]:
    """What is wrong with one run."""
    if row["soul"] is None:
        last = row["seals"][-1]
        if not any(_is_link(told, last) for told in row["told"]):
            yield Finding("run_missing", run=row["run"])
        return
    objects = isinstance(row["genesis"], dict) and isinstance(row["attributes"], dict)
    if not objects or "run" not in (row["tags"] or ()):
        yield Finding("run_altered", run=row["run"])
        return
    check, purged = RunCheck(row), []
    async for step in connection.cursor(sql["links_of_run"], row["soul"], prefetch=_ROWS):
        count.steps += 1
        for finding in check.take(step):
            yield finding
        purged += _purged(step, row["soul"])
        if count.steps % _ROWS == 0:
            tell(count)
    for finding in check.end():
        yield finding
    for step in await _there(connection, sql, purged):
        yield Finding("step_altered", run=row["run"], step=step)
    count.runs += 1
    count.unsealed += not check.sealed
    tell(count)


def _is_link(told: object, sealed: Mapping[str, Any]) -> bool:
    return isinstance(told, dict) and (told.get("seq"), told.get("hash")) == (sealed.get("seq"), sealed.get("hash"))


def _purged(step: Mapping[str, Any], run: UUID) -> list[tuple[str, str]]:
    """A step that leads to its own run because what it called was purged while it ran: the callee, and its name."""
    genesis = step["genesis"] if isinstance(step["genesis"], dict) else {}
    callee = genesis.get("callee")
    same = step["target_soul"] != run or callee in (None, str(run))
    return [] if same else [(str(callee), str(genesis.get("name")))]


async def _there(connection: Any, sql: Mapping[str, str], purged: list[tuple[str, str]]) -> list[str]:
    """The names of those whose callee is there after all."""
    callees = {soul: step for text, step in purged if (soul := _uuid(text)) is not None}
    rows = await connection.fetch(sql["known_beings"], list(callees)) if callees else []
    return [callees[row["soul"]] for row in rows]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class RunCheck:
    """Takes the attempts of a run's steps in the order of their links, and says what does not fit."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._run, self._row = row["soul"], row
        self._genesis, self._attributes = row["genesis"], row["attributes"]
        self._walk, self._open = Walk(_beginning(self._genesis)), seals.OpenAttempts()
        self._names: dict[str, str] = {}
        self._kept = iter(_checkpoints(self._attributes.get("checkpoints", [])))
        self._next_kept = next(self._kept, None)
        self._marks = self._marked()
        self._begun = self._passed()
        last = row["seals"][-1] if row["seals"] else None
        self.sealed = last is not None and last.get("holder") == self._attributes.get("holder", "")
        """Whether the newest seal is of the run as it is: nobody has held it since."""

    def take(self, step: Mapping[str, Any]) -> Iterator[Finding]:
        """Takes the next attempt: id, ends, tags and genesis of its step, and the attempt itself."""
        yield from self._begun
        self._begun = iter(())
        if not _is_of(step, self._run):
            yield self._found("step_foreign", step)
            return
        attempt = step["attempt"]
        if not isinstance(attempt, dict) or not _is_step(step, attempt, self._run):
            yield self._found("step_altered", step)
            return
        if "chain" not in attempt:
            told = {key: value for key, value in attempt.items() if key != "deleted"}
            self._open.take(step["id"], step["genesis"], told)
            self._names[str(step["id"])] = step["genesis"]["name"]
            return
        yield from self._checkpoints(attempt["chain"])
        told = step["genesis"].get("callee")
        content = content_of(step["genesis"], attempt, None if told else step["target_soul"])
        unfit = self._walk.follow(attempt["chain"], content)
        if unfit == "unlinked" and self._walk.seq == 1:  # it was made for another beginning
            yield Finding("run_altered", run=str(self._run), number=1)
        elif unfit is not None:
            yield self._found(f"step_{unfit}", step)
        yield from self._passed()

    def end(self) -> Iterator[Finding]:
        """Says what is wrong with the run as a whole, when all attempts were taken."""
        yield from self._begun
        yield from self._checkpoints(None)
        yield from self._left()
        if self.sealed:
            last = self._row["seals"][-1]
            if last.get("state") != seals.state_of(self._row):
                yield Finding("run_state", run=str(self._run), number=last.get("seal"))
            yield from self._opened(last.get("open"))

    def _marked(self) -> dict[int, list[tuple[str, Any]]]:
        """What must be a link of the chain, by number: the row's head, and the hashes that were sealed."""
        marks: dict[int, list[tuple[str, Any]]] = defaultdict(list)
        head = self._attributes.get("chain")
        for rule, entry, wanted in (
            ("run_head", head, head),
            *(("run_sealed", entry, entry.get("hash")) for entry in self._row["seals"]),
        ):
            known = isinstance(entry, dict) and type(entry.get("seq")) is int
            marks[entry["seq"] if known else -1].append((rule, wanted))
        return marks

    def _passed(self) -> Iterator[Finding]:
        """Compares the link that was taken with what must be there."""
        entry = self._walk.entry
        for rule, wanted in self._marks.pop(self._walk.seq, ()):
            if wanted not in (entry, entry["hash"]):
                yield Finding(rule if self._walk.seq else "run_altered", run=str(self._run), number=self._walk.seq)

    def _left(self) -> Iterator[Finding]:
        """What was not passed: the chain should go further than it does."""
        for seq, marks in sorted(self._marks.items()):
            for rule, _wanted in marks:
                yield Finding(rule, run=str(self._run), number=seq)
        if self.sealed and self._walk.seq != self._row["seals"][-1].get("seq"):
            yield Finding("run_head", run=str(self._run), number=self._walk.seq)

    def _checkpoints(self, until: object) -> Iterator[Finding]:
        """Takes the checkpoints before a link; all that are left where there is none."""
        number = until.get("seq") if isinstance(until, dict) else None
        while self._next_kept is not None:
            seq = self._next_kept.get("seq") if isinstance(self._next_kept, dict) else None
            if type(number) is int and type(seq) is int and seq > number:
                return
            unfit = self._walk.follow(self._next_kept, None)
            if unfit is not None:
                yield Finding("run_checkpoints", run=str(self._run), number=self._walk.seq)
            yield from self._passed()
            self._next_kept = next(self._kept, None)

    def _opened(self, sealed: object) -> Iterator[Finding]:
        """Compares the attempts without a link with those that were sealed; of a purged step the id is kept."""
        told = sealed if isinstance(sealed, dict) else {}
        gone, there = self._attributes.get("gone", ()), self._open.digests()
        for step in sorted({*told, *there}):
            if told.get(step) != there.get(step) and not (step not in there and step in gone):
                yield Finding("step_open", run=str(self._run), step=self._names.get(step, step))

    def _found(self, rule: str, step: Mapping[str, Any]) -> Finding:
        name = step["genesis"].get("name") if isinstance(step["genesis"], dict) else None
        entry = step["attempt"].get("chain") if isinstance(step["attempt"], dict) else None
        number = entry.get("seq") if isinstance(entry, dict) and type(entry.get("seq")) is int else None
        return Finding(rule, str(self._run), name if isinstance(name, str) else str(step["id"]), number)


def _beginning(genesis: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return beginning(genesis)
    except GenotypeInvalid:  # no LuxOS wrote it
        return {"seq": 0, "hash": ""}


def _checkpoints(kept: object) -> list[Any]:
    """The checkpoints of a run in their order; what is none comes first, and is told."""
    if not isinstance(kept, list):
        return [None]
    return sorted(kept, key=_number)


def _number(entry: object) -> int:
    seq = entry.get("seq") if isinstance(entry, dict) else None
    return seq if type(seq) is int else -1


def _is_of(step: Mapping[str, Any], run: UUID) -> bool:
    """Whether a step is one of the run: its id says so."""
    genesis = step["genesis"]
    if not isinstance(genesis, dict) or not isinstance(genesis.get("name"), str):
        return False
    return genesis.get("run", str(run)) == str(run) and bool(step["id"] == step_id(run, genesis["name"]))


def _is_step(step: Mapping[str, Any], attempt: Mapping[str, Any], run: UUID) -> bool:
    """Whether what the link does not cover is as steps have it: tags, energy, what it leads to, and no other keys."""
    deleted = "deleted" in attempt
    callee = step["genesis"].get("callee", str(step["target_soul"]))
    leads = step["target_soul"] == run or str(step["target_soul"]) == callee
    tags = step["tags"] == _TAGS[deleted] if step["number"] == 0 else step["tags"] in _TAGS
    known = attempt.keys() <= (KEYS | {"deleted"} if deleted else KEYS)
    return leads and known and tags and step["energy_level"] == 0
