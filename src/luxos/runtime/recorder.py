"""Writes down what the runs of this process record, in their order, many records in one statement.

What is recorded while one batch is on its way to the disk is the next batch, so the disk is waited for once for many.
The head of a run's chain is kept here, and computed as records come; its row gets it now and then, and when it is given
up. A batch that the database lost on its way is sent again: a record that is there already changes nothing.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from luxos.beings.instance import InstanceBeing
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.errors import DatabaseLost
from luxos.persistence.json_codec import Encoded, encode, surely
from luxos.persistence.listening import CHANNEL
from luxos.runtime.errors.calls import InstanceChanged
from luxos.runtime.errors.runs import RunTaken
from luxos.runtime.faultpoints import reach
from luxos.runtime.instances import StateChange
from luxos.runtime.states import states_of, write_newborns
from luxos.security.audit import link, linked

MOST, FEW = 256, 16
"""Records in one statement: where many wait, half of those that are open, so that the others go on meanwhile."""
FROZEN = "frozen"
"""The key of the state of a step that waits for what it called; gone with the step's next record."""
_TRIES = 6
_FIRST_WAIT = 0.05
_HEADS_EVERY = 0.2
"""Seconds between two times that the heads of chains are written into the runs' rows."""


@dataclass(eq=False)
class Record:
    """A step that begins, ends, or both at once; `content`, what its link is made of, is there where it ends."""

    id: UUID
    run: UUID
    target: UUID
    genesis: Mapping[str, Any]
    attributes: dict[str, Any]
    content: Mapping[str, Any] | None = None
    was_begun: bool = False
    state: StateChange | None = None
    """What the step makes of an instance, in the same transaction; or `InstanceChanged`, and nothing of either."""
    newborn: InstanceBeing | None = None
    """An instance that the step makes, in the same transaction."""
    sent: bool = False
    """Whether it may be on the disk already, though nobody heard of it."""
    is_usual: bool = False
    """Whether all of it is usual JSON for sure, since its link was made of it."""
    written: asyncio.Future[None] = field(init=False)

    def __post_init__(self) -> None:
        self.written = asyncio.get_running_loop().create_future()

    def texts(self) -> tuple[Encoded, Encoded]:
        """The JSON of the genesis and of the attributes."""
        text = surely if self.is_usual else encode
        return text(dict(self.genesis)), text(self.attributes)

    def take(self, later: "Record") -> None:
        """Becomes what the step is after a later record of it."""
        self.attributes = {key: value for key, value in self.attributes.items() if key != FROZEN} | later.attributes
        self.content, self.is_usual = later.content, later.is_usual
        self.state, self.newborn = later.state, later.newborn
        self.written.add_done_callback(lambda written: _end(later, written.exception()))


@dataclass
class _Held:
    """A run of this process: its token, the head of its chain, and what went wrong with it.

    `head` is of all that was recorded, `written` of what is on the disk, `stored` of what the run's row says: a row
    never names a link that a crash can still take.
    """

    token: str
    head: Mapping[str, Any]
    written: Mapping[str, Any] = field(init=False)
    stored: Mapping[str, Any] = field(init=False)
    broken: LuxError | None = None
    is_over: bool = False
    followed: float = 0.0
    """Until when somebody follows it, by the clock of the event loop."""

    def __post_init__(self) -> None:
        self.written = self.stored = self.head


