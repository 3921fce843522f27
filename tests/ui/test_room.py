"""`luxos db usage`, as a person uses it."""

import pytest
from tests.plugins.command import Command

from luxos.beings.being import BaseBeing
from luxos.ui.formatters import size


def test_sizes_are_read_by_a_person() -> None:
    assert [size(taken).replace(",", ".") for taken in (0, 999, 1000, 1_234_567, 5 * 10**15)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.2 MB",
        "5000.0 TB",
    ]


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
