"""What goes when its time is over, by the settings: runs, undo data, reports, conversations, messages, tombstones,
memories, and of the cache.

Each thing goes in a transaction of its own, in which the being of the cleaning tells of it: whenever the process ends,
what is gone is told, and what is told is gone. Forgotten memories leave one in their own being that says so, and
what goes from the cache can be made again: these two are told right after. Of a run the last link of its audit chain is
told, so that whoever has the run in a backup can still prove that it is the one that was here.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings import memories, removal
from luxos.beings.awareness import keep_past
from luxos.beings.being import BaseBeing
from luxos.beings.damaged import reading
from luxos.beings.errors import BeingStatic, BeingUnknown, PurgeChanged, PurgeRefused
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.persistence.queries import queries
from luxos.runtime import caches, undo_data
from luxos.runtime.room import OF_CACHE, size_of
from luxos.runtime.sealing import seal
from luxos.runtime.threads import to_the_end
from luxos.souls.archive import Archive
from luxos.souls.errors import ArchiveUnfit
from luxos.souls.reports import old_reports, remove_reports

NEWEST = 1000
"""Memories that each being keeps, however old they are."""
_MANY = 500
_UNDO, _REPORT = "undo:", "report:"
_OF_ROWS = {
    "tasks": ("keep_runs", "ended_tasks", "remove_ended_tasks"),
    "conversations": ("keep_conversations", "old_conversations", "remove_old_conversations"),
    "messages": ("keep_messages", "read_messages", "remove_read_messages"),
}
"""What goes row by row: its setting, and the queries that count and remove it."""


@dataclass(frozen=True)
class Part:
    """What goes of one kind: how many, and about how many bytes."""

    kind: str
    count: int
    bytes: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Cleaning:
    """The being that tells of what a cleaning removed; made with the first thing that goes."""

    def __init__(self) -> None:
        genesis = {"type": "cleaning", "created_at": _text(datetime.now(UTC))}
        attributes = {"action": "db.clean", "removed": {}, "pending": []}
        self._being = BaseBeing(tags=["audit"], genesis=genesis, attributes=attributes)
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self.pending: list[str] = []
        """Runs whose folders are to go; and, marked, runs whose undo data is to go, and versions whose reports are."""

    @property
    def soul(self) -> UUID | None:
        """The being; `None` as long as nothing went."""
        return self._being.soul if self._counts else None

    def removed(self) -> list[Part]:
        """What went so far."""
        return [Part(kind, count, self._bytes[kind]) for kind, count in self._counts.items()]

    async def tell(self, part: Part, connection: Any, **what: Any) -> None:
        """Says that something goes, as the last words of the transaction in which it goes."""
        if not self._counts:
            await self._being.save(connection=connection)
        self._counts[part.kind] += part.count
        self._bytes[part.kind] += part.bytes
        removed = {one.kind: {"count": one.count, "bytes": one.bytes} for one in self.removed()}
        await _tell(self._being.soul, {"removed": removed, "pending": self.pending}, connection)
        memory = {"kind": "removed", "what": part.kind, "count": part.count, **what}
        await memories.append(self._being.soul, memory, connection=connection)

    async def end(self) -> None:
        """Says which folders could not be removed; the next cleaning tries again."""
        if self._counts:
            async with BaseBeing.transaction() as lent:
                await _tell(self._being.soul, {"pending": self.pending}, lent)


async def preview(database: Database, settings: Settings) -> list[Part]:
    """What `clean` would remove now, by kind, the kinds of which nothing goes left out."""
    parts = []
    if moment := before(settings.keep_runs):
        rows = await database.pool.fetch(database.queries["old_runs"], moment, None)
        folders = await asyncio.to_thread(lambda: sum(size_of(_folder(settings, row["soul"])) for row in rows))
        parts.append(Part("runs", len(rows), sum(row["bytes"] for row in rows) + folders))
    if moment := before(settings.keep_undo):
        old = await _old_undo(database, settings, moment)
        parts.append(Part("undo", len(old), sum(old.values())))
    if moment := before(settings.keep_reports):
        old_ones = await _old_reports(database, settings, moment)
        parts.append(Part("reports", len(old_ones), sum(old_ones.values())))
    for kind, (setting, count, _remove) in _OF_ROWS.items():
        if moment := before(getattr(settings, setting)):
            (row,) = await database.pool.fetch(database.queries[count], moment)
            parts.append(Part(kind, row["count"], row["bytes"]))
    if moment := before(settings.keep_tombstones):
        rows = await database.pool.fetch(database.queries["old_tombstones"], moment, list(removal.KEPT))
        parts.append(Part("tombstones", len(rows), sum(row["bytes"] for row in rows)))
    if moment := before(settings.keep_memories):
        (row,) = await database.pool.fetch(database.queries["old_memories"], moment, NEWEST)
        parts.append(Part("memories", row["count"], row["bytes"]))
    surplus = await _surplus(database, settings)
    for kind in OF_CACHE:
        sizes = [one.bytes for one in surplus if one.kind == kind]
        parts.append(Part(kind, len(sizes), sum(sizes)))
    return [part for part in parts if part.count]


async def clean(database: Database, settings: Settings, cleaning: Cleaning) -> None:
    """Removes what is older than the settings keep it; what somebody uses just now stays."""
    await _finish_earlier(database, settings)
    if moment := before(settings.keep_runs):
        await _clean_runs(database, settings, moment, cleaning)
    if moment := before(settings.keep_undo):
        await _clean_undo(database, settings, moment, cleaning)
    if moment := before(settings.keep_reports):
        await _clean_reports(database, settings, moment, cleaning)
    for kind, (setting, _count, remove) in _OF_ROWS.items():
        if moment := before(getattr(settings, setting)):
            await _clean_rows(kind, database.queries[remove], moment, cleaning)
    if moment := before(settings.keep_tombstones):
        await _clean_tombstones(database, moment, cleaning)
    if moment := before(settings.keep_memories):
        await _clean_memories(moment, cleaning)
    for one in await _surplus(database, settings):
        if await asyncio.to_thread(caches.remove, one):
            async with BaseBeing.transaction() as lent:
                await cleaning.tell(Part(one.kind, 1, one.bytes), lent, folder=str(one.path))
    await cleaning.end()


def before(days: float) -> str | None:
    """The moment so many days ago, as records write it; `None` where things are kept for ever."""
    if not days:
        return None
    try:
        return _text(datetime.now(UTC) - timedelta(days=days))
    except OverflowError:
        return None


async def _clean_runs(database: Database, settings: Settings, moment: str, cleaning: Cleaning) -> None:
    await seal(database)
    for row in await database.pool.fetch(database.queries["old_runs"], moment, None):
        if await _remove_run(database, settings, row["soul"], moment, cleaning):
            cleaning.pending[:] = await _remove_pending(database, settings, cleaning.pending)


async def _remove_run(database: Database, settings: Settings, run: UUID, moment: str, cleaning: Cleaning) -> bool:
    """Removes a run with its steps, unless somebody has it, or it is not sealed or not old now; its folder is pending.

    What is told of it is so exactly what its newest seal says.
    """
    async with BaseBeing.transaction() as lent:
        if await lent.fetchval(database.queries["hold_old_run"], run) is None:
            return False
        row = await lent.fetchrow(database.queries["old_runs"], moment, run)
        if row is None:
            return False
        await keep_past(run, connection=lent)
        await lent.execute(database.queries["remove_relationships"], [run])
        await lent.execute(database.queries["remove_beings"], [run])
        taken = row["bytes"] + await asyncio.to_thread(size_of, _folder(settings, run))
        cleaning.pending.append(str(run))
        await cleaning.tell(Part("runs", 1, taken), lent, run=str(run), chain=row["chain"])
    return True


async def _old_undo(database: Database, settings: Settings, moment: str) -> dict[UUID, int]:
    """The runs whose undo data is old, and how many bytes it takes; what goes with its run is not counted twice."""
    sizes = await asyncio.to_thread(undo_data.runs_with_some, settings.home)
    found = await database.pool.fetch(database.queries["old_undo"], list(sizes), moment)
    gone: set[UUID] = set()
    if ending := before(settings.keep_runs):
        gone = {row["soul"] for row in await database.pool.fetch(database.queries["old_runs"], ending, None)}
    return {row["soul"]: sizes[row["soul"]] for row in found if row["soul"] not in gone}


async def _clean_undo(database: Database, settings: Settings, moment: str, cleaning: Cleaning) -> None:
    for run, size in (await _old_undo(database, settings, moment)).items():
        async with BaseBeing.transaction() as lent:
            cleaning.pending.append(f"{_UNDO}{run}")
            await cleaning.tell(Part("undo", 1, size), lent, run=str(run))
        cleaning.pending[:] = await _remove_pending(database, settings, cleaning.pending)


async def _old_reports(database: Database, settings: Settings, moment: str) -> dict[str, int]:
    """The versions whose reports are old and that nobody uses now, and how many bytes these take."""
    used = {row["hash"] for row in await database.pool.fetch(database.queries["versions_in_use"])}
    return await asyncio.to_thread(old_reports, Archive(settings.home), datetime.fromisoformat(moment), used)


async def _clean_reports(database: Database, settings: Settings, moment: str, cleaning: Cleaning) -> None:
    found = sorted((await _old_reports(database, settings, moment)).items())
    for start in range(0, len(found), _MANY):
        some = dict(found[start : start + _MANY])
        async with BaseBeing.transaction() as lent:
            cleaning.pending += [f"{_REPORT}{version}" for version in some]
            await cleaning.tell(Part("reports", len(some), sum(some.values())), lent)
        cleaning.pending[:] = await _remove_pending(database, settings, cleaning.pending)


async def _remove_pending(database: Database, settings: Settings, pending: list[str]) -> list[str]:
    """Removes what was told to be gone; gives what could not be removed, or is in use just now."""
    runs = [one for one in pending if not one.startswith((_UNDO, _REPORT))]
    left = await asyncio.to_thread(_remove_folders, settings, runs)
    for one in pending:
        if one.startswith(_UNDO) and not await _remove_undo(database, settings, UUID(one.removeprefix(_UNDO))):
            left.append(one)
    return left + await to_the_end(_remove_reports, settings, [one for one in pending if one.startswith(_REPORT)])


def _remove_reports(settings: Settings, pending: list[str]) -> list[str]:
    """Removes reports; gives those that could not be."""
    try:
        if pending:
            remove_reports(Archive(settings.home), [one.removeprefix(_REPORT) for one in pending])
    except (ArchiveUnfit, OSError):
        return pending
    return []


async def _remove_undo(database: Database, settings: Settings, run: UUID) -> bool:
    async with BaseBeing.transaction() as lent:
        if not await lent.fetchval(database.queries["hold_run_to_clean"], run):
            return False
        with suppress(OSError):
            await to_the_end(undo_data.remove, settings.home, run)
            return True
    return False


async def _finish_earlier(database: Database, settings: Settings) -> None:
    """Removes the folders that a cleaning left because its process ended, or because it could not."""
    for row in await database.pool.fetch(database.queries["unfinished_cleanings"]):
        with reading(row["soul"]):
            left = await _remove_pending(database, settings, row["pending"])
        async with BaseBeing.transaction() as lent:
            await _tell(row["soul"], {"pending": left}, lent)


async def _clean_rows(kind: str, query: str, moment: str, cleaning: Cleaning) -> None:
    """Removes rows of one kind, some at a time."""
    while True:
        async with BaseBeing.transaction() as lent:
            row = await lent.fetchrow(query, moment, _MANY)
            if not row["count"]:
                return
            await cleaning.tell(Part(kind, row["count"], row["bytes"]), lent)


async def _clean_tombstones(database: Database, moment: str, cleaning: Cleaning) -> None:
    for row in await database.pool.fetch(database.queries["old_tombstones"], moment, list(removal.KEPT)):
        try:
            async with BaseBeing.transaction() as lent:
                confirm = await removal.purge_preview(row["soul"], connection=lent)
                await removal.purge(row["soul"], confirm=confirm, connection=lent)
                told = {"being": str(row["soul"]), "name": row["name"]}
                await cleaning.tell(Part("tombstones", 1, row["bytes"]), lent, **told)
        except (PurgeRefused, PurgeChanged, BeingStatic, BeingUnknown):
            continue  # somebody still stands on it, or it is gone already


async def _clean_memories(moment: str, cleaning: Cleaning) -> None:
    async for gone in memories.forget_before(datetime.fromisoformat(moment), keep=NEWEST):
        async with BaseBeing.transaction() as lent:
            await cleaning.tell(Part("memories", gone.count, 0), lent, being=str(gone.soul), until=gone.until)


async def _surplus(database: Database, settings: Settings) -> list[caches.Cached]:
    rows = await database.pool.fetch(database.queries["start_commands"])
    return await asyncio.to_thread(caches.surplus, settings, [row["command"] for row in rows])


def _remove_folders(settings: Settings, runs: list[str]) -> list[str]:
    """Removes the folders of runs that are gone; gives those that could not be removed."""
    return list(_left(settings, runs))


def _left(settings: Settings, runs: list[str]) -> Iterator[str]:
    for run in runs:
        try:
            shutil.rmtree(_folder(settings, UUID(run)))
        except FileNotFoundError:
            continue
        except OSError:
            yield run


def _folder(settings: Settings, run: UUID) -> Path:
    return settings.home / "runs" / str(run)


async def _tell(soul: UUID, attributes: dict[str, Any], connection: Any) -> None:
    await connection.execute(queries()["tell_cleaning"], soul, attributes)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
