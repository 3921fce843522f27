"""`luxos db check`, as a person uses it."""

import asyncpg
import pytest
from tests.plugins.command import Command

from luxos.persistence.database import Database


@pytest.mark.slow
async def test_a_whole_database_is_whole_and_a_damaged_one_is_not(quick_luxos: Command, database: Database) -> None:
    (quick_luxos.home / "plan.lux").write_text('lux 1\ngoal "x"\none = APPEND "log.txt", "1"\n')
    assert quick_luxos("run", "plan.lux").code == 0
    whole = quick_luxos("db", "check", "--json")
    assert (whole.code, whole.json["status"], whole.json["faults"]) == (0, "whole", [])
    assert "Wszystko" in quick_luxos("db", "check").out
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(
        "UPDATE relationships SET attributes = jsonb_set(attributes, '{result}', '\"other\"') WHERE tags @> '{step}'"
    )
    await connection.close()
    damaged = quick_luxos("db", "check", "--json")
    assert (damaged.code, damaged.json["status"]) == (1, "damaged")
    assert [fault["rule"] for fault in damaged.json["faults"]] == ["step_altered"]
    assert "zmieniono" in quick_luxos("db", "check").out
