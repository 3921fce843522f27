"""Which being a person means: a UUID, the beginning of one, an alias, or a name that only one being has."""

import re
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingAmbiguous, BeingUnknown, BeingUnnamed
from luxos.persistence.queries import queries
from luxos.souls.aliases import Alias

_BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f]{0,24}")
_SHOWN = 5


async def soul_of(who: str) -> UUID:
    """The being's UUID; `BeingUnnamed` where nothing fits, `BeingAmbiguous` where too much does."""
    async with BaseBeing.transaction() as connection:
        if (whole := uuid_of(who)) is not None:
            return await _there(whole, connection)
        for look in (_by_alias, _by_beginning, _by_name):
            if found := await look(who, connection):
                return _only(who, found)
    raise BeingUnnamed(name=who)


def uuid_of(who: str) -> UUID | None:
    """A UUID that is written out; nothing for any other name."""
    try:
        return UUID(who)
    except ValueError:
        return None


async def _there(soul: UUID, connection: Any) -> UUID:
    if not await connection.fetch(queries()["souls_between"], soul, soul, 1):
        raise BeingUnknown(soul=soul)
    return soul


async def _by_alias(who: str, connection: Any) -> list[UUID]:
    alias = await Alias.find(who, connection=connection)
    return [] if alias is None or alias.being is None else [alias.being]


async def _by_beginning(who: str, connection: Any) -> list[UUID]:
    digits = who.lower().replace("-", "")
    if not _BEGINNING.fullmatch(digits):
        return []
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    rows = await connection.fetch(queries()["souls_between"], first, last, _SHOWN + 1)
    return [row["soul"] for row in rows]


async def _by_name(who: str, connection: Any) -> list[UUID]:
    rows = await connection.fetch(queries()["souls_named"], who, _SHOWN + 1)
    return [row["soul"] for row in rows]


def _only(who: str, found: list[UUID]) -> UUID:
    if len(found) > 1:
        shown = ", ".join(map(str, found[:_SHOWN])) + (", …" if len(found) > _SHOWN else "")
        raise BeingAmbiguous(name=who, candidates=shown)
    return found[0]
