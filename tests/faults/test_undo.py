"""Undo and resume, cut off at the worst moments, and a person who works on the files meanwhile."""

import signal
from pathlib import Path

import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

PLAN = """
one   = WRITE "one.txt", "1"
two   = WRITE "two.txt", "2" AFTER one
three = READ "missing.txt" AFTER two
"""
SENTENCE = "Zbuduj aplikację todo w Django"


def prepared(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "plan.lux").write_text(PLAN)
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_undo_that_was_cut_off_is_finished_and_not_resumed(quick_luxos: Command, tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    run = quick_luxos("run", "plan.lux", "--json", cwd=folder).json["run"]
    assert names(folder) == {"plan.lux", "one.txt", "two.txt"}
    assert quick_luxos("undo", run, LUXOS_FAULTPOINT="changes.undo.checked:2").code == -signal.SIGKILL
    resumed = quick_luxos("resume", run, "--json")
    assert (resumed.code, resumed.json["error"]["code"]) == (4, "agent.undo_unfinished")
    assert quick_luxos("undo", run).code == 0
    assert names(folder) == {"plan.lux"}
    assert quick_luxos("runs", "--json").json["runs"][0]["status"] == "undone"


@pytest.mark.parametrize("point", ["step.started", "step.ready", "step.done", "step.applied"])
def test_a_run_that_was_cut_off_is_undone_whole(quick_luxos: Command, tmp_path: Path, point: str) -> None:
    folder = prepared(tmp_path)
    assert quick_luxos("run", "plan.lux", cwd=folder, LUXOS_FAULTPOINT=f"{point}:2").code == -signal.SIGKILL
    run = quick_luxos("runs", "--json").json["runs"][0]["run"]
    assert quick_luxos("undo", run, "--json").json["kept"] == []
    assert names(folder) == {"plan.lux"}


def test_what_a_run_that_was_cut_off_has_recorded_is_seen_by_the_next_one(quick_luxos: Command, tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    assert quick_luxos("run", "plan.lux", cwd=folder, LUXOS_FAULTPOINT="step.done:2").code == -signal.SIGKILL
    assert names(folder) == {"plan.lux", "one.txt"}
    (tmp_path / "next.lux").write_text('READ "two.txt"')
    assert quick_luxos("run", str(tmp_path / "next.lux"), cwd=folder).code == 0
    assert names(folder) == {"plan.lux", "one.txt", "two.txt"}


def test_the_undo_stands_in_the_audit_log(quick_luxos: Command, tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    run = quick_luxos("run", "plan.lux", "--json", cwd=folder).json["run"]
    quick_luxos("undo", run)
    said = quick_luxos("psql", "--", "-At", "-c", "SELECT status FROM audit_log WHERE action = 'run.undo'")
    assert said.out.strip() == "success"


def test_what_a_person_wrote_while_a_build_was_cut_off_is_theirs(quick_luxos: Command) -> None:
    assert quick_luxos("do", SENTENCE, "--yes", LUXOS_FAULTPOINT="step.applied:2").code == -signal.SIGKILL
    run = quick_luxos("runs", "--json").json["runs"][0]["run"]
    readme = quick_luxos.home / "luxos-projects" / "todo" / "README.md"
    readme.write_text(readme.read_text() + "moje\n")
    assert quick_luxos("resume", run).code == 0
    again = quick_luxos("do", SENTENCE, "--json")
    assert (again.code, again.json["error"]["code"]) == (4, "agent.project_changed")
    assert readme.read_text().endswith("moje\n")


def test_a_build_under_a_later_one_is_not_taken_back(quick_luxos: Command) -> None:
    first, second = (quick_luxos("do", SENTENCE, "--json").json["run"] for _build in range(2))
    refused = quick_luxos("undo", first, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (4, "agent.later_run_stands")
    for run in (second, first):
        assert quick_luxos("undo", run).code == 0
    assert not (quick_luxos.home / "luxos-projects" / "todo").exists()
