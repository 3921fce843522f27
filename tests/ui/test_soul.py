"""`luxos soul`, as a person uses it: made, promoted, broken, rolled back, checked, taken elsewhere."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.command import Command

from luxos.persistence.database import Database
from luxos.souls.registry import Soul, summon

pytestmark = pytest.mark.slow

GOOD = "def function(net: float) -> float:\n    return net * 2\n"
BAD = "def function(net: float) -> float:\n    return net * 3\n"
EXAMPLES = [{"args": [2.0], "result": 4.0}]
COMMANDS = (
    "list show log diff at promote demote production manifest validate rollback import export rename report evolve "
    "promotions"
)


async def said(luxos: Command, *arguments: str, **environment: str) -> Any:
    return await asyncio.to_thread(luxos, "soul", *arguments, **environment)


async def told(luxos: Command, *arguments: str) -> Any:
    ended = await said(luxos, *arguments, "--json")
    assert ended.code == 0, ended.out + ended.err
    return ended.json


async def test_a_soul_is_promoted_broken_and_rolled_back(quick_luxos: Command, database: Database) -> None:
    await summon(name="twice", source=GOOD, examples=EXAMPLES)
    good = (await Soul.of("twice")).hash
    assert (await told(quick_luxos, "promote", "twice"))["souls"]["twice"]["examples"] == 1
    await summon(name="twice", source=BAD, examples=EXAMPLES)
    refused = await said(quick_luxos, "promote", "twice", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (4, "promotion_refused")
    assert (await told(quick_luxos, "production"))["souls"]["twice"]["hash"] == good
    diff = (await told(quick_luxos, "diff", good, "twice"))["diff"]
    assert "-    return net * 2" in diff and "+    return net * 3" in diff  # noqa: PT018 - both lines of one change
    assert (await told(quick_luxos, "rollback", "twice"))["hash"] == good
    assert (await said(quick_luxos, "at", "twice")).out == GOOD
    assert len((await told(quick_luxos, "log", "twice"))["history"]) == 3
    await told(quick_luxos, "demote", "twice")
    assert (await told(quick_luxos, "rollback", "--environment", "production"))["souls"]["twice"]["hash"] == good
    assert Path((await told(quick_luxos, "manifest"))["file"]).exists()
    assert (await told(quick_luxos, "list"))["souls"][0]["environments"] == {"production": good}
    assert (await told(quick_luxos, "rename", "twice", "double"))["alias"] == "double"
    whole = await told(quick_luxos, "validate")
    assert whole == {"status": "whole", "findings": [], "written": []}


async def test_a_soul_is_evolved_shown_and_rolled_back(quick_luxos: Command, database: Database) -> None:
    source = "def function(n: int) -> int:\n    x = n + 1\n    return x\n"
    await summon(name="next", source=source, examples=[{"args": [1], "result": 2}])
    tried = await told(quick_luxos, "evolve", "next", "--goal", "smaller", "--dry-run")
    assert (tried["after"], tried["steps"]) == (None, ["returned_name"])
    kept = await said(quick_luxos, "evolve", "next", "--goal", "smaller")
    assert "-    x = n + 1" in kept.out
    assert (await said(quick_luxos, "at", "next")).out == "def function(n: int) -> int:\n    return n + 1\n"
    await told(quick_luxos, "rollback", "next")
    assert (await said(quick_luxos, "at", "next")).out == source
    await summon(name="bare", source=GOOD)
    refused = await said(quick_luxos, "evolve", "bare", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "runtime.evolution_unfit")


CALLS = """
import asyncio, luxos
async def main():
    async with luxos.open() as lux:
        for n in (1, 1, 2, 1):
            await lux.execution("twice", n)
        old = (await lux.souls.get_by_alias("twice")).hash
        await lux.execution(old, 1)
asyncio.run(main())
"""


async def test_how_often_results_were_remembered_is_shown(quick_luxos: Command, database: Database) -> None:
    await summon(name="twice", source=GOOD, pure=True)
    first = (await told(quick_luxos, "at", "twice"))["hash"]
    assert "memo" not in await told(quick_luxos, "show", "twice")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CALLS, env=quick_luxos.environment)
    assert await process.wait() == 0
    assert (await told(quick_luxos, "show", "twice"))["memo"] == {"hits": 3, "misses": 2, "rate": 0.6}
    assert "3 z 5 wywołań (60%)" in (await said(quick_luxos, "show", "twice")).out
    await summon(name="twice", source=GOOD.replace("2", "4"), pure=True)  # a mutation: another being lives
    assert "memo" not in await told(quick_luxos, "show", "twice")
    assert (await told(quick_luxos, "show", first))["memo"]["hits"] == 1  # the call by its hash


async def test_damage_has_a_name_and_an_exit_code(quick_luxos: Command, database: Database) -> None:
    await summon(name="twice", source=GOOD)
    await told(quick_luxos, "list")
    (report,) = quick_luxos.home.rglob("souls/*.md")
    report.write_bytes(report.read_bytes() + b"x")
    ended = await said(quick_luxos, "validate")
    assert ended.code == 1
    assert report.name in ended.out
    await told(quick_luxos, "report", "twice")
    assert (await said(quick_luxos, "validate")).code == 0


async def test_what_is_exported_can_be_imported(quick_luxos: Command, database: Database, tmp_path: Path) -> None:
    await summon(name="twice", source=GOOD)
    out = tmp_path / "out"
    assert len((await told(quick_luxos, "export", "twice", "--output", str(out)))["exported"]) == 1
    old = json.loads(next(out.glob("[0-9a-f]*_*.json")).read_bytes())
    old["soul_info"]["soul_hash"] = "a1b2c3d4e5f60718"
    (out / "old.json").write_text(json.dumps(old))
    (out / "cut.json").write_text("{")
    found = await told(quick_luxos, "import", str(out))
    assert [len(found[key]) for key in ("imported", "unchanged", "refused")] == [1, 1, 1]
    shown = await told(quick_luxos, "show", "a1b2c3d4")
    assert shown["old_hash"] == "a1b2c3d4e5f60718"


@pytest.mark.parametrize("language", ["pl", "en"])
def test_every_command_has_help(quick_luxos: Command, language: str) -> None:
    listed = quick_luxos("soul", "--help", LUXOS_LANG=language)
    assert all(f"  {command} " in listed.out for command in COMMANDS.split())
    assert ("promuj" in listed.out) is (language == "pl")
