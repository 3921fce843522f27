"""Finding beings: the rows that a filter means, in an order, page by page; each begins where the last one ended."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.conditions import Statement, conditions, near_text, read_path, words
from luxos.beings.errors import FilterInvalid
from luxos.beings.filter import Filter, as_filter
from luxos.beings.record import without_zone
from luxos.i18n import N_
from luxos.persistence.queries import parts, queries

Order = Literal["soul", "created", "-created", "energy", "-energy", "likeness", "distance"]
ORDERS: tuple[str, ...] = get_args(Order)
PAGE = 50
_STREAM = 500
_LONGEST_PAGE = 10_000
_INDEXED_DIMENSIONS = 2000
"""What pgvector's indexes take."""


class Page(NamedTuple):
    """Some beings, and the key after which the next ones come; `None` at the end."""

    beings: list[BaseBeing]
    next_key: str | None


async def find(
    meant: Filter | str | None = None,
    *,
    order: str | None = None,
    limit: int | None = None,
    connection: Any = None,
    **parts: Any,
) -> AsyncIterator[BaseBeing]:
    """Every being that a filter means, or the first `limit`; a filter, its text, or its parts by name.

    Read page by page, so what is written meanwhile may be seen; nothing is seen twice while its key stays.
    """
    if limit is not None and (type(limit) is not int or limit < 0):
        raise FilterInvalid(part=repr(limit)[:80], reason=N_("a limit is a number, 0 or more"))
    wanted, key, left = as_filter(meant, **parts), None, limit
    while left is None or left > 0:
        size = _STREAM if left is None else min(_STREAM, left)
        found = await page(wanted, order=order, limit=size, after=key, connection=connection)
        for being in found.beings:
            yield being
        if (key := found.next_key) is None:
            return
        left = None if left is None else left - size


async def page(
    meant: Filter | str | None = None,
    *,
    order: str | None = None,
    limit: int = PAGE,
    after: str | None = None,
    connection: Any = None,
    **parts: Any,
) -> Page:
    """Up to `limit` beings after the key `after`.

    Orders: soul (the usual one), created, -created, energy, -energy, likeness (with `text`), distance (with `near`,
    whose usual order it is). Rows without a moment or an energy, which LuxOS never writes, are in no order of these.
    """
    wanted = as_filter(meant, **parts)
    chosen = _checked(wanted, order, limit)
    async with BaseBeing.transaction(connection) if wanted.near else BaseBeing._borrowed(connection) as lent:
        rows = await _rows(wanted, chosen, after, limit + 1, lent)
        if chosen.name == "distance" and len(rows) <= limit and await _has_index(wanted, lent):
            rows = await _rows(wanted, _EXACT, after, limit + 1, lent)  # an index of vectors gives up before the end
    beings = [BaseBeing._of(row, alone=connection is None) for row in rows[:limit]]
    return Page(beings, _key(rows[limit - 1], chosen) if len(rows) > limit else None)


async def count(meant: Filter | str | None = None, *, connection: Any = None, **parts: Any) -> int:
    """How many beings a filter means."""
    async with BaseBeing._borrowed(connection) as lent:
        statement = Statement("count_beings")
        await conditions(statement, as_filter(meant, **parts), lent)
        return int(await lent.fetchval(statement.text, *statement.arguments))


async def reads_all(meant: Filter | str | None = None, *, connection: Any = None, **parts: Any) -> bool:
    """Whether a filter is a jsonpath with nothing in it, or beside it, by which beings could be looked up."""
    wanted = as_filter(meant, **parts)
    path, leaving_out = wanted.path, {name: getattr(wanted, name) for name in ("without_tags", "deleted", "system")}
    if path is None or wanted != Filter(path=path, **leaving_out):
        return False
    async with BaseBeing._borrowed(connection) as lent:
        _predicate, asking = await read_path(path, lent)
    return not asking.keys and not asking.is_indexed


async def ensure_vector_index(dimension: int, *, connection: Any = None) -> None:
    """Has an index of the embeddings of `dimension` numbers (1 to 2000), by cosine; it takes time where there are many.

    With it `near` is answered from the index, and may miss some of the nearest; without it, exactly.
    """
    if isinstance(dimension, bool) or not isinstance(dimension, int) or not 1 <= dimension <= _INDEXED_DIMENSIONS:
        raise FilterInvalid(part=str(dimension), reason=N_("only vectors of 1 to 2000 numbers have an index"))
    async with BaseBeing.transaction(connection) as lent:
        await lent.fetch(queries()["vector_index_room"], dimension)
        try:
            await _make_vector_index(dimension, lent)
        except asyncpg.InsufficientResourcesError:  # containers often have little memory that processes share
            await lent.fetch(queries()["vector_index_alone"])
            await _make_vector_index(dimension, lent)


