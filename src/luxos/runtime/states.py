"""What a batch of records makes of instances: those that are as their calls found them, locked until it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from luxos.beings.difference import is_same
from luxos.persistence.json_codec import encode

if TYPE_CHECKING:
    from luxos.runtime.recorder import Record


@dataclass
class States:
    """`unfit` are the records whose instance others changed, or deleted, meanwhile."""

    unfit: list[Record] = field(default_factory=list)
    _fit: dict[UUID, Record] = field(default_factory=dict)

    async def write(self, held: set[UUID], connection: Any, sql: Mapping[str, str]) -> None:
        """Writes those of runs that are still ours."""
        written = {soul: record.state for soul, record in self._fit.items() if record.run in held}
        if written:
            told = [dict(state.after) for state in written.values() if state is not None]
            await connection.execute(sql["write_instances"], list(written), told)

    def take(self, record: Record, now: Mapping[str, Any] | None) -> None:
        """Looks at the next record; `now` is how its instance is in the table."""
        state = record.state
        if state is None:
            return
        before = self._fit.get(state.soul)
        if before is not None and before.state is not None:
            now = before.state.after if before.run == record.run else None  # no run depends on another one's luck
        if now is not None and is_same(encode(state.before), encode(now)):
            self._fit[state.soul] = record
        else:
            self.unfit.append(record)


async def states_of(batch: Sequence[Record], connection: Any, sql: Mapping[str, str]) -> States:
    """Locks the instances of a batch; a batch that is on the disk already, and was sent again, changes none."""
    states = States()
    changing = [record for record in batch if record.state is not None and not record.written.done()]
    if not changing or await _are_there([record for record in changing if record.sent], connection, sql):
        return states
    souls = [record.state.soul for record in changing if record.state is not None]
    rows = await connection.fetch(sql["lock_instances"], souls)
    now = {row["soul"]: row["attributes"] for row in rows}
    for record in changing:
        states.take(record, now.get(record.state.soul) if record.state is not None else None)
    return states


async def write_newborns(batch: Sequence[Record], connection: Any, sql: Mapping[str, str]) -> None:
    """Writes the instances that records make; those of a batch that was sent again are there already."""
    made = [record.newborn for record in batch if record.newborn is not None and not record.written.done()]
    if made:
        columns = [one.soul for one in made], [one.genesis for one in made], [one.attributes for one in made]
        await connection.execute(sql["write_newborns"], *columns)


async def _are_there(sent: Sequence[Record], connection: Any, sql: Mapping[str, str]) -> bool:
    """Whether a batch is on the disk: all of it is, or nothing."""
    attempts = [record.id for record in sent], [record.attributes["attempt"] for record in sent]
    return bool(sent and await connection.fetch(sql["recorded_ends"], *attempts))
