"""`luxos audit verify`: nothing that LuxOS does is found, and any change of what it wrote is."""

# ruff: noqa: S608 - tables and columns are named here, in a test
import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.security.histories import World, histories

from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.runs import Runs
from luxos.runtime.sealing import seal
from luxos.runtime.verifying import verify
from luxos.security.findings import Finding
from luxos.security.seals import CHAIN

UNTOLD = {"holder", "folded", "sealed"}
"""What of a run's row is nobody's evidence: who holds it, how far it was counted and sealed."""


async def emptied(database: Database) -> None:
    await database.pool.execute("TRUNCATE base_beings, relationships")


@pytest.fixture
async def world(
    database: Database, settings_with_database: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    runs = Runs(database)
    yield World(database, settings_with_database, monkeypatch, runs)
    await runs.close()


ROWS = """
SELECT 'base_beings' AS place, 'soul' AS key, soul AS id, to_jsonb(b) - 'created_at' AS row, TRUE AS sealed
FROM base_beings AS b WHERE tags && '{run,seal,audit_chain}'
UNION ALL
SELECT 'relationships', 'id', id, to_jsonb(r) - 'created_at', run.attributes ->> 'sealed' = run.attributes ->> 'holder'
FROM relationships AS r JOIN base_beings AS run ON run.soul = r.source_soul WHERE r.tags @> '{step}'
ORDER BY 1, 3
"""


async def evidence(database: Database) -> list[Any]:
    return list(await database.pool.fetch(ROWS))


def certain(row: Any) -> bool:
    """Whether a step is evidence as a whole: one that began in a run that goes on may still be anything."""
    attempts = [row["row"]["attributes"], *row["row"]["attributes"].get("attempts", ())]
    return bool(row["sealed"]) or all("chain" in attempt for attempt in attempts)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all values of a JSON document."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    if path:
        yield path


def another(value: Any, chance: random.Random) -> Any:
    """A value that is nearly the same: one bit, one key, one digit."""
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, int | float):
        return value + chance.choice([1, -1, 0.5])
    if isinstance(value, str):
        if not value or "\u0000" in value:
            return value + "x"
        place = chance.randrange(len(value))
        changed = chr(ord(value[place]) ^ 1)
        return value[:place] + ("~" if changed in "\u0000\x7f" else changed) + value[place + 1 :]
    if isinstance(value, list):
        return [*value, None]
    return {**value, "more": 1}


