"""The schema in the database is that of the documents, to the letter, and nothing beside it."""

import re
from pathlib import Path

import asyncpg
import pytest

from luxos.errors import Exit
from luxos.persistence.database import Database
from luxos.persistence.errors import DatabaseForeign, DatabaseNewer, MigrationFailed
from luxos.persistence.schema import SCHEMA_BEING, VERSION, Schema

UUID, TEXT, JSON, TIME = "uuid", "text", "jsonb", "timestamp without time zone"
EMPTY, ZERO, NOW = "'{}'::text[]", "0", "CURRENT_TIMESTAMP"
COLUMNS = {
    "base_beings": [
        ("soul", UUID, "NO", None),
        ("tags", "ARRAY", "YES", EMPTY),
        ("energy_level", "integer", "YES", ZERO),
        ("genesis", JSON, "NO", None),
        ("attributes", JSON, "NO", None),
        ("memories", JSON, "NO", None),
        ("self_awareness", JSON, "NO", None),
        ("created_at", TIME, "YES", NOW),
        ("embedding", "USER-DEFINED", "YES", None),
    ],
    "relationships": [
        ("id", UUID, "NO", None),
        ("tags", "ARRAY", "YES", EMPTY),
        ("energy_level", "integer", "YES", ZERO),
        ("source_soul", UUID, "NO", None),
        ("target_soul", UUID, "NO", None),
        ("genesis", JSON, "NO", None),
        ("attributes", JSON, "NO", None),
        ("created_at", TIME, "YES", NOW),
    ],
}
INDEXES = {
    "base_beings_pkey": ("base_beings", "btree (soul)"),
    "idx_base_beings_genesis": ("base_beings", "gin (genesis)"),
    "idx_base_beings_attributes": ("base_beings", "gin (attributes)"),
    "idx_base_beings_memories": ("base_beings", "gin (memories)"),
    "idx_base_beings_self_awareness": ("base_beings", "gin (self_awareness)"),
    "idx_base_beings_energy_level": ("base_beings", "btree (energy_level)"),
    "idx_being_tags": ("base_beings", "gin (tags)"),
    "relationships_pkey": ("relationships", "btree (id)"),
    "idx_relationships_genesis": ("relationships", "gin (genesis)"),
    "idx_relationships_attributes": ("relationships", "gin (attributes)"),
    "idx_relationships_source": ("relationships", "btree (source_soul)"),
    "idx_relationships_target": ("relationships", "btree (target_soul)"),
    "idx_relationships_energy_level": ("relationships", "btree (energy_level)"),
    "idx_rel_tags": ("relationships", "gin (tags)"),
}
VIEWS = {
    "projects": [("id", UUID), ("name", TEXT), ("path", TEXT), ("created_at", TIME), ("metadata", JSON)],
    "conversations": [
        ("id", UUID),
        ("timestamp", TIME),
        ("user_input", TEXT),
        ("ai_response", TEXT),
        ("intent", TEXT),
        ("context", JSON),
    ],
    "knowledge_base": [
        ("id", UUID),
        ("type", TEXT),
        ("content", TEXT),
        ("embedding", "USER-DEFINED"),
        ("tags", TEXT),
        ("created_at", TIME),
    ],
    "audit_log": [
        ("id", UUID),
        ("timestamp", TIME),
        ("action", TEXT),
        ("parameters", JSON),
        ("result", TEXT),
        ("status", TEXT),
    ],
}


async def columns(database: Database, table: str) -> list[asyncpg.Record]:
    return await database.pool.fetch(
        "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position",
        table,
    )


async def test_there_are_two_tables_and_four_views(database: Database) -> None:
    rows = await database.pool.fetch(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public'"
    )
    found = {(row["table_name"], row["table_type"]) for row in rows}
    assert found == {(name, "BASE TABLE") for name in COLUMNS} | {(name, "VIEW") for name in VIEWS}


@pytest.mark.parametrize("table", COLUMNS)
async def test_the_columns_are_those_of_the_document(database: Database, table: str) -> None:
    assert [tuple(row) for row in await columns(database, table)] == COLUMNS[table]


async def test_the_keys_are_those_of_the_document(database: Database) -> None:
    rows = await database.pool.fetch(
        "SELECT conrelid::regclass::text AS name, pg_get_constraintdef(oid) AS text FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f', 'u', 'c')"
    )
    assert {(row["name"], row["text"]) for row in rows} == {
        ("base_beings", "PRIMARY KEY (soul)"),
        ("relationships", "PRIMARY KEY (id)"),
        ("relationships", "FOREIGN KEY (source_soul) REFERENCES base_beings(soul)"),
        ("relationships", "FOREIGN KEY (target_soul) REFERENCES base_beings(soul)"),
    }


