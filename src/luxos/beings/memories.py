"""What a being went through: the newest memories in its row, earlier ones in chapters, read as one stream.

A memory's number, from 0, never changes. The row keeps up to `WINDOW`; the oldest move, `CHAPTER` at a time, to beings
of their own, and `VOLUME` // `CHAPTER` of these become one. So an append costs the same however long the history is.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingStatic, BeingUnknown
from luxos.beings.record import identified
from luxos.beings.values import check_dict, check_object
from luxos.errors import LuxError
from luxos.persistence.queries import queries

WINDOW = 16
CHAPTER = 16
VOLUME = 512
EARLIER = "earlier"
"""The kind of the first entry of a row whose older memories are in chapters; no memory."""
RESERVED = (EARLIER, "forgotten")
"""Kinds that only this module writes."""
_NEWEST = 2**63 - 1
_BEINGS = 100


@dataclass(frozen=True)
class Forgotten:
    """What was removed from a being's memories: how many, the last of them from the moment `until`."""

    soul: UUID
    count: int
    until: str


async def append(soul: UUID, memory: Mapping[str, Any], *, connection: Any = None) -> int:
    """Adds a memory to a being that need not be loaded, and gives its number; `at` is now where it is not said."""
    check_object("memory", memory)
    entry, soul = {"at": now(), **memory}, identified(soul)
    check(entry)
    async with BaseBeing._borrowed(connection) as lent:
        row = await lent.fetchrow(queries()["append_memory"], soul, entry)
        if row is None:
            await BaseBeing.load(soul, connection=lent)
            raise BeingStatic(soul=soul)
        if row["kept"] > WINDOW:
            await _settle_after(soul, lent, alone=connection is None)
    return int(row["number"])


async def _settle_after(soul: UUID, connection: Any, *, alone: bool) -> None:
    """What was appended is written already, if not in a transaction of the caller's; so the next append may settle."""
    with suppress(LuxError, asyncpg.PostgresError) if alone else nullcontext():
        await settle(soul, connection=connection)


