"""Many rows at once: new ones by COPY, changed ones in one batch, all of them or none."""

import asyncio
import gc
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.change import Change
from luxos.beings.errors import BeingConflict, BeingInvalid, BeingUnknown
from luxos.beings.record import Record, Row
from luxos.beings.relationship import RelationshipBeing
from luxos.beings.shared import Now, Writing
from luxos.persistence.queries import queries
from luxos.persistence.retrying import in_transaction

_TABLES: Mapping[type[Record], tuple[str, Sequence[str]]] = {
    BaseBeing: (
        "base_beings",
        (
            *("soul", "tags", "energy_level", "genesis", "attributes"),
            *("memories", "self_awareness", "created_at", "embedding"),
        ),
    ),
    RelationshipBeing: (
        "relationships",
        ("id", "tags", "energy_level", "source_soul", "target_soul", "genesis", "attributes", "created_at"),
    ),
}
"""What COPY writes, in the order of the objects' `_values`."""
_CREATED = 7
"""Where the moment of creation stands in both."""
_TRIES = 5
_MANY = 10_000
_CHUNK = 10_000
_SENT_AFTER = 50
"""How many rows are made before what was made is sent on: far fewer than the socket holds, or the database waits."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Finish = Callable[[], None]


async def save_all(records: Iterable[Record], *, connection: Any = None) -> None:
    """Saves beings and relationships as `save` would save each, in one transaction; relationships come last.

    `BeingConflict` names the first one that another writer changed, `BeingUnknown` an end of a relationship that is not
    there; then nothing was written, and the objects are as they were before.
    """
    wanted = list(dict.fromkeys(records))
    async with Writing(wanted, connection):
        await _save(wanted, connection)
    for record in wanted:
        if isinstance(record, BaseBeing):
            await record._settle(connection)


async def _save(wanted: Sequence[Record], connection: Any) -> None:
    for record in wanted:
        record._check_identity()
    with _left_to_rest(len(wanted)):
        if connection is None:
            finishing = await in_transaction(BaseBeing._pool(), partial(_saved, wanted))
        else:
            async with connection.transaction():
                finishing = await _saved(wanted, connection)
        for finish in finishing:
            finish()


@contextmanager
def _left_to_rest(count: int) -> Iterator[None]:
    """Has the garbage collector wait while many objects come, all of which stay: a fifth of the time."""
    if count < _MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _saved(records: Sequence[Record], connection: Any) -> list[Finish]:
    """Writes all of it; gives what the objects have to do once it is certain."""
    finishing: list[Finish] = []
    for kind in _TABLES:
        ours = [record for record in records if isinstance(record, kind)]
        new = [record for record in ours if record._loaded is None]
        try:
            if new:
                finishing += await _insert(kind, new, connection)
            finishing += await _change([record for record in ours if record._loaded is not None], connection)
        except asyncpg.ForeignKeyViolationError as error:
            raise BeingUnknown(soul=_missing(error)) from error
        except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
            raise BeingInvalid(field=kind.__name__, reason="database", said=str(error)) from error
    return finishing


async def _insert(kind: type[Record], records: Sequence[Record], connection: Any) -> list[Finish]:
    """New rows; one that is there already must be the same, as in `save`. Mostly none is, so that is tried first."""
    present: dict[UUID, Row] = {}
    for attempt in range(_TRIES):
        if attempt:
            present = await _present(kind, [record.identity for record in records], connection)
        fresh = {record.identity: record for record in reversed(records) if record.identity not in present}
        again = [record for record in records if fresh.get(record.identity) is not record]
        try:
            async with connection.transaction():
                finishing = await _copy(kind, list(reversed(fresh.values())), connection)
        except asyncpg.UniqueViolationError:  # somebody was faster
            continue
        present |= await _present(kind, [record.identity for record in again if record.identity in fresh], connection)
        states = {record: record._checked() for record in again}
        return finishing + [record._same(states[record], present[record.identity]) for record in again]
    raise BeingConflict(soul=records[0].identity, field=kind.key_column)


async def _present(kind: type[Record], identities: Sequence[UUID], connection: Any) -> dict[UUID, Row]:
    found: dict[UUID, Row] = {}
    for start in range(0, len(identities), _CHUNK):
        rows = await connection.fetch(queries()[f"load_{kind.row}s"], identities[start : start + _CHUNK])
        found |= {row[kind.key_column]: row for row in rows}
    return found


async def _copy(kind: type[Record], records: Sequence[Record], connection: Any) -> list[Finish]:
    moment: datetime = await connection.fetchval(queries()["transaction_moment"])
    states: list[Now] = []

    async def rows() -> AsyncIterator[Sequence[Any]]:
        """Checked and encoded while the database takes in the ones before, which the loop has to send meanwhile."""
        for number, record in enumerate(records):
            if number % _SENT_AFTER == 0:
                await asyncio.sleep(0)
            now = record._checked()
            values = record._values(now)
            values[_CREATED] = values[_CREATED] or moment
            states.append(now)
            yield values

    def finish() -> None:
        for record, now in zip(records, states, strict=True):
            record._written(now, {"version": None})
            record._keep(record._as_born(record.created_at or moment))

    table, columns = _TABLES[kind]
    await connection.copy_records_to_table(table, records=rows(), columns=columns)
    return [finish]


async def _change(records: Sequence[Record], connection: Any) -> list[Finish]:
    """Changed rows, in the order of their keys, so that two who save the same ones wait for each other only."""
    states = {record: record._checked() for record in records}
    every = [(record, record._changes(now)) for record, now in states.items()]
    changes = [(record, change) for record, change in every if change is not None]
    if not changes:
        return []
    for record, change in changes:
        record._check_certain(change)
    kind = type(changes[0][0])
    arguments = sorted(([record.identity, *change.if_unchanged()] for record, change in changes), key=_first)
    rows = await connection.fetchmany(queries()[f"merge_{kind.row}"], arguments)
    written = {row[kind.key_column]: row for row in rows}
    if len(rows) < len(changes):
        await _refuse(changes, Counter(row[kind.key_column] for row in rows), connection)
    return [partial(_be_taken, record, states[record], written[record.identity]) for record, _change in changes]


def _first(arguments: Sequence[Any]) -> Any:
    return arguments[0]


def _be_taken(record: Record, now: Now, row: Row) -> None:
    record._merged(now, row)
    record._version = None  # the transaction may go on


async def _refuse(changes: Sequence[tuple[Record, Change]], written: Counter[UUID], connection: Any) -> None:
    """Raises what kept the first of the changes from being written that was not."""
    wanted = Counter(record.identity for record, _change in changes)
    for record, change in changes:
        if written[record.identity] < wanted[record.identity]:
            row = await connection.fetchrow(queries()[f"load_{record.row}"], record.identity)
            record._refuse(change, record._there(record.identity, row, deleted=True))
            raise BeingConflict(soul=record.identity, field=change.fields[0])


def _missing(error: asyncpg.ForeignKeyViolationError) -> str:
    found = _UUID.search(error.detail or "")
    return found[0] if found else str(error)