class Recorder:
    """One for each process and database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[UUID, _Held] = {}
        self._waiting: deque[Record] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._heads_at = 0.0
        self._sent = 0
        self._name, self._attempts = secrets.token_hex(6), count()

    def new_attempt(self) -> str:
        """What tells an attempt of a step from every other one."""
        return f"{self._name}{next(self._attempts):x}"

    def hold(self, run: UUID, token: str, head: Mapping[str, Any]) -> None:
        """Takes records of a run from now on, which this process holds by a token."""
        self._held[run] = _Held(token, head)

    async def give_up(self, run: UUID) -> None:
        """Takes no more records of a run, writes what is left of it, and the head of its chain."""
        if run in self._held:
            self._held[run].is_over = True
        try:
            while self._writing is not None:
                await asyncio.shield(self._writing)
            await self._write_heads([run])
        finally:
            self._held.pop(run, None)

    def follow(self, run: UUID, seconds: float) -> None:
        """Has whoever follows a run told of each batch of its records, for so long."""
        if run in self._held:
            self._held[run].followed = asyncio.get_running_loop().time() + seconds

    def is_broken(self, run: UUID) -> bool:
        """Whether no more of a run can be recorded as long as this process holds it as it does."""
        held = self._held.get(run)
        return held is None or held.broken is not None

    def put(self, record: Record) -> asyncio.Future[None]:
        """Has a record written, after all those before it; the future ends when it is on the disk.

        `RunTaken` where the run is held by another one now, `DatabaseLost` where the database does not come back; then
        nothing more of the run is written.
        """
        held = self._held.get(record.run)
        if held is not None and held.broken is not None:
            _end(record, held.broken)
        elif held is None or held.is_over:
            _end(record, RunTaken(run=str(record.run)[:8]))
        else:
            if record.content is not None:
                held.head, record.is_usual = linked(held.head, record.content)
                record.attributes["chain"] = held.head
            self._waiting.append(record)
            if self._writing is None:
                self._writing = asyncio.get_running_loop().create_task(self._write())
        return record.written

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch = self._next()
                try:
                    held = await self._again(batch)
                except BaseException as error:
                    self._fail(batch, error)
                    if not isinstance(error, Exception):
                        raise
                    continue
                self._done(batch, held)
                await self._tell(held)
                await self._write_some_heads()
        finally:
            self._writing = None

    def _next(self) -> list[Record]:
        """The next batch: no step twice, for one statement writes a row once."""
        batch: dict[UUID, Record] = {}
        most = min(MOST, max(FEW, (len(self._waiting) + self._sent) // 2))
        while self._waiting and len(batch) < most:
            record = self._waiting[0]
            before = batch.get(record.id)
            if before is None:
                batch[record.id] = record
            elif before.content is None and record.was_begun:
                before.take(record)
            else:
                break
            self._waiting.popleft()
        self._sent = len(batch)
        return list(batch.values())

    async def _again(self, batch: Sequence[Record]) -> set[UUID]:
        """Sends a batch until the database has it; gives the runs that are still ours."""
        wait = _FIRST_WAIT
        for _try in range(1, _TRIES):
            try:
                return await self._send(batch)
            except (DatabaseLost, asyncpg.DeadlockDetectedError):
                await asyncio.sleep(wait)
                wait *= 2
        return await self._send(batch)

    async def _send(self, batch: Sequence[Record]) -> set[UUID]:
        try:
            return await self._send_all(batch)
        except asyncpg.DeadlockDetectedError:
            raise
        except asyncpg.PostgresError:
            if len({record.run for record in batch}) == 1:
                raise
        held = set()
        for run in {record.run for record in batch}:  # what is wrong with one run is no matter of the others
            own = [record for record in batch if record.run == run]
            try:
                held |= await self._send_all(own)
            except asyncpg.PostgresError as error:
                self._fail(own, error)
        return held

    async def _send_all(self, batch: Sequence[Record]) -> set[UUID]:
        runs = sorted({record.run for record in batch})
        reach("record.sending")
        changing = any(record.state is not None or record.newborn is not None for record in batch)
        send = self._send_with_beings if changing else self._send_steps
        async with self._database.pool.acquire() as connection:
            held = await send(batch, runs, connection)
        reach("record.sent")
        return held

    async def _send_steps(self, batch: Sequence[Record], runs: Sequence[UUID], connection: Any) -> set[UUID]:
        texts = [record.texts() for record in batch]
        rows = await connection.fetch(
            self._database.queries["record_steps"],
            *(runs, [self._held[run].token for run in runs]),
            *([record.id for record in batch], [record.run for record in batch]),
            *([record.target for record in batch], [record.was_begun for record in batch]),
            *([genesis for genesis, _attributes in texts], [attributes for _genesis, attributes in texts]),
        )
        return {row["soul"] for row in rows}

    async def _send_with_beings(self, batch: Sequence[Record], runs: Sequence[UUID], connection: Any) -> set[UUID]:
        """The same in a transaction with the instances; a record whose instance was changed is taken out before."""
        sql = self._database.queries
        async with connection.transaction():
            states = await states_of(batch, connection, sql)
            for record in states.unfit:
                self._withdraw(record, batch)
            held = await self._send_steps([each for each in batch if not each.written.done()], runs, connection)
            reach("record.stating")
            await states.write(held, connection, sql)
            await write_newborns([each for each in batch if each.run in held], connection, sql)
            for record in batch:
                record.sent = True
        return held

    def _withdraw(self, record: Record, batch: Sequence[Record]) -> None:
        """Takes out a record that is not on the disk, and links what follows it in its run to what was before it."""
        _end(record, InstanceChanged(soul=record.target))
        gone, held = record.attributes["chain"], self._held[record.run]
        left = [each for each in (*batch, *self._waiting) if each.run == record.run and not each.written.done()]
        linked = {each.attributes["chain"]["seq"]: each for each in left if each.content is not None}
        head: Mapping[str, Any] = {"seq": gone["seq"] - 1, "hash": gone["previous"]}
        for seq in sorted(linked):
            if seq > gone["seq"]:
                head = linked[seq].attributes["chain"] = link(head, linked[seq].content or {})
        held.head = head

    def _done(self, batch: Sequence[Record], held: set[UUID]) -> None:
        for record in batch:
            if record.written.done():  # it was withdrawn
                continue
            if record.run in held:
                self._advance(record)
                _end(record)
            else:
                self._break(record.run, RunTaken(run=str(record.run)[:8]))
                _end(record, self._held[record.run].broken)

    def _advance(self, record: Record) -> None:
        """A batch is not in the order of its links: a step that began first may have ended last."""
        entry, held = record.attributes.get("chain"), self._held[record.run]
        if entry is not None and entry["seq"] > held.written["seq"]:
            held.written = entry

    async def _tell(self, runs: set[UUID]) -> None:
        """Tells those who follow a run that there is something new; nobody does, mostly."""
        now = asyncio.get_running_loop().time()
        followed = [run for run in runs if run in self._held and self._held[run].followed > now]
        if followed:
            with suppress(LuxError):  # they look into the tables all the same
                async with self._database.pool.acquire() as connection:
                    await connection.execute(self._database.queries["tell_of_runs"], CHANNEL, followed)

    def _fail(self, batch: Sequence[Record], error: BaseException) -> None:
        """Nothing of the batch, and nothing more of its runs, is certain; what can be said of it is said to all."""
        said = error if isinstance(error, LuxError) else DatabaseLost(reason=str(error) or type(error).__name__)
        for record in batch:
            self._break(record.run, said)
            _end(record, error if isinstance(error, Exception) else said)

    def _break(self, run: UUID, error: LuxError) -> None:
        held = self._held[run]
        if held.broken is None:
            held.broken = error
        left = [record for record in self._waiting if record.run == run]
        for record in left:
            self._waiting.remove(record)
            _end(record, held.broken)

    async def _write_some_heads(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._heads_at >= _HEADS_EVERY:
            self._heads_at = now
            try:
                await self._write_heads(list(self._held))
            except LuxError:  # they are written later; the steps have their links
                return

    async def _write_heads(self, runs: Sequence[UUID]) -> None:
        told = {run: held for run, held in self._of(runs) if held.stored is not held.written and held.broken is None}
        if not told:
            return
        heads = {run: held.written for run, held in told.items()}
        arguments = (list(told), [held.token for held in told.values()], [dict(head) for head in heads.values()])
        async with self._database.pool.acquire() as connection:
            await connection.execute(self._database.queries["write_heads"], *arguments)
        for run, held in told.items():
            held.stored = heads[run]

    def _of(self, runs: Sequence[UUID]) -> list[tuple[UUID, _Held]]:
        return [(run, self._held[run]) for run in sorted(runs) if run in self._held]


def _end(record: Record, error: BaseException | None = None) -> None:
    if record.written.done():
        return
    if error is None:
        record.written.set_result(None)
    else:
        record.written.set_exception(error)
        record.written.exception()  # nobody need wait for it: the record of its parent, which comes later, fails too
