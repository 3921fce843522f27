"""Rows that somebody wrote with psql: whatever they say, the checks go on and name them, and no command stumbles."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.plugins.inhabited import inhabit
from tests.plugins.sampling import WHOLE

from luxos.agent.reasoning import Defaults
from luxos.beings.errors import BeingDamaged
from luxos.boot import System, system
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls, session_run
from luxos.ui.methods import METHODS, Person

VALUES: list[Any] = [None, True, -1, 10**30, 1.5, "", "x", [], [None], {}, {"a": 1}, "2026-13-45", "sha256:" + "0" * 64]
COUNT = 2000 if WHOLE else 10
CHECKS: list[tuple[str, dict[str, Any]]] = [("check_database", {}), ("soul_validate", {"name": None})]
READERS: list[tuple[str, dict[str, Any]]] = [
    ("usage", {}),
    ("preview_clean", {}),
    ("find_beings", {"meant": "", "order": None, "limit": 50, "after": None}),
    *(("show_being", {"who": who}) for who in ("note", "mine", "double")),
    *(("soul_" + name, {"who": who}) for name in ("show", "log", "at") for who in ("double", "nought")),
    ("soul_list", {"limit": 100, "after": ""}),
    ("soul_promotions", {"name": None, "stop": False}),
    ("soul_production", {"name": "production"}),
    ("runs", {"limit": 50}),
    ("task_list", {"status": None, "queue": None, "limit": 50}),
    ("queues", {}),
    ("schedule_list", {}),
    ("node_list", {}),
    ("audit_verify", {"run": None, "anchor": None}),
]


@dataclass(frozen=True)
class Change:
    """A column of a row, or a value deep in it, that is to be something else; `gone` where it is to be missing."""

    table: str
    row: dict[str, Any]
    column: str
    path: tuple[Any, ...]
    value: Any
    gone: bool = False

    @property
    def key(self) -> str:
        return "soul" if self.table == "base_beings" else "id"

    def changed(self) -> Any:
        if not self.path:
            return self.value
        whole = deepcopy(self.row[self.column])
        *above, last = self.path
        inner = whole
        for key in above:
            inner = inner[key]
        if self.gone:
            del inner[last]
        else:
            inner[last] = self.value
        return whole

    def __str__(self) -> str:
        kind = self.row["genesis"].get("type")
        return f"{kind} {self.column} {self.path} {'gone' if self.gone else repr(self.value)}"


async def rows_of_each_kind(database: Database) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for table, key in (("base_beings", "soul"), ("relationships", "id")):
        rows = await database.pool.fetch(
            f"SELECT DISTINCT ON (genesis ->> 'type', tags) * FROM {table} "  # noqa: S608 - ours
            f"WHERE genesis ->> 'tier' IS DISTINCT FROM 'core' ORDER BY genesis ->> 'type', tags, {key}"
        )
        found += [(table, dict(row)) for row in rows]
    return found


def changes(table: str, row: dict[str, Any]) -> Iterator[Change]:
    for column in ("genesis", "attributes", "memories", "self_awareness"):
        for path in places(row.get(column)) if column in row else ():
            yield from (Change(table, row, column, path, value) for value in VALUES)
            if path:
                yield Change(table, row, column, path, None, gone=True)
    yield from (Change(table, row, "tags", (), value) for value in (None, [], ["soul"], ["alias"], ["run"], ["task"]))


def places(value: Any, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """The paths of a value and of what is in it, not too deep; of a list its first entry."""
    yield ()
    if depth < 3 and isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(min(1, len(value))):
            yield from ((key, *rest) for rest in places(value[key], depth + 1))


@asynccontextmanager
async def put(database: Database, change: Change) -> AsyncIterator[bool]:
    """Writes a change past everything, and takes it back; `False` where PostgreSQL itself does not take it."""
    try:
        await past_everything(database, change, change.changed())
    except asyncpg.PostgresError:
        yield False
        return
    yield True
    await past_everything(database, change, change.row[change.column])


async def past_everything(database: Database, change: Change, value: Any) -> None:
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        query = f"UPDATE {change.table} SET {change.column} = $2 WHERE {change.key} = $1"  # noqa: S608 - ours
        await connection.execute(query, change.row[change.key], value)


async def ask(opened: System, method: str, given: dict[str, Any]) -> dict[str, Any]:
    return await METHODS[method](opened, Person(Path("/"), Defaults(), lambda event: None), **given)


@pytest.fixture
async def opened(settings_with_database: Settings, database: Database) -> AsyncIterator[System]:
    await inhabit(settings_with_database)
    async with system(settings_with_database) as made:
        for name, given in CHECKS:
            assert (await ask(made, name, given))["status"] == "whole"
        yield made


@pytest.mark.timeout(1800)
async def test_no_row_stops_a_check_or_is_more_than_a_sentence(opened: System, database: Database) -> None:
    every = [change for table, row in await rows_of_each_kind(database) for change in changes(table, row)]
    assert len(every) > 5000
    stumbled = []
    for change in random.sample(every, COUNT):
        async with put(database, change):
            for name, given in (*CHECKS, *READERS):
                try:
                    await ask(opened, name, given)
                except LuxError:
                    if (name, given) in CHECKS:
                        raise
                except Exception as error:
                    stumbled.append(f"{change}: {name} {error!r}")
    assert stumbled == []
    for name, given in CHECKS:
        assert (await ask(opened, name, given))["status"] == "whole"


WANTED = {
    "task": ("attributes attempt", "attributes priority", "genesis arguments", "genesis who"),
    "schedule": ("attributes next", "genesis options", "genesis cron"),
    "run": ("genesis created_at", "attributes workspace"),
    "message": ("attributes seq", "attributes channel"),
    "channel": ("attributes sent",),
    "reading": ("attributes read",),
    "cleaning": ("attributes pending",),
    "conversation": ("attributes user_input",),
    "project": ("attributes path",),
    "environment": ("attributes souls",),
    "node": ("attributes status",),
    "promotion": ("attributes status", "genesis to", "genesis terms"),
    "imported_soul": ("genesis new_hash", "genesis old_hash", "genesis report"),
    "memory": ("attributes first", "attributes count"),
    "alias": ("attributes hash", "genesis name"),
    "counter": ("genesis class_hash",),
    "function": ("genesis source",),
}
"""What each kind has to say."""


async def test_what_is_missing_or_of_the_wrong_kind_is_named(opened: System, database: Database) -> None:
    """A column that is no object or list, and each value that a kind has to have, or of another kind."""
    every: list[Change] = []
    for table, row in await rows_of_each_kind(database):
        for column in ("genesis", "attributes", "memories", "self_awareness"):
            every += [Change(table, row, column, (), value) for value in (True, 10**30, "x") if column in row]
        for place in WANTED.get(row["genesis"].get("type"), ()):
            column, key = place.split()
            if key in row[column]:  # a part of the memories is a being and a relationship of one kind
                every.append(Change(table, row, column, (key,), True))
                every += [Change(table, row, column, (key,), None, gone=True)] if key != "class_hash" else []
    silent, written = [], 0
    for change in every if WHOLE else random.sample(every, 15):
        async with put(database, change) as taken:
            written += taken
            if taken and not named(change, await ask(opened, "check_database", {})):
                silent.append(str(change))
    assert silent == []
    assert written > 0.8 * (len(every) if WHOLE else 15)


def named(change: Change, told: dict[str, Any]) -> bool:
    """Whether a fault says which row it is: by its UUID, or by what it is called."""
    genesis, attributes = change.row["genesis"], change.row["attributes"]
    names = [change.row[change.key], *(genesis.get(key) for key in ("name", "hash", "soul_hash", "group", "run"))]
    names += [change.row.get("source_soul"), attributes.get("run")]
    texts = [str(name)[:8] for name in names if name]
    return any(text in fault["message"] for text in texts for fault in told["faults"])


async def test_the_source_of_ancestors_and_of_the_living_is_looked_at(opened: System, database: Database) -> None:
    rows = await database.pool.fetch("SELECT * FROM base_beings WHERE genesis ? 'ancestors'")
    assert len(rows) > 5
    for row in rows if WHOLE else random.sample(rows, 3):
        async with put(database, Change("base_beings", dict(row), "genesis", ("source",), "def f(): pass\n")):
            told = await ask(opened, "soul_validate", {"name": None})
            assert any(str(row["soul"]) in found["message"] for found in told["findings"]), row


PROMOTIONS: list[tuple[str, tuple[str, ...], Any]] = [
    *(("genesis", ("terms",), value) for value in (None, "x", {"calls": 1, "else": 2})),
    *(
        ("genesis", ("terms", name), value)
        for name in ("calls", "slower", "budget", "least", "watched")
        for value in (None, "x")
    ),
    *(("genesis", (name,), value) for name in ("name", "from", "to") for value in (None, 1)),
    *(("attributes", (name,), value) for name in ("equal", "unsure", "slow", "differences") for value in (None, "x")),
    *(("attributes", ("status",), value) for value in (None, -1, [], "x")),
    *(("attributes", ("since",), value) for value in ({}, "x", 1)),
    ("attributes", (), {}),
]


async def test_a_promotion_that_somebody_changed_is_named_and_calls_go_on(opened: System, database: Database) -> None:
    runtime = await opened.runtime()
    rows = await database.pool.fetch("SELECT * FROM base_beings WHERE tags @> '{promotion}'")
    places = [(row, *place) for row in rows for place in PROMOTIONS]
    wrong = []
    for row, column, path, value in places if WHOLE else random.sample(places, 12):
        change = Change("base_beings", dict(row), column, path, value)
        await past_everything(database, change, change.changed())
        try:
            await ask(opened, "soul_promotions", {"name": None, "stop": False})
            wrong.append(f"{change}: nothing")
        except BeingDamaged as error:
            if error.details["soul"] != row["soul"]:
                wrong.append(f"{change}: {error}")
        except Exception as error:
            wrong.append(f"{change}: {error!r}")
        async with session_run(runtime, "a test") as run:
            assert await Calls(runtime, run)("shadowed", 3) == 6
            await runtime.following.settle()
        await past_everything(database, change, change.row[change.column])
    assert not wrong, "\n".join(wrong)


DEEP = """(repeat('{"a":', 6000) || '1' || repeat('}', 6000))::JSONB"""
LISTS = """('{"a":' || repeat('[', 6000) || repeat(']', 6000) || '}')::JSONB"""
DIGITS = """('{"a": [' || repeat('9', 5000) || ']}')::JSONB"""
EXPONENT = """'{"a": -1e10000}'::JSONB"""


async def test_what_only_postgresql_can_read_is_named(opened: System, database: Database) -> None:
    """Nobody can load it, the checks name it, and beside it everything is as it was."""
    rows = await rows_of_each_kind(database)
    for value in (DEEP, LISTS, DIGITS, EXPONENT):
        for table, row in rows if WHOLE else random.sample(rows, 1):
            change = Change(table, row, "attributes", (), row["attributes"])
            query = f"UPDATE {table} SET attributes = attributes || {value} WHERE {change.key} = $1"  # noqa: S608 - ours
            await database.pool.execute(query, row[change.key])
            told = await ask(opened, "check_database", {})
            assert any(str(row[change.key]) in fault["message"] for fault in told["faults"]), row
            for name, given in READERS:
                with suppress(LuxError):
                    await ask(opened, name, given)
            await past_everything(database, change, row["attributes"])
    assert (await ask(opened, "check_database", {}))["status"] == "whole"
