"""`luxos audit`, as a person uses it."""

import json

import asyncpg
import pytest
from tests.plugins.command import Command

from luxos.persistence.database import Database

DAMAGE = "UPDATE relationships SET attributes = jsonb_set(attributes, '{result}', '\"other\"') WHERE tags @> '{step}'"


def carried_out(luxos: Command) -> str:
    (luxos.home / "plan.lux").write_text('lux 1\ngoal "x"\none = APPEND "log.txt", "1"\n')
    assert luxos("run", "plan.lux").code == 0
    run: str = luxos("runs", "--json").json["runs"][0]["run"]
    return run


@pytest.mark.slow
async def test_what_was_done_is_whole_until_somebody_changes_it(quick_luxos: Command, database: Database) -> None:
    run = carried_out(quick_luxos)
    whole = quick_luxos("audit", "verify", "--json")
    assert (whole.code, whole.json["status"], whole.json["runs"], whole.json["seals"]) == (0, "whole", 1, 1)
    assert whole.json["unsealed"] == 0
    assert "Wszystko" in quick_luxos("audit", "verify", run[:8]).out
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(DAMAGE)
    await connection.close()
    damaged = quick_luxos("audit", "verify", run, "--json")
    assert (damaged.code, damaged.json["status"], damaged.json["found"]) == (1, "damaged", 1)
    assert (damaged.json["findings"][0]["rule"], damaged.json["findings"][0]["step"]) == ("step_altered", "one")
    said = quick_luxos("audit", "verify")
    assert said.code == 1
    assert "krok one zmieniono" in said.out
    assert quick_luxos("audit", "verify", "0000").code == 2


@pytest.mark.slow
async def test_an_anchor_is_kept_elsewhere(quick_luxos: Command, database: Database) -> None:
    carried_out(quick_luxos)
    file = quick_luxos.home / "head.json"
    assert quick_luxos("audit", "anchor", "--out", str(file)).code == 0
    assert quick_luxos("audit", "anchor", "--out", str(file)).code == 5  # it is there, and is kept
    assert quick_luxos("audit", "verify", "--anchor", str(file)).code == 0
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("DELETE FROM base_beings WHERE tags && '{seal,audit_chain}'")
    await connection.execute("UPDATE base_beings SET attributes = attributes - 'sealed' WHERE tags @> '{run}'")
    await connection.close()
    assert quick_luxos("audit", "verify").code == 0
    found = quick_luxos("audit", "verify", "--anchor", str(file), "--json")
    assert (found.code, [one["rule"] for one in found.json["findings"]]) == (1, ["anchor"])
    forged = {**json.loads(file.read_text()), "seq": 2}
    file.write_text(json.dumps(forged))
    refused = quick_luxos("audit", "verify", "--anchor", str(file))
    assert refused.code == 2
    assert "podpis" in refused.err
    assert quick_luxos("audit", "verify", "--anchor", "nowhere.json").code == 2
