"""A schema that was changed by hand is found, whatever of it was changed; one that was not is not complained of."""

import pytest

from luxos.persistence.database import Database
from luxos.persistence.drift import Drift, drift
from luxos.persistence.schema import VERSION, Schema


async def found(database: Database) -> list[Drift]:
    async with database.pool.acquire() as connection:
        return await drift(connection)


async def test_our_own_schema_is_as_it_should_be(database: Database) -> None:
    assert await found(database) == []
    schemas = await database.pool.fetch("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'luxos%'")
    assert schemas == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP INDEX idx_being_tags", Drift("index", "idx_being_tags", "missing")),
        (
            "DROP INDEX idx_rel_tags; CREATE INDEX idx_rel_tags ON relationships (tags)",
            Drift("index", "idx_rel_tags", "changed"),
        ),
        ("CREATE INDEX idx_luxos_mine ON relationships (tags)", Drift("index", "idx_luxos_mine", "unexpected")),
        ("DROP VIEW projects", Drift("view", "projects", "missing")),
        (
            "CREATE OR REPLACE VIEW projects AS SELECT soul AS id, genesis ->> 'name' AS name, "
            "attributes ->> 'path' AS path, created_at, attributes AS metadata FROM base_beings",
            Drift("view", "projects", "changed"),
        ),
        (
            "ALTER TABLE base_beings ALTER genesis DROP NOT NULL",
            Drift("column", "base_beings.genesis", "changed"),
        ),
        (
            "ALTER TABLE relationships DROP CONSTRAINT relationships_target_soul_fkey",
            Drift("key", "relationships_target_soul_fkey", "missing"),
        ),
    ],
)
async def test_a_change_by_hand_is_found(database: Database, change: str, told: Drift) -> None:
    await database.pool.execute(change)
    assert await found(database) == [told]


async def test_indexes_of_a_person_and_of_vectors_are_theirs(database: Database) -> None:
    await database.pool.execute("CREATE INDEX mine ON base_beings ((genesis ->> 'name'))")
    assert await found(database) == []


async def test_going_back_a_version_and_forth_leads_to_the_same_schema(database: Database) -> None:
    """The migrations and the schema as it is made today are two ways to one place."""
    async with database.pool.acquire() as connection:
        async with connection.transaction():
            await Schema().migrate(connection, VERSION, 1)
        assert await drift(connection) != []
        async with connection.transaction():
            await Schema().migrate(connection, 1, VERSION)
        assert await drift(connection) == []
