"""Finding beings among a million: the plans that PostgreSQL makes, and what `find` costs beside SQL written by hand."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.crowd import copy_beings
from benchmarks.database import open_bench_database
from benchmarks.measure import Figure, Machine
from luxos.beings.being import BaseBeing
from luxos.beings.conditions import HIDDEN_KINDS, HIDDEN_TAGS, Statement, conditions
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
    'path:"$.audit.level > 5"': "idx_base_beings_attributes",
    'path:"$.audit ? (@.level > 5)"': "idx_base_beings_attributes",
    'path:"exists($.audit)"': "idx_base_beings_attributes",
    'path:"$.city == \\"miasto450\\""': "idx_base_beings_attributes",
    "name:note77": "idx_base_beings_genesis",
    'genesis:{"owner": "user19", "type": "person"}': "idx_base_beings_genesis",
    "created:2026-03-01..2026-03-01": "idx_luxos_created",
    "fakturowanie": "idx_luxos_text",
}
"""Filters that mean few beings, and the index that has to be read for each; none may read the whole table."""

_SELECT = "SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding "
_END = "AND genesis ->> 'type' <> ALL ({kinds}) AND NOT tags && {tags} ORDER BY soul LIMIT 51"
_SQL = {
    "tag": ("tag:tag40", "tags @> '{tag40}'"),
    "energy": ("energy:500..510", "energy_level BETWEEN 500 AND 510"),
    "JSONB": (
        'attributes:{"city": "miasto450", "status": "open"}',
        """attributes @> '{"city": "miasto450", "status": "open"}'""",
    ),
    "tag, energy and JSONB": (
        'tag:tag3 energy:0..50 attributes:{"status": "open"}',
        """tags @> '{tag3}' AND energy_level BETWEEN 0 AND 50 AND attributes @> '{"status": "open"}'""",
    ),
}
"""Each filter, and what a person would write for it. The values stand in the SQL, so that its plan is made for them:
with arguments one plan is kept for any values, and the energies took 9 s in place of milliseconds. Asked again to the
letter it is not even planned again, as `find` always is; with other values it has to be sent as another statement."""
Asked = Callable[[int], tuple[str, str]]
"""The filter of a turn, and the condition by hand."""


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield from asyncio.run(_figures(machine))


async def _figures(machine: Machine) -> list[Figure]:
    async with open_bench_database(machine, "finding") as database, database.pool.acquire() as connection:
        await copy_beings(connection, BEINGS)
        found = [await _plans(connection)]
        for name, (text, condition) in _SQL.items():
            found += await _beside(connection, f"by {name}", partial(_the_same, text, condition))
        return found + await _beside(connection, "by energy, another one each time", _another_energy)


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


def _by_hand(condition: str) -> str:
    """The whole SQL that a person would write."""
    kinds, tags = ("'{" + ",".join(names) + "}'" for names in (HIDDEN_KINDS, HIDDEN_TAGS))
    return f"{_SELECT} FROM base_beings WHERE {condition} {_END.format(kinds=kinds, tags=tags)}"


def _the_same(text: str, condition: str, _turn: int) -> tuple[str, str]:
    return text, condition


def _another_energy(turn: int) -> tuple[str, str]:
    return f"energy:{500 + turn}..{510 + turn}", f"energy_level BETWEEN {500 + turn} AND {510 + turn}"


async def _beside(connection: Any, name: str, asked: Asked) -> list[Figure]:
    """A page of `find`, beside the rows of the same SQL and beside the beings made of these rows."""

    async def ours(turn: int) -> int:
        return len((await page(asked(turn)[0], limit=_PAGE, connection=connection)).beings)

    async def rows(turn: int) -> int:
        return len((await connection.fetch(_by_hand(asked(turn)[1])))[:_PAGE])

    async def beings(turn: int) -> int:
        sql = _by_hand(asked(turn)[1]) + " "  # a statement of its own, or the other way had prepared it
        return len([BaseBeing._of(row) for row in (await connection.fetch(sql))[:_PAGE]])

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


async def _interleaved(calls: list[Callable[[int], Awaitable[int]]]) -> list[float]:
    """The median of each call; ABC, BCA, …, the first rounds for warmth, and all must find the same number."""
    times: list[list[float]] = [[] for _call in calls]
    for round_number in range(_TIMES + 3):
        counts = set()
        for turn in range(len(calls)):
            place = (round_number + turn) % len(calls)
            began = time.perf_counter()
            counts.add(await calls[place](round_number))
            if round_number >= 3:
                times[place].append(time.perf_counter() - began)
        if len(counts) != 1:
            raise RuntimeError(f"the same question had different answers: {counts}")
    return [statistics.median(each) for each in times]