def changed(document: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    """Changes what is at a path, in place; or takes it away."""
    for part in path[:-1]:
        document = document[part]
    if isinstance(document, dict) and chance.random() < 0.3:
        del document[path[-1]]
    else:
        document[path[-1]] = another(document[path[-1]], chance)


async def tamper(database: Database, chance: random.Random) -> str | None:
    """One change anywhere; says which, or nothing where there was nothing to change."""
    rows = [row for row in await evidence(database) if row["place"] != "relationships" or certain(row)]
    if not rows:
        return None
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        row = chance.choice(rows)
        deed = chance.choice([edit, edit, edit, remove, swap, move, twin])
        return await deed(connection, row, rows, chance)


async def edit(connection: Any, row: Any, rows: list[Any], chance: random.Random) -> str | None:
    columns = ["genesis", "attributes"] + (["tags", "energy_level"] if "run" not in row["row"]["tags"] else [])
    column = chance.choice(columns)
    before = row["row"][column]
    if column == "energy_level":
        await connection.execute(f"UPDATE {row['place']} SET energy_level = 7 WHERE {row['key']} = $1", row["id"])
        return f"energy of {row['id']}"
    if column == "tags":
        await connection.execute(f"UPDATE {row['place']} SET tags = tags || '{{x}}' WHERE {row['key']} = $1", row["id"])
        return f"tags of {row['id']}"
    paths = [path for path in leaves(before) if told(row, column, path)]
    if not paths:
        return None
    path, after = chance.choice(paths), json.loads(json.dumps(before))
    changed(after, path, chance)
    if after == before and json.dumps(after) == json.dumps(before):
        return None
    await connection.execute(f"UPDATE {row['place']} SET {column} = $2 WHERE {row['key']} = $1", row["id"], after)
    return f"{column}{list(path)} of {row['place']} {row['id']}: {before!r} → {after!r}"


def told(row: Any, column: str, path: tuple[Any, ...]) -> bool:
    """Whether a value is evidence; of a run that is not sealed its row has only its genesis and its chain."""
    if column == "genesis" or "run" not in row["row"]["tags"]:
        return True
    attributes = row["row"]["attributes"]
    sealed = attributes.get("sealed") == attributes.get("holder")
    return path[0] not in UNTOLD and (sealed and path[0] != "gone")


async def remove(connection: Any, row: Any, rows: list[Any], chance: random.Random) -> str | None:
    if "run" in row["row"]["tags"] and not row["row"]["attributes"].get("sealed"):
        return None  # nobody knows of it yet
    if "audit_chain" in row["row"]["tags"] and not any("seal" in one["row"]["tags"] for one in rows):
        return None
    await connection.execute(f"DELETE FROM {row['place']} WHERE {row['key']} = $1", row["id"])
    return f"{row['place']} {row['id']} deleted"


async def swap(connection: Any, row: Any, rows: list[Any], chance: random.Random) -> str | None:
    """Two rows of a kind have each other's content."""
    alike = [one for one in rows if one["place"] == row["place"] and one["id"] != row["id"]
             and one["row"]["tags"] == row["row"]["tags"]]  # fmt: skip
    other = chance.choice(alike) if alike else None
    if other is None or "run" in row["row"]["tags"]:
        return None
    for one, content in ((row, other), (other, row)):
        new = content["row"]
        await connection.execute(f"UPDATE {row['place']} SET genesis = $2, attributes = $3 WHERE {row['key']} = $1",
                                 one["id"], new["genesis"], new["attributes"])  # fmt: skip
    return f"{row['id']} and {other['id']} swapped"


async def move(connection: Any, row: Any, rows: list[Any], chance: random.Random) -> str | None:
    """A step is moved to another run."""
    others = [one for one in rows if "run" in one["row"]["tags"] and str(one["id"]) != row["row"].get("source_soul")]
    if row["place"] != "relationships" or not others:
        return None
    other = chance.choice(others)
    await connection.execute("UPDATE relationships SET source_soul = $2 WHERE id = $1", row["id"], other["id"])
    return f"step {row['id']} moved to {other['id']}"


async def twin(connection: Any, row: Any, rows: list[Any], chance: random.Random) -> str | None:
    """A row is there a second time."""
    if "audit_chain" in row["row"]["tags"] or "run" in row["row"]["tags"]:
        return None
    columns = {
        "base_beings": "tags, energy_level, genesis, attributes, memories, self_awareness",
        "relationships": "tags, energy_level, source_soul, target_soul, genesis, attributes",
    }[row["place"]]
    await connection.execute(
        f"INSERT INTO {row['place']} ({row['key']}, {columns}) "
        f"SELECT gen_random_uuid(), {columns} FROM {row['place']} WHERE {row['key']} = $1",
        row["id"],
    )
    return f"{row['id']} doubled"


NEVER_ENDED = ("run", [(0, "begun", None)], "done")


@pytest.mark.slow
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    history=[("run", [(0, "done", None), (1, "done", None)], "done"), ("run", [(0, "begun", None)], "done")], seed=78
)
@given(history=histories, seed=st.integers(0, 2**32))
async def test_no_history_is_found_and_every_change_of_one_is(world: World, history: list[Any], seed: int) -> None:
    await emptied(world.database)
    fresh = World(world.database, world.settings, world.monkeypatch, world.runs)
    await fresh.begin()
    await fresh.live(history)
    assert await fresh.findings() == []
    await fresh.seal()
    assert await fresh.findings() == []
    said = await tamper(world.database, random.Random(seed))  # noqa: S311 - it only has to be mixed
    if said is not None:
        found = await fresh.findings()
        assert found, said
        assert all("{" not in str(one) for one in found)


STEP = (0, "done", 1)
DAMAGE = [
    (
        "UPDATE relationships SET attributes = jsonb_set(attributes, '{result}', '2') WHERE tags @> '{step}'",
        "step_altered",
    ),
    ("DELETE FROM relationships WHERE (attributes #>> '{chain,seq}')::int = 1", "step_missing"),
    ("DELETE FROM relationships WHERE (attributes #>> '{chain,seq}')::int = 2", "run_head"),
    ("UPDATE base_beings SET attributes = attributes || '{\"status\": \"failed\"}' WHERE tags @> '{run}'", "run_state"),
    ("UPDATE base_beings SET genesis = genesis || '{\"goal\": \"x\"}' WHERE tags @> '{run}'", "run_altered"),
    ("DELETE FROM relationships; DELETE FROM base_beings WHERE tags @> '{run}'", "run_missing"),
    ("DELETE FROM base_beings WHERE tags @> '{seal}'", "seal_head"),
    ("UPDATE base_beings SET tags = '{seal,x}' WHERE tags @> '{seal}'", "seal_altered"),
]


