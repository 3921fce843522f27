"""`luxos db usage` and `luxos db clean`, as a person uses it."""

import pytest
from tests.plugins.command import Command

from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import Database


@pytest.mark.slow
async def test_what_takes_the_room_is_said(quick_luxos: Command) -> None:
    await BaseBeing(genesis={"type": "note"}, attributes={"text": "x" * 100}).save()
    journal = quick_luxos.home / ".local/share/luxos/runs/one/undo"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"x" * 100_000)
    used = quick_luxos("db", "usage", "--json").json
    beings = next(table for table in used["tables"] if table["name"] == "base_beings")
    assert beings["bytes"] >= sum(beings["indexes"].values()) > 0
    assert "idx_luxos_created" in beings["indexes"]
    note = next(kind for kind in used["kinds"] if kind["kind"] == "note")
    assert (note["rows"], 100 < note["bytes"] < 1000) == (1, True)
    assert {folder["name"]: folder["bytes"] for folder in used["folders"]}["runs"] >= 100_000
    assert "przebiegi: dzienniki" in quick_luxos("db", "usage").out


@pytest.mark.slow
async def test_what_is_old_goes_when_the_person_says_so(quick_luxos: Command, database: Database) -> None:
    (quick_luxos.home / "plan.lux").write_text('lux 1\ngoal "x"\none = APPEND "log.txt", "1"\n')
    ran = quick_luxos("run", "plan.lux", "--json")
    journal = quick_luxos.home / ".local/share/luxos/runs" / ran.json["run"]
    assert journal.is_dir()
    assert "Nic nie jest starsze" in quick_luxos("db", "clean").out
    old = {"LUXOS_KEEP_RUNS": "0.0000001"}
    dry = quick_luxos("db", "clean", "--dry-run", "--json", **old)
    assert (dry.code, dry.json["status"], [part["kind"] for part in dry.json["goes"]]) == (0, "preview", ["runs"])
    unasked = quick_luxos("db", "clean", **old)
    assert (unasked.code, "Niczego nie usunięto" in unasked.out, "dziennikami" in unasked.out) == (7, True, True)
    assert quick_luxos("db", "clean", "--json", **old).code == 7
    assert journal.is_dir()
    done = quick_luxos("db", "clean", "--yes", "--json", **old)
    assert (done.code, done.json["status"], done.json["went"]) == (0, "cleaned", dry.json["goes"])
    assert not journal.exists()
    assert quick_luxos("being", "show", done.json["cleaning"], "--json").json["genesis"]["type"] == "cleaning"
    assert quick_luxos("undo", ran.json["run"]).code != 0
    assert quick_luxos("db", "check").code == 0
    assert "Nic nie jest starsze" in quick_luxos("db", "clean", "--yes", **old).out


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_a_setting_that_is_no_number_of_days_is_refused(value: str) -> None:
    assert Settings.from_environment({"HOME": "/nowhere", "LUXOS_KEEP_RUNS": "7"}).keep_runs == 7
    with pytest.raises(ValueError, match="LUXOS_KEEP_RUNS"):
        Settings.from_environment({"HOME": "/nowhere", "LUXOS_KEEP_RUNS": value})
