"""Folders of reports: what another LuxOS exported has the same hashes here, and old hashes are found."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from luxos.persistence.database import Database
from luxos.souls.aliases import Alias, history
from luxos.souls.archive import INDEX
from luxos.souls.errors import SoulAmbiguous
from luxos.souls.exporting import export
from luxos.souls.importing import find_old, import_reports
from luxos.souls.registry import Soul

OLD, LONG = "a1b2c3d4e5f67890", "0f" * 32
ADD = "def add(a):\n    return a\n"
EMPTY = "TRUNCATE base_beings, relationships CASCADE"


def old_report(**changes: Any) -> dict[str, Any]:
    """A report as the older LuxOS wrote it."""
    report = {
        "soul_info": {
            "soul_hash": OLD,
            "alias": "calculator",
            "global_ulid": "01H0000000000000000000000A",
            "version": 1,
            "parent_hash": None,
            "created_at": "2025-01-27T12:00:00",
        },
        "genotype": {
            "genesis": {
                "name": "calculator",
                "type": "function",
                "version": "1.0.0",
                "source": ADD,
            },
            "attributes": {"precision": {"py_type": "int", "default": 2}},
            "functions": {"add": {"py_type": "function", "description": "Dodaje"}},
            "capabilities": {"has_init": False},
            "dependencies": [],
        },
        "analysis": {"function_count": 1},
        "creation_context": {"created_by": "system"},
        "system_info": {"python_version": "3.11"},
    }  # fmt: skip
    info = report["soul_info"]
    assert isinstance(info, dict)
    info |= changes
    return report


def write(folder: Path, name: str, content: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


@pytest.fixture
def old_folder(tmp_path: Path) -> Path:
    """Two good reports, and everything that can be wrong with one."""
    folder = tmp_path / "logs"
    write(folder, f"{OLD}_20250127_120000.json", old_report())
    changed = old_report(soul_hash=LONG, version=2, parent_hash=OLD)
    changed["genotype"]["genesis"]["source"] = "def add(a):\n    return a + 1\n"
    write(folder, f"{LONG}_20250128_120000.json", changed)
    write(folder, "cut.json", json.dumps(old_report())[:200])
    write(folder, "empty.json", "")
    write(folder, "list.json", [])
    write(folder, "deep.json", "[" * 100_000)
    write(folder, "nan.json", '{"soul_info": NaN}')
    write(folder, "nohash.json", old_report(soul_hash="xyz"))
    write(folder, "nogenesis.json", {"soul_info": {"soul_hash": "b" * 16}})
    write(folder, "changed.json", old_report(soul_hash="sha256:" + "c" * 64))
    untyped = old_report(soul_hash="d" * 16)
    del untyped["genotype"]["genesis"]["type"]
    write(folder, "untyped.json", untyped)
    write(folder, "huge.json", " " * 16_000_001)
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    write(folder, INDEX, {OLD: {"file": f"{OLD}_20250127_120000.json"}, "e" * 16: {"file": "gone.json"}})
    write(folder, "deployment_manifest_1.json", {})
    write(folder, "production_config.json", {})
    write(folder, "README.md", "#")
    return folder


async def test_an_old_folder_is_taken_and_old_hashes_are_found(database: Database, old_folder: Path) -> None:
    told = (await import_reports(old_folder)).as_json()
    assert {one["hash"] for one in told["imported"]} == {OLD, LONG}
    refused = {one["file"] for one in told["refused"]}
    assert refused == {
        *(f"{name}.json" for name in ("cut", "empty", "list", "deep", "nan", "nohash", "nogenesis", "changed")),
        *(f"{name}.json" for name in ("untyped", "huge", "link", "folder", "pipe", "gone")),
    }
    assert all(one["reason"] for one in told["refused"])
    soul = await Soul.of("calculator")
    for name in (LONG, LONG[:8]):
        assert await find_old(name) == (LONG, soul.hash)
    first = await find_old(OLD[:8])
    assert first is not None
    assert (await Soul.of(first[1])).genotype["source"] == ADD
    assert await find_old("0" * 8) is None is await find_old("a1b2")


async def test_twice_changes_nothing(database: Database, old_folder: Path) -> None:
    await import_reports(old_folder)
    everything = "SELECT * FROM base_beings ORDER BY soul"
    before = await database.pool.fetch(everything)
    again = (await import_reports(old_folder)).as_json()
    assert (again["imported"], len(again["unchanged"])) == ([], 2)
    assert await database.pool.fetch(everything) == before


async def test_an_alias_that_is_here_stays_as_it_is(database: Database, old_folder: Path) -> None:
    mine = await Soul.register({"type": "text", "source": "mine"}, alias="calculator")
    assert len((await import_reports(old_folder)).imported) == 2
    assert await Soul.of("calculator") == mine


async def test_several_old_hashes_that_begin_so_are_told(database: Database, tmp_path: Path) -> None:
    for number in "12":
        write(tmp_path / "in", f"{number}.json", old_report(soul_hash="a" * 15 + number, alias=None))
    assert len((await import_reports(tmp_path / "in")).imported) == 2
    with pytest.raises(SoulAmbiguous):
        await find_old("a" * 8)


@pytest.mark.parametrize("output", ["out", "out.json"])
async def test_what_is_exported_has_the_same_hashes_elsewhere(database: Database, tmp_path: Path, output: str) -> None:
    await Soul.register({"type": "function", "source": "def function(n):\n    return n\n"}, alias="rate")
    for more in ("", "# 1.0\n", "# \r\n"):
        source = f"async def function(n):\n    return await execution('rate', n)\n{more}"
        await Soul.register({"type": "function", "source": source, "limits": {"seconds": 1.0}}, alias="vat")
    await Soul.register_group(
        {
            one: {"type": "function", "source": f"async def function(n):\n    return await execution('{other}', n)\n"}
            for one, other in (("ping", "pong"), ("pong", "ping"))
        }
    )
    hashes = {name: (await Soul.of(name)).hash for name in ("rate", "vat", "ping", "pong")}
    told = [one["hash"] for one in await history("vat")]
    for name in ("vat", "ping"):
        await export(name, tmp_path / f"{name}-{output}")
    await database.pool.execute(EMPTY)
    for name, count in (("vat", 4), ("ping", 2)):
        outcome = await import_reports(tmp_path / f"{name}-{output}")
        assert (len(outcome.imported), outcome.refused) == (count, [])
        assert (await import_reports(tmp_path / f"{name}-{output}")).imported == []
    for name, found in hashes.items():
        assert (await Alias.of(name)).hash == found == (await Soul.of(name)).hash
    assert [one["hash"] for one in await history("vat")] == told


async def test_a_report_whose_pin_is_nowhere_is_refused(database: Database, tmp_path: Path) -> None:
    await Soul.register({"type": "function", "source": "def function(n):\n    return n\n"}, alias="rate")
    source = "async def function(n):\n    return await execution('rate', n)\n"
    vat = await Soul.register({"type": "function", "source": source}, alias="vat")
    await export("vat", tmp_path / "out")
    await database.pool.execute(EMPTY)
    for file in (tmp_path / "out").glob("*.json"):
        if not file.name.startswith(vat.hash.removeprefix("sha256:")):
            file.unlink()
    outcome = await import_reports(tmp_path / "out")
    assert (outcome.imported, [one["hash"] for one in outcome.refused]) == ([], [vat.hash])