async def _make_vector_index(dimension: int, connection: Any) -> None:
    async with connection.transaction():
        await connection.execute(parts()["vector_index"].replace("{dimension}", str(dimension)))


@dataclass(frozen=True)
class _Order:
    """How pages are ordered: the parts of the statement, and the column beside the soul that the key holds."""

    name: str
    after: str
    by: str
    column: str | None = None


_CHOICES: Mapping[str, _Order] = {
    "soul": _Order("soul", "find_after_soul", "find_by_soul"),
    "created": _Order("created", "find_after_created", "find_by_created", "created_at"),
    "-created": _Order("-created", "find_before_created", "find_by_created_last", "created_at"),
    "energy": _Order("energy", "find_after_energy", "find_by_energy", "energy_level"),
    "-energy": _Order("-energy", "find_before_energy", "find_by_energy_last", "energy_level"),
    "likeness": _Order("likeness", "find_after_likeness", "find_by_likeness", "likeness"),
    "distance": _Order("distance", "find_after_distance", "find_by_distance", "distance"),
}


_EXACT = _Order("distance", "find_after_distance", "find_by_exact_distance", "distance")


def _checked(wanted: Filter, order: str | None, limit: int) -> _Order:
    name = order if order is not None else "distance" if wanted.near else "soul"
    if name not in _CHOICES:
        raise FilterInvalid(part=name, reason=N_("there is no such order"))
    if name == "likeness" and wanted.text is None:
        raise FilterInvalid(part=name, reason=N_("the order of likeness needs a text"))
    if name == "distance" and wanted.near is None:
        raise FilterInvalid(part=name, reason=N_("the order of distance needs a vector"))
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _LONGEST_PAGE:
        raise FilterInvalid(part=str(limit), reason=N_("a page has 1 to 10000 beings"))
    return _CHOICES[name]


async def _rows(wanted: Filter, order: _Order, after: str | None, most: int, connection: Any) -> list[Any]:
    statement = await _statement(wanted, order, after, connection)
    statement.add("find_nearest" if order.name == "distance" else "find_limit", most)
    return list(await connection.fetch(statement.text, *statement.arguments))


async def _has_index(wanted: Filter, connection: Any) -> bool:
    name = f"idx_luxos_embedding_{len(wanted.near or ())}"
    return bool(await connection.fetchval(queries()["has_index"], name))


async def _statement(wanted: Filter, order: _Order, after: str | None, connection: Any) -> Statement:
    """The whole statement but its limit."""
    heads = {"likeness": "find_beings_by_likeness", "distance": "find_beings_by_distance"}
    statement = Statement(heads.get(order.name, "find_beings"), len(wanted.near or ()))
    extra: list[Any] = []
    if order.name == "distance":
        await connection.fetch(queries()["vector_index_wider"])
        extra = [near_text(wanted.near or ())]
        statement.bind(extra[0])
    elif order.name == "likeness":
        extra = [await words(wanted.text or "", connection)]
        statement.bind(extra[0])
    await conditions(statement, wanted, connection)
    if after is not None:
        statement.add(order.after, *extra, *_read_key(after, order))
    statement.add(order.by, *(extra if order.name == "distance" else ()))
    return statement


def _key(row: Any, order: _Order) -> str:
    if order.column is None:
        return str(row["soul"])
    value = row[order.column]
    shown = value.isoformat() if isinstance(value, datetime) else repr(value)
    return f"{shown}~{row['soul']}"


def _read_key(text: str, order: _Order) -> list[Any]:
    """What a key of this order says; `FilterInvalid` for a key of another order, or none of ours."""
    value, tilde, soul = str(text).rpartition("~")
    try:
        if bool(tilde) == (order.column is None):
            raise ValueError(text)
        return [*([] if order.column is None else [_READ[order.column](value)]), UUID(soul)]
    except ValueError as error:
        raise FilterInvalid(part=str(text)[:80], reason=N_("it is no key of this order of pages")) from error


_READ: Mapping[str, Any] = {
    "created_at": lambda text: without_zone(datetime.fromisoformat(text)),
    "energy_level": int,
    "likeness": float,
    "distance": float,
}
