"""Aliases: a name, the newest version under it, the living being that carries it, and since when which version did.

The row's UUID follows from the name; its memories are its history. A name that was given up leads to the new one, is
given to nobody else, and keeps its part of the history.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid5

from luxos.beings import memories
from luxos.beings.being import BaseBeing
from luxos.beings.damaged import reading
from luxos.beings.errors import BeingConflict, BeingStatic
from luxos.persistence.queries import queries
from luxos.souls.errors import AliasInvalid, AliasRenamed, AliasTaken, AliasUnknown, SoulUnknown

_ALIASES = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a12")
_ALIAS = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_LONGEST = 200
_NAMES_LOOKED_AT = 5000


def row_of(name: str) -> UUID:
    """The UUID of the row of an alias."""
    return uuid5(_ALIASES, name)


@dataclass(frozen=True)
class Alias:
    """What an alias is now: its newest hash, the number of that version (from 1), and its living being."""

    name: str
    hash: str | None = None
    version: int = 0
    being: UUID | None = None
    formerly: tuple[str, ...] = ()

    @classmethod
    async def find(cls, name: str, *, connection: Any = None) -> Self | None:
        """The alias of this name, or the one that it was renamed to; `None` where there is none."""
        if not _is_text(name):
            return None
        row = await BaseBeing.find(row_of(name), connection=connection)
        if row is not None and "renamed" in row.attributes:
            with reading(row.soul):
                name = str(row.attributes["renamed"])
            row = await BaseBeing.find(row_of(name), connection=connection)
        return None if row is None else cls._of(name, row.attributes)

    @classmethod
    async def of(cls, name: str, *, connection: Any = None) -> Self:
        """As `find`; `SoulUnknown`, with names like it, where there is none, and `BeingStatic` for a core being."""
        found = await cls.find(name, connection=connection)
        if found is not None and found.hash is not None:
            return found
        if _is_text(name):
            await _refuse_core(name, connection)
        raise await unknown(name, connection=connection)

    @classmethod
    async def lock(cls, name: str, connection: Any) -> Self:
        """The alias, made where it is new, which nobody else points elsewhere before the transaction ends.

        `AliasRenamed` for a name that was given up, `BeingStatic` for that of a core being.
        """
        query = queries()["lock_alias"]
        attributes = await connection.fetchval(query, row_of(name))
        if attributes is None:
            await _refuse_core(name, connection)
            await _make(name, None, connection)
            attributes = await connection.fetchval(query, row_of(name))
        if "renamed" in attributes:
            raise AliasRenamed(name=name, renamed=attributes["renamed"])
        return cls._of(name, attributes)

    async def point(self, now: Self, connection: Any, **memory: Any) -> None:
        """Writes what the alias is from now on, and remembers it; the caller holds its lock."""
        row = await BaseBeing.load(row_of(now.name), connection=connection)
        carried = {} if now.being is None else {"being": str(now.being)}  # its living being may have been purged
        told = {"hash": now.hash, "version": now.version, **carried}
        row.attributes = {**told, "formerly": list(now.formerly)} if now.formerly else told
        row.remember(memory.pop("kind"), **told, **memory)
        await row.save(connection=connection)

    @classmethod
    def _of(cls, name: str, attributes: Mapping[str, Any]) -> Self:
        with reading(row_of(name)):
            being = attributes.get("being")
            formerly = tuple(attributes.get("formerly", ()))
            carrier = UUID(being) if being else None
            return cls(name, attributes.get("hash"), attributes.get("version", 0), carrier, formerly)


def check_alias(name: str) -> None:
    """Raises `AliasInvalid`; a UUID without dashes is also letters and digits, but is never an alias."""
    try:
        UUID(str(name))
    except ValueError:
        if isinstance(name, str) and _ALIAS.fullmatch(name) and len(name) <= _LONGEST:
            return
    raise AliasInvalid(name=name)


def _is_text(name: object) -> bool:
    """Whether the database could hold it as a name."""
    try:
        return isinstance(name, str) and "\0" not in name and bool(name.encode())
    except UnicodeEncodeError:
        return False


async def unknown(name: str, *, connection: Any = None) -> SoulUnknown:
    """The error for a name that nobody has, with those like it."""
    if not _is_text(name):
        return SoulUnknown(name=repr(name)[:_LONGEST])
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(queries()["alias_names"], _NAMES_LOOKED_AT)
    near = difflib.get_close_matches(name[:_LONGEST], [row["name"] for row in rows], n=3)
    return AliasUnknown(name=name, near=", ".join(near)) if near else SoulUnknown(name=name)


async def history(name: str, *, connection: Any = None) -> list[dict[str, Any]]:
    """Every version of an alias from the first, and when it was renamed, also while it had other names.

    Each is a memory: `{"at", "kind": "version" or "renamed", "version", "hash", …}`. `SoulUnknown` for no alias.
    """
    alias = await Alias.of(name, connection=connection)
    told = []
    for one in (*alias.formerly, alias.name):
        async for memory in memories.history(row_of(one), connection=connection):
            told += [memory] if "version" in memory else []
    return sorted(told, key=lambda memory: (memory["version"], memory["at"]))


async def core_of(name: str, *, connection: Any = None) -> UUID | None:
    """The core being of this name, or `None`."""
    async with BaseBeing._borrowed(connection) as lent:
        found: UUID | None = await lent.fetchval(queries()["core_by_name"], {"tier": "core", "name": name})
    return found


async def _refuse_core(name: str, connection: Any) -> None:
    if await core_of(name, connection=connection) is not None:
        raise BeingStatic(soul=name)


async def rename_alias(old: str, new: str, *, connection: Any = None) -> Alias:
    """Gives an alias, with its living being and its history, another name; all of it, or nothing.

    The old name leads to the new one and is given to nobody else, but may be taken back by renaming again.
    `SoulUnknown` where there is no `old`, `AliasTaken` where `new` is somebody else's.
    """
    check_alias(new)

    async def work(lent: Any) -> Alias:
        await Alias.of(old, connection=lent)
        return await _renamed(old, new, lent)

    return await BaseBeing._transacted(work, connection)


async def _renamed(old: str, new: str, connection: Any) -> Alias:
    for name in sorted({old, new}):  # in one order, so that two renamings never wait for each other
        await connection.fetchval(queries()["lock_alias"], row_of(name))
    was = await Alias.lock(old, connection)
    if new == old:
        return was
    taken = await BaseBeing.find(row_of(new), connection=connection)
    if taken is not None and taken.attributes.get("renamed") != old:
        raise AliasTaken(name=new)
    if taken is None:
        await _refuse_core(new, connection)
        await _make(new, AliasTaken(name=new), connection)
    names = tuple(name for name in (*was.formerly, old) if name != new)
    now = Alias(new, was.hash, was.version, was.being, names)
    await was.point(now, connection, kind="renamed", renamed_from=old)
    await _forward(old, new, connection)
    await _name_being(was.being, new, connection)
    return now


async def _make(name: str, taken: AliasTaken | None, connection: Any) -> None:
    """Writes a row for a new name; where somebody else did meanwhile, raises `taken`, if that is anything."""
    try:
        await BaseBeing(soul=row_of(name), tags=["alias"], genesis={"type": "alias", "name": name}).save(
            connection=connection
        )
    except BeingConflict:
        if taken is not None:
            raise taken from None


async def _forward(old: str, new: str, connection: Any) -> None:
    row = await BaseBeing.load(row_of(old), connection=connection)
    row.attributes = {"renamed": new}
    row.remember("renamed", renamed_to=new)
    await row.save(connection=connection)
    await connection.execute(queries()["forward_aliases"], {"renamed": old}, {"renamed": new})
    await connection.execute(queries()["rename_in_relationships"], {"alias": old}, {"alias": new})


async def _name_being(being: UUID | None, name: str, connection: Any) -> None:
    living = await BaseBeing.find(being, connection=connection) if being else None
    if living is not None:
        living.genesis["name"] = name
        await living.save(connection=connection)
