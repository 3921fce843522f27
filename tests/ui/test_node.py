"""Two machines on one database: a call moves to the second in its middle once that was enrolled, and says so before."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

CALL = """
import asyncio, luxos
SLOW = "import time\\n\\ndef function(ticket):\\n    time.sleep(7)\\n    return ticket\\n"
TICKET = '''
import random

def function():
    ticket = random.random()
    return ticket == execution("slow", ticket)
'''
async def main():
    async with luxos.open() as lux:
        await lux.summon(name="slow", source=SLOW, tier="hermetic")
        await lux.summon(name="ticket", source=TICKET, tier="hermetic")
        await lux.execution("ticket")
asyncio.run(main())
"""


@pytest.fixture
def machines(quick_luxos: Command, tmp_path: Path) -> tuple[Command, Command]:
    """Two people's commands with homes of their own and one database."""
    return quick_luxos, Command(tmp_path / "second", {"LUXOS_DSN": quick_luxos.environment["LUXOS_DSN"]})


def moved_away(machine: Command) -> str:
    """A run that waits in its middle, given up by the machine that it began on."""
    environment = machine.environment
    with subprocess.Popen([sys.executable, "-c", CALL], env=environment, stderr=subprocess.DEVNULL) as process:
        run = asyncio.run(_frozen(environment["LUXOS_DSN"]))
        assert machine("run", "move", run, "--json").json["status"] == "paused"
        process.wait()
    return run


async def _frozen(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(60):
            while True:
                query = "SELECT source_soul FROM relationships WHERE attributes ? 'frozen'"
                if (run := await connection.fetchval(query)) is not None:
                    return str(run)
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def test_a_call_moves_to_a_machine_that_was_enrolled(machines: tuple[Command, Command]) -> None:
    first, second = machines
    run = moved_away(first)
    alone = second("run", "resume", run)
    assert alone.code == 0, alone
    assert "! ticket" in alone.out  # it says that it begins again, and what to do about it
    assert "luxos node enroll" in alone.out

    run = moved_away(first)
    assert second("up", "--detach").code == 0  # it notices the key by itself
    asked = second("node", "enroll", "--json").json
    assert asked["status"] == "asked"
    assert f"luxos node approve {asked['code']}" in second("node", "enroll").out
    approved = first("node", "approve", asked["code"])
    assert approved.code == 0, approved
    code = approved.out.split()[-1]
    assert "może przyjąć klucz" in first("node", "list").out
    assert second("node", "enroll", code, "--json").json == {**asked, "status": "enrolled"}
    moved = second("run", "resume", run)
    assert moved.code == 0, moved
    assert "!" not in moved.out
    shown = json.loads(second("run", "show", run, "--json").out)
    assert [step["result"] for step in shown["steps"] if step["step"] == "ticket"] == [True]
    assert shown["chain_whole"]
    assert second("status").code == 0
    assert second("down").code == 0


def test_a_plan_stays_where_its_files_are(machines: tuple[Command, Command], tmp_path: Path) -> None:
    first, second = machines
    (tmp_path / "plan.lux").write_text('one = WRITE "a.txt", "1"\n')
    run = first("run", "plan.lux", "--json", cwd=tmp_path).json["run"]
    for command in (["undo", run], ["undo", run, "--json"]):
        refused = second(*command)
        assert (refused.code, str(tmp_path) in refused.out + refused.err) == (4, True)
    assert "nie przenosi plików między maszynami" in second("undo", run).err
    assert "(na maszynie" in " ".join(second("show", run).out.split())
    assert "(na maszynie" not in " ".join(first("show", run).out.split())
    assert (tmp_path / "a.txt").read_text() == "1"
    assert first("undo", run).code == 0


def test_what_does_not_fit_is_a_sentence(machines: tuple[Command, Command]) -> None:
    first, second = machines
    assert "Żadna maszyna" in first("node", "list").out
    for arguments, code, error in (
        (["node", "approve", "abcd"], 2, "runtime.node_unknown"),
        (["node", "enroll", "abcd"], 2, "runtime.node_not_approved"),
    ):
        refused = second(*arguments)
        assert (refused.code, refused.out, "Traceback" in refused.err) == (code, "", False), refused
        assert second(*arguments, "--json").json["error"]["code"] == error
    asked = second("node", "enroll", "--json").json
    first("node", "approve", asked["code"])
    wrong = second("node", "enroll", "0000-0000-0000-0000-0000")
    assert (wrong.code, "ktoś zmienił tabele" in wrong.err) == (4, True), wrong
