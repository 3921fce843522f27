"""`luxos db check`: a database that we made has no faults, and each kind of damage is found and named."""

from uuid import uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.integrity import CHECKS, Fault
from luxos.persistence.database import Database
from luxos.souls.registry import summon


async def faults(database: Database) -> list[Fault]:
    return [fault for check, _title in CHECKS.values() async for fault in check(database)]


async def filled() -> BaseBeing:
    """A being with chapters of memories, and a relationship."""
    being = BaseBeing(soul=uuid4(), genesis={"type": "note"})
    await being.save()
    for number in range(60):
        being.remember("counted", number=number)
        await being.save()
    await summon(name="vat", source="def function(net):\n    return net\n")
    await RelationshipBeing(source_soul=being.soul, target_soul=being.soul, genesis={"type": "tie"}).save()
    return being


async def test_what_we_made_has_no_faults(database: Database) -> None:
    await filled()
    assert await faults(database) == []


@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        ("UPDATE base_beings SET attributes = '[]' WHERE genesis ->> 'type' = 'note'", {"shape"}),
        ("UPDATE base_beings SET genesis = genesis - 'owner' WHERE genesis ->> 'type' = 'note'", {"owner"}),
        ("UPDATE relationships SET genesis = '1' WHERE genesis ->> 'type' = 'tie'", {"shape"}),
        ("UPDATE relationships SET source_soul = gen_random_uuid() WHERE genesis ->> 'type' = 'tie'", {"source"}),
        ("UPDATE relationships SET target_soul = gen_random_uuid() WHERE genesis ->> 'type' = 'tie'", {"target"}),
        (
            "DELETE FROM relationships WHERE tags @> '{memory}' AND attributes ->> 'first' = '0'",
            {"gap"},
        ),
        (
            "DELETE FROM relationships WHERE tags @> '{memory}' AND (attributes ->> 'first')::int = "
            "(SELECT max((attributes ->> 'first')::int) FROM relationships WHERE tags @> '{memory}')",
            {"window"},
        ),
        ("UPDATE base_beings SET memories = memories - 0 WHERE genesis ->> 'type' = 'memory'", {"chapter"}),
        ("UPDATE base_beings SET memories = memories - 0 WHERE genesis ->> 'type' = 'note'", {"window"}),
        ("DROP INDEX idx_rel_tags", {"schema"}),
        (
            "UPDATE base_beings SET genesis = jsonb_set(genesis, '{source}', '\"x\"') WHERE tags @> '{soul}'",
            {"soul_version"},
        ),
        ("UPDATE base_beings SET attributes = attributes - 'hash' WHERE tags @> '{alias}'", {"soul_alias"}),
    ],
)
async def test_damage_is_found_and_named(database: Database, damage: str, rules: set[str]) -> None:
    await filled()
    async with database.pool.acquire() as connection:
        await connection.execute("SET session_replication_role = replica")  # as somebody would who breaks foreign keys
        await connection.execute(damage)
        await connection.execute("RESET session_replication_role")
    found = await faults(database)
    assert {fault.rule for fault in found} == rules
    assert all("{" not in str(fault) for fault in found)