async def settle(soul: UUID, *, connection: Any = None) -> None:
    """Moves the oldest memories out of the row, where it holds more than `WINDOW`; all of it, or nothing."""
    async with BaseBeing.transaction(connection) as lent:
        moved = await lent.fetchrow(queries()["settle_memories"], soul, WINDOW, CHAPTER)
        if moved is None:
            return
        for number in range(moved["before"] // VOLUME, moved["after"] // VOLUME):
            await _bind(lent, soul, number * VOLUME)


async def _bind(connection: Any, soul: UUID, first: int) -> None:
    """Makes one volume of chapters; they stay as they are where something else refers to one of them."""
    try:
        async with connection.transaction():
            await connection.execute(queries()["bind_memories"], soul, first, VOLUME)
    except asyncpg.ForeignKeyViolationError:
        return


def overfull(window: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a row with these memories is to be settled."""
    return len(window) - bool(window and window[0].get("kind") == EARLIER) > WINDOW


def check(memory: Mapping[str, Any]) -> None:
    """Raises `BeingInvalid` for what is no memory, or of a kind that LuxOS writes itself."""
    check_dict("memory", memory)
    if not {"at", "kind"} <= memory.keys():
        raise BeingInvalid(field="memory", reason="no_memory")
    if memory["kind"] in RESERVED:
        raise BeingInvalid(field="memory.kind", reason="reserved", kind=memory["kind"])


async def history(
    soul: UUID, *, since: datetime | int | None = None, backwards: bool = False, connection: Any = None
) -> AsyncIterator[dict[str, Any]]:
    """All memories of a being in order, each once, also while others write; `BeingUnknown` where there is no being.

    `since` is where to begin, the number of a memory or a moment (without a zone, in UTC): forwards with the first
    memory from then on, `backwards` with the last one until then, and from there into the past.
    """
    async for _number, memory in numbered(soul, since=since, backwards=backwards, connection=connection):
        yield memory


async def numbered(
    soul: UUID, *, since: datetime | int | None = None, backwards: bool = False, connection: Any = None
) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """As `history`, each memory with its number, so that a reader can go on where it was."""
    soul = identified(soul)
    start = await _start(soul, since, backwards, connection)
    if start is None:
        return
    moment = _text(since, latest=backwards) if isinstance(since, datetime) else None
    async for number, memory in (_back if backwards else _onward)(soul, start, connection):
        if moment is not None and (str(memory["at"]) > moment if backwards else str(memory["at"]) < moment):
            continue
        moment = None
        yield number, memory


async def _start(soul: UUID, since: datetime | int | None, backwards: bool, connection: Any) -> int | None:
    """The number to begin with, or a little before; nothing where there is nothing to read."""
    if not isinstance(since, datetime):
        if since is not None and (type(since) is not int or not 0 <= since <= _NEWEST):
            raise BeingInvalid(field="since", reason="since")
        return since if since is not None else (_NEWEST if backwards else 0)
    async with BaseBeing._borrowed(connection) as lent:
        if backwards:
            found: int | None = await lent.fetchval(queries()["memories_until"], soul, _text(since, latest=True))
            return found
        return await lent.fetchval(queries()["memories_since"], soul, _text(since)) or 0


async def _onward(soul: UUID, number: int, connection: Any) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    while True:
        rows = await _page("memories_onward", soul, number, connection)
        *chapters, window = rows
        for row in chapters or [window]:
            for place, memory in enumerate(row["memories"], row["first"]):
                if place >= number:
                    yield place, memory
        if not chapters:
            return
        number = chapters[-1]["first"] + len(chapters[-1]["memories"])


async def _back(soul: UUID, number: int, connection: Any) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    while True:
        window, *chapters = await _page("memories_back", soul, number, connection)
        for row in (window, *chapters):
            for place, memory in reversed(list(enumerate(row["memories"], row["first"]))):
                if place <= number:
                    yield place, memory
        if not chapters or chapters[-1]["first"] == 0:
            return
        number = chapters[-1]["first"] - 1


async def _page(query: str, soul: UUID, number: int, connection: Any) -> list[Mapping[str, Any]]:
    """Up to a volume of memories, and those in the row, as they are at one moment."""
    async with BaseBeing._borrowed(connection) as lent:
        rows: list[Mapping[str, Any]] = await lent.fetch(queries()[query], soul, number, VOLUME)
    if not rows:
        raise BeingUnknown(soul=soul)
    return rows


async def forget_before(
    moment: datetime, *, soul: UUID | None = None, keep: int = 1000, connection: Any = None
) -> AsyncIterator[Forgotten]:
    """Removes memories from before a moment, of one being or of all, but never the newest `keep`; says what it removed.

    Only whole chapters go, and nothing of what is in a row. Each being is a transaction of its own; a memory
    `{"kind": "forgotten", "count", "until"}` stays, and the numbers of the others.
    """
    async for being in _forgetful(soul, moment, connection):
        async with BaseBeing.transaction(connection) as lent:
            await lent.fetchrow(queries()["lock_being"], being)
            row = await lent.fetchrow(queries()["forget_memories"], being, _text(moment), keep, now())
            if row is not None:
                await settle(being, connection=lent)
        if row is not None:
            yield Forgotten(being, row["count"], row["latest"])


async def _forgetful(soul: UUID | None, moment: datetime, connection: Any) -> AsyncIterator[UUID]:
    """The beings that may have something to forget."""
    if soul is not None:
        yield identified(soul)
        return
    last = UUID(int=0)
    while True:
        async with BaseBeing._borrowed(connection) as lent:
            rows = await lent.fetch(queries()["beings_with_memories_before"], _text(moment), last, _BEINGS)
        for row in rows:
            yield (last := row["source_soul"])
        if len(rows) < _BEINGS:
            return


def now() -> str:
    """The moment, as memories write it: such texts sort as the moments do."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _text(moment: datetime, *, latest: bool = False) -> str:
    """The first of the texts that may stand for a moment, or the last one: zeros at the end may be left out."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    text = aware.astimezone(UTC).isoformat(timespec="microseconds")
    if latest:
        return text
    digits, zone = text[:-6], text[-6:]
    return digits.rstrip("0").removesuffix(".") + zone