async def lived(world: World) -> None:
    await world.begin()
    await world.run([STEP, (1, "done", 2)], "done")
    await world.seal()


@pytest.mark.parametrize(("damage", "rule"), DAMAGE)
async def test_a_change_is_named(world: World, damage: str, rule: str) -> None:
    await lived(world)
    assert await world.findings() == []
    async with world.database.pool.acquire() as connection:
        await connection.execute(damage)
    assert rule in {found.rule for found in await world.findings()}


async def test_a_run_that_goes_on_after_it_was_sealed_is_sealed_again(world: World) -> None:
    await world.begin()
    await world.run([(0, "failed", 1)], "failed")
    await world.seal()
    await world.resume([(0, "done", 1)], "done")
    assert await world.findings() == []
    await world.seal()
    assert await world.findings() == []
    assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{seal}'") == 2
    await world.seal()  # nothing is left to be sealed
    assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{seal}'") == 2


async def test_a_run_that_somebody_holds_is_not_sealed(world: World) -> None:
    await world.begin()
    await world.run([STEP], "done")
    async with world.runs.claimed(world.known[0]):
        await world.seal()
        assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{seal}'") == 0
    await world.seal()
    assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{seal}'") == 1


async def test_a_cleaned_run_is_told_with_its_last_link_and_nothing_else_is_accepted(world: World) -> None:
    await world.begin()
    await world.run([], "done")
    await world.run([STEP], "done")  # long ago
    await world.clean()
    assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE soul = $1", world.known[1]) == 0
    assert await world.findings() == []
    await world.database.pool.execute(
        "UPDATE base_beings SET memories = replace(memories::text, '\"seq\": 1', '\"seq\": 2')::jsonb "
        'WHERE genesis @> \'{"type": "cleaning"}\''
    )
    assert [found.rule for found in await world.findings()] == ["run_missing"]


async def test_what_two_seal_at_once_is_one_chain(world: World) -> None:
    await world.begin()
    for _ in range(4):
        await world.run([STEP], "done")
    await asyncio.gather(*(seal(world.database, [run]) for run in world.known))
    assert await world.findings() == []
    assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{seal}'") == 4


async def test_an_anchor_finds_a_chain_that_was_written_anew(world: World) -> None:
    await lived(world)
    kept = await world.database.pool.fetchval("SELECT attributes -> 'chain' FROM base_beings WHERE soul = $1", CHAIN)
    assert [one async for one in verify(world.database, None, kept) if isinstance(one, Finding)] == []
    await world.database.pool.execute("DELETE FROM base_beings WHERE tags && '{seal,audit_chain}'")
    await world.database.pool.execute("UPDATE base_beings SET attributes = attributes - 'sealed' WHERE tags @> '{run}'")
    await world.seal()
    assert await world.findings() == []  # whoever may write everything can write it anew
    assert [one.rule async for one in verify(world.database, None, kept) if isinstance(one, Finding)] == ["anchor"]


POINTS = ("seal.locked", "seal.written", "seal.headed", "seal.marked", "seal.committed")
SEALER = """
import asyncio, sys
from pathlib import Path
from luxos.config import Settings
from luxos.persistence.database import open_database
from luxos.runtime import sealing

async def work(home, dsn):
    settings = Settings(home=Path(home), cache=Path(home), projects=Path(home), dsn=dsn, database_linger=0.0)
    async with open_database(settings) as database:
        await sealing.seal(database)

asyncio.run(work(*sys.argv[1:]))
"""
APART = """
class Apart:
    async def __aenter__(self): return self
    async def __aexit__(self, *raised): return None

import asyncpg
asyncpg.Connection.transaction = lambda self, **how: Apart()
"""


async def killed(world: World, point: str, otherwise: str = "") -> None:
    """A process that seals is killed at a point."""
    script = SEALER.replace("asyncio.run(", f"{otherwise}\nasyncio.run(")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(world.settings.home), str(world.settings.dsn)),
        env={**os.environ, "LUXOS_FAULTPOINT": point},
    )
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_that_is_killed_while_it_seals_leaves_a_seal_or_none(world: World, point: str) -> None:
    await world.begin()
    await world.run([STEP], "done")
    await killed(world, point)
    assert await world.findings() == []
    await world.seal()
    assert await world.findings() == []
    assert await world.database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags @> '{seal}'") == 1


async def test_one_that_sealed_in_no_transaction_would_be_found(world: World) -> None:
    await world.begin()
    await world.run([STEP], "done")
    await killed(world, "seal.written", APART)
    assert "seal_head" in {found.rule for found in await world.findings()}
