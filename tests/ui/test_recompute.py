"""`luxos being recompute`, as a person uses it."""

import asyncpg
import pytest
from tests.plugins.command import Command

from luxos.persistence.database import Database

LUX = 'lux 1\ngoal "x"\none = APPEND "log.txt", "1"\ntwo = APPEND "log.txt", "2" AFTER one\n'


@pytest.mark.slow
async def test_what_follows_from_the_steps_is_equal_and_what_was_altered_is_not(
    quick_luxos: Command, database: Database
) -> None:
    nothing = quick_luxos("being", "recompute", "--json")
    assert (nothing.code, nothing.json) == (0, {"status": "equal", "beings": []})
    assert "Żaden byt" in quick_luxos("being", "recompute").out
    (quick_luxos.home / "plan.lux").write_text(LUX)
    assert quick_luxos("run", "plan.lux").code == 0
    whole = quick_luxos("being", "recompute", "--json")
    assert (whole.code, whole.json["status"]) == (0, "equal")
    (being,) = whole.json["beings"]
    assert (being["equal"], being["differs"]) == (True, {})
    shown = quick_luxos("being", "show", being["soul"], "--json").json["self_awareness"]
    assert (shown["calls"], shown["failures"], shown["trust"]) == (2, 0, 0.75)
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(
        "UPDATE base_beings SET self_awareness = self_awareness || '{\"calls\": 7}' WHERE soul = $1", being["soul"]
    )
    await connection.close()
    altered = quick_luxos("being", "recompute", "--json")
    assert (altered.code, altered.json["status"]) == (1, "different")
    assert altered.json["beings"][0]["differs"] == {"calls": {"says": 7, "follows": 2}}
    assert "calls: mówi 7, a z kroków wynika 2" in quick_luxos("being", "recompute", being["soul"]).out
    repaired = quick_luxos("being", "recompute", being["soul"], "--repair", "--json")
    assert (repaired.code, repaired.json["status"]) == (0, "repaired")
    assert quick_luxos("being", "recompute").code == 0
