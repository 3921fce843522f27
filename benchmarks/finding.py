"""Finding beings among a million: the plans that PostgreSQL makes, and what `find` costs beside SQL written by hand."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from benchmarks.crowd import copy_beings
from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.conditions import Statement, conditions
from luxos.beings.filter_text import parse
from luxos.beings.find import page

BEINGS = 1_000_000
_TIMES = 41
_PAGE = 50
_MOST = 1.2

INDEXES = {
    "tag:tag1700": "idx_being_tags",
    "tag:tag1500|tag1501": "idx_being_tags",
    "energy:900..905": "idx_base_beings_energy_level",
    'attributes:{"city": "miasto450"}': "idx_base_beings_attributes",
    "rate = 7": "idx_base_beings_attributes",
    "audit.level > 5": "idx_base_beings_attributes",
    "name:note77": "idx_base_beings_genesis",
    'genesis:{"owner": "user19", "type": "person"}': "idx_base_beings_genesis",
    "created:2026-03-01..2026-03-01": "idx_luxos_created",
    "fakturowanie": "idx_luxos_text",
}
"""Filters that mean few beings, and the index that has to be read for each; none may read the whole table."""

_SELECT = "SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding "
_SQL = {
    "by tag": (
        "tag:tag40",
        _SELECT + "FROM base_beings WHERE tags @> ARRAY[$1] AND genesis ->> 'type' <> ALL ($2) AND NOT tags && $3 "
        "ORDER BY soul LIMIT 51",
        ["tag40"],
    ),
    "by energy": (
        "energy:900..905",
        _SELECT + "FROM base_beings WHERE energy_level BETWEEN $1 AND $4 AND genesis ->> 'type' <> ALL ($2) "
        "AND NOT tags && $3 ORDER BY soul LIMIT 51",
        [900],
    ),
    "by JSONB": (
        'attributes:{"city": "miasto450", "status": "open"}',
        _SELECT + "FROM base_beings WHERE attributes @> $1 AND genesis ->> 'type' <> ALL ($2) AND NOT tags && $3 "
        "ORDER BY soul LIMIT 51",
        [{"city": "miasto450", "status": "open"}],
    ),
    "by tag, energy and JSONB": (
        'tag:tag3 energy:0..50 attributes:{"status": "open"}',
        _SELECT + "FROM base_beings WHERE attributes @> $1 AND genesis ->> 'type' <> ALL ($2) AND NOT tags && $3 "
        "AND tags @> ARRAY['tag3'] AND energy_level BETWEEN 0 AND 50 ORDER BY soul LIMIT 51",
        [{"status": "open"}],
    ),
}
"""Each filter, the SQL that a person would write for it, and its first argument; $2 and $3 are the system's own."""


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield from asyncio.run(_figures(machine))


async def _figures(machine: Machine) -> list[Figure]:
    async with open_bench_database(machine, "finding") as database, database.pool.acquire() as connection:
        await copy_beings(connection, BEINGS)
        found = [await _plans(connection)]
        for name, (text, sql, arguments) in _SQL.items():
            found += await _beside(connection, name, text, sql, arguments)
        return found


async def _plans(connection: Any) -> Figure:
    """Whether the indexes are read."""
    wrong = []
    for text, index in INDEXES.items():
        statement = Statement("find_beings")
        await conditions(statement, parse(text), connection)
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + statement.text, *statement.arguments))
        if index not in plan or "Seq Scan" in plan:
            wrong.append(f"{text}: {plan}")
            print(wrong[-1])
    measured = f"{len(INDEXES) - len(wrong)} of {len(INDEXES)} filters"
    return Figure(f"plans over {BEINGS:,} beings", measured, "EXPLAIN", "read their index, no Seq Scan", not wrong)


async def _beside(connection: Any, name: str, text: str, sql: str, arguments: list[Any]) -> list[Figure]:
    """A page of `find`, beside the rows of the same SQL and beside the beings made of these rows."""
    from luxos.beings.being import BaseBeing
    from luxos.beings.conditions import HIDDEN_KINDS, HIDDEN_TAGS

    every = [*arguments, list(HIDDEN_KINDS), list(HIDDEN_TAGS), *([905] if "$4" in sql else [])]

    async def ours() -> int:
        return len((await page(text, limit=_PAGE, connection=connection)).beings)

    async def rows() -> int:
        return len((await connection.fetch(sql, *every))[:_PAGE])

    async def beings() -> int:
        return len([BaseBeing._of(row) for row in (await connection.fetch(sql, *every))[:_PAGE]])

    took = await _interleaved([ours, rows, beings])
    said = f"{took[0] * 1000:.2f} ms"
    return [
        Figure(
            f"a page of 50 {name}",
            f"{said} = {took[0] / peer:.2f}×",
            f"hand-written SQL, {what}, {peer * 1000:.2f} ms",
            f"{_MOST}×",
            took[0] <= _MOST * peer,
        )
        for what, peer in (("its rows", took[1]), ("its rows made into beings", took[2]))
    ]


async def _interleaved(calls: list[Callable[[], Awaitable[int]]]) -> list[float]:
    """The median of each call; ABCABC…, the first round for warmth, and all must find the same number."""
    times: list[list[float]] = [[] for _call in calls]
    for round_number in range(_TIMES + 3):
        counts = set()
        for place, call in enumerate(calls):
            began = time.perf_counter()
            counts.add(await call())
            if round_number >= 3:
                times[place].append(time.perf_counter() - began)
        if len(counts) != 1:
            raise RuntimeError(f"the same question had different answers: {counts}")
    return [statistics.median(each) for each in times]