async def test_the_indexes_are_those_of_the_document(database: Database) -> None:
    rows = await database.pool.fetch(
        "SELECT indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    found = {row["indexname"]: (row["tablename"], row["indexdef"].partition(" USING ")[2]) for row in rows}
    assert {name: index for name, index in found.items() if not name.startswith("idx_luxos_")} == INDEXES


@pytest.mark.parametrize("view", VIEWS)
async def test_the_views_have_the_columns_of_the_document(database: Database, view: str) -> None:
    assert [tuple(row)[:2] for row in await columns(database, view)] == VIEWS[view]


async def test_embeddings_have_any_dimension(database: Database) -> None:
    for vector in ("[1]", "[1,2,3]"):
        await database.pool.execute(
            "INSERT INTO base_beings (soul, genesis, attributes, memories, self_awareness, embedding) "
            "VALUES (gen_random_uuid(), '{}', '{}', '[]', '{}', $1::text::vector)",
            vector,
        )
    assert await database.pool.fetchval("SELECT count(DISTINCT vector_dims(embedding)) FROM base_beings") == 2


async def test_the_version_stands_in_a_being(database: Database) -> None:
    row = await database.pool.fetchrow("SELECT * FROM base_beings")
    assert (row["soul"], row["attributes"]) == (SCHEMA_BEING, {"version": VERSION})


async def test_a_newer_database_is_refused_and_not_touched(database: Database) -> None:
    await database.pool.execute("UPDATE base_beings SET attributes = '{\"version\": 99}'")
    state = "SELECT array_agg(oid::text || xmin::text ORDER BY oid) FROM pg_class"
    rows = "SELECT array_agg(xmin::text || ctid::text) FROM base_beings"
    before = [await database.pool.fetchval(state), await database.pool.fetchval(rows)]
    async with database.pool.acquire() as connection:
        with pytest.raises(DatabaseNewer) as caught:
            await Schema().ensure(connection)
    assert (caught.value.exit_code, caught.value.details) == (Exit.NEWER_DATABASE, {"found": 99, "known": VERSION})
    assert [await database.pool.fetchval(state), await database.pool.fetchval(rows)] == before


@pytest.mark.parametrize("table", ["base_beings", "relationships"])
async def test_tables_of_somebody_else_are_refused_and_not_touched(database: Database, table: str) -> None:
    async with database.pool.acquire() as connection:
        await connection.execute("DROP TABLE relationships, base_beings CASCADE")
        await connection.execute(f"CREATE TABLE {table} (soul UUID, id INTEGER)")
        with pytest.raises(DatabaseForeign) as caught:
            await Schema().ensure(connection)
        names = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert caught.value.details == {"table": table}
    assert [row["table_name"] for row in names] == [table]


def migrations(folder: Path) -> Schema:
    """A schema that is two versions newer than ours."""
    one, two = VERSION + 1, VERSION + 2
    (folder / f"{one:03}_index.up.sql").write_text("CREATE INDEX idx_luxos_one ON base_beings (created_at);")
    (folder / f"{one:03}_index.down.sql").write_text("DROP INDEX idx_luxos_one;")
    (folder / f"{two:03}_more.up.sql").write_text("CREATE INDEX idx_luxos_two ON relationships (created_at);")
    (folder / f"{two:03}_more.down.sql").write_text("DROP INDEX idx_luxos_two;")
    return Schema(two, folder)


async def ours(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'idx_luxos_%'")
    return {row["indexname"] for row in rows}


async def test_an_older_database_is_brought_up_step_by_step_and_can_go_back(database: Database, tmp_path: Path) -> None:
    schema = migrations(tmp_path)
    async with database.pool.acquire() as connection:
        before = await ours(connection)
        await schema.ensure(connection)
        await schema.ensure(connection)
        row = await connection.fetchrow("SELECT attributes, memories FROM base_beings WHERE soul = $1", SCHEMA_BEING)
        assert row["attributes"]["version"] == VERSION + 2
        assert [memory["version"] for memory in row["memories"]] == [VERSION + 2]
        assert await ours(connection) == before | {"idx_luxos_one", "idx_luxos_two"}
        async with connection.transaction():
            await schema.migrate(connection, VERSION + 2, VERSION)
        assert await ours(connection) == before
        assert await connection.fetchval("SELECT attributes -> 'version' FROM base_beings") == VERSION


@pytest.mark.parametrize("broken", ["CREATE INDEX nonsense;", "CREATE INDEX i ON nowhere (x);", None])
async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    database: Database, tmp_path: Path, broken: str | None
) -> None:
    schema = migrations(tmp_path)
    if broken is None:
        (tmp_path / f"{VERSION + 2:03}_more.up.sql").unlink()
    else:
        (tmp_path / f"{VERSION + 2:03}_more.up.sql").write_text(broken)
    async with database.pool.acquire() as connection:
        before = await ours(connection)
        with pytest.raises(MigrationFailed):
            await schema.ensure(connection)
        assert await ours(connection) == before
        assert await connection.fetchval("SELECT attributes -> 'version' FROM base_beings") == VERSION


def test_the_migrations_of_this_version_are_whole() -> None:
    up = {version for version, direction in Schema().steps if direction == "up"}
    down = {version for version, direction in Schema().steps if direction == "down"}
    assert up == down == set(range(2, VERSION + 1))


def test_no_sql_stands_outside_of_sql_files() -> None:
    import luxos

    verbs = re.compile(
        r"[\"'](?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|WITH \w+ AS) ", re.IGNORECASE
    )
    files = Path(luxos.__file__).parent.rglob("*.py")
    found = [
        file.name for file in files if "templates" not in file.parts and verbs.search(file.read_text(encoding="utf-8"))
    ]
    assert not found
