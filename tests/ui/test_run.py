"""`luxos run`, as a person uses it: programs are carried out, and runs looked at, followed and stopped."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

PLAN = """
one = SHELL ["sh", "-c", "test -e quick || sleep {seconds}; echo 1 > a"]
two = SHELL ["sh", "-c", "test -e quick || sleep 2; echo 2 > b"] AFTER one
"""

GIVEN = {"plan.lux", "long.lux"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / "plan.lux").write_text(PLAN.format(seconds=6))
    (folder / "long.lux").write_text(PLAN.format(seconds=60))
    return folder


def going(luxos: Command) -> str:
    """The run that another process carries out, once its first step has begun."""
    return str(asyncio.run(_going(luxos.environment["LUXOS_DSN"])))


async def _going(dsn: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(60):
            while True:
                run = await connection.fetchval("SELECT source_soul FROM relationships WHERE tags @> '{step}'")
                if run is not None:
                    return run
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def status_of(luxos: Command, run: str) -> str:
    return str(luxos("run", "show", run, "--json").json["status"])


def test_a_file_is_carried_out_whatever_it_is_called(quick_luxos: Command, tmp_path: Path) -> None:
    for name in ("list", "plan.lux"):
        (tmp_path / name).write_text('one = WRITE "a.txt", "1"\n')
    for arguments in (["plan.lux"], ["--json", "plan.lux"], ["program", "list"], ["./list"]):
        assert quick_luxos("run", *arguments, cwd=tmp_path).code == 0, arguments
    assert len(quick_luxos("run", "list", "--json", cwd=tmp_path).json["runs"]) == 4
    for wrong, code in ((["nothing.lux"], 2), (["--json"], 2), (["plan.lux", "more"], 2), (["--what", "plan.lux"], 2)):
        refused = quick_luxos("run", *wrong, cwd=tmp_path)
        assert (refused.code, "Traceback" in refused.err) == (code, False), refused


def test_the_short_forms_are_the_same_commands(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.lux").write_text('one = WRITE "a.txt", "1"\n')
    run = quick_luxos("run", "plan.lux", "--json", cwd=tmp_path).json["run"]
    assert quick_luxos("run", "list").out == quick_luxos("runs").out
    shown = quick_luxos("run", "show", run).out
    assert shown == quick_luxos("show", run).out
    assert "+0,0" in shown  # when the step began, and how long it took
    assert quick_luxos("run", "resume", run).err == quick_luxos("resume", run).err


@pytest.mark.parametrize("command", ["show", "tail", "pause", "move", "resume", "cancel", "retry"])
def test_a_run_that_is_not_there(quick_luxos: Command, command: str) -> None:
    shaped = quick_luxos("run", command, "ffffffff", "--json")
    assert (shaped.code, shaped.json["error"]["code"]) == (2, "runtime.run_unknown")
    assert "Nie ma przebiegu" in shaped.json["error"]["message"]


def test_a_run_of_another_process_pauses_and_goes_on(quick_luxos: Command, place: Path) -> None:
    runner = quick_luxos.start("run", "plan.lux", cwd=place)
    run = going(quick_luxos)
    paused = quick_luxos("run", "pause", run[:8])
    assert paused.code == 0, paused
    assert f"luxos run resume {run[:8]}" in paused.out
    out, _err = runner.communicate(timeout=30)
    assert runner.returncode == 130
    assert f"Przebieg {run[:8]} został wstrzymany" in out
    assert {path.name for path in place.iterdir()} == {*GIVEN, "a"}
    assert quick_luxos("run", "pause", run, "--json").json["status"] == "paused"  # it is so already
    resumed = quick_luxos("run", "resume", run, "--json")
    assert (resumed.code, resumed.json["status"]) == (0, "done")
    assert {path.name for path in place.iterdir()} == {*GIVEN, "a", "b"}
    for command, code in (("pause", 2), ("move", 2), ("cancel", 2), ("retry", 2), ("resume", 2)):
        refused = quick_luxos("run", command, run)
        assert (refused.code, refused.out, "Traceback" in refused.err) == (code, "", False), refused
    assert quick_luxos("audit", "verify").code == 0


def test_a_run_of_another_process_is_cancelled_and_tried_again(quick_luxos: Command, place: Path) -> None:
    runner = quick_luxos.start("run", "long.lux", "--json", cwd=place)
    run = going(quick_luxos)
    assert quick_luxos("run", "resume", run).code == 4  # it is held there
    early = quick_luxos("run", "pause", run, "--wait", "0")
    assert (early.code, "najbliższym" in early.err) == (1, True), early
    assert quick_luxos("run", "cancel", run, "--json").json["status"] == "cancelled"
    out, _err = runner.communicate(timeout=30)
    assert (runner.returncode, json.loads(out)["status"]) == (130, "cancelled")
    assert {path.name for path in place.iterdir()} == GIVEN
    refused = quick_luxos("run", "resume", run)
    assert (refused.code, "luxos run retry" in refused.err) == (2, True)
    (place / "quick").touch()
    assert quick_luxos("run", "retry", run).code == 0
    assert {path.name for path in place.iterdir()} == {*GIVEN, "quick", "a", "b"}
    assert quick_luxos("audit", "verify").code == 0


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_a_run_whose_process_was_killed(quick_luxos: Command, place: Path, command: str) -> None:
    runner = quick_luxos.start("run", "long.lux", cwd=place)
    run = going(quick_luxos)
    runner.kill()
    runner.communicate()
    given = quick_luxos("run", command, run, "--json")
    assert (given.code, given.json["status"]) == (0, "cancelled" if command == "cancel" else "paused"), given


def followed(luxos: Command, run: str, *options: str) -> Any:
    process = luxos.fork("run", "tail", run, *options)
    return process, process.stdout.readline()


def test_a_run_is_followed_and_goes_on_without_it(quick_luxos: Command, place: Path) -> None:
    runner = quick_luxos.start("run", "plan.lux", cwd=place)
    run = going(quick_luxos)
    leaving, first = followed(quick_luxos, run)
    assert "… one" in first
    leaving.send_signal(signal.SIGINT)
    _out, err = leaving.communicate(timeout=20)
    assert (leaving.returncode, "Nie śledzisz" in err) == (130, True), err
    staying, first = followed(quick_luxos, run, "--json")
    assert json.loads(first)["status"] == "started"
    runner.communicate(timeout=60)
    assert runner.returncode == 0
    out, _err = staying.communicate(timeout=20)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line.get("step"), line["status"]) for line in lines] == [
        *(("one", "done"), ("two", "started"), ("two", "done")),
        (None, "done"),
    ]
    assert staying.returncode == 0


def test_in_the_background_too(quick_luxos: Command, place: Path) -> None:
    assert quick_luxos("up", "--detach").code == 0
    try:
        runner = quick_luxos.start("run", "plan.lux", cwd=place)
        run = going(quick_luxos)
        watching, first = followed(quick_luxos, run)
        assert "… one" in first
        assert quick_luxos("run", "pause", run).code == 0
        runner.communicate(timeout=60)
        assert runner.returncode == 130
        out, _err = watching.communicate(timeout=20)
        assert out.splitlines()[-1] == f"Przebieg {run[:8]}: wstrzymane."
        assert status_of(quick_luxos, run) == "paused"
    finally:
        quick_luxos("down")


def test_the_shell_completes_commands_files_and_runs(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.lux").write_text('one = WRITE "a.txt", "1"\n')
    run = quick_luxos("run", "plan.lux", "--json", cwd=tmp_path).json["run"]

    def completed(*words: str) -> list[str]:
        line = " ".join(("luxos", *words))
        asked = {"_LUXOS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
        return quick_luxos(**asked).out.splitlines()

    assert {"plain,list", "plain,tail", "plain,retry"} <= set(completed("run", ""))
    assert "file,pl" in completed("run", "pl")
    assert completed("run", "pause", run[:2]) == [f"plain,{run[:8]}"]
