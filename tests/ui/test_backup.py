"""`luxos backup` and `luxos restore`, as a person uses them: from one home to another."""

import os
from pathlib import Path

import pytest
from tests.plugins.command import Command


@pytest.mark.slow
def test_an_installation_moves_to_another_home(luxos: Command, tmp_path: Path) -> None:
    (luxos.home / "plan.lux").write_text('lux 1\ngoal "x"\none = APPEND "log.txt", "1"\n')
    assert luxos("run", "plan.lux").code == 0
    run = luxos("runs", "--json").json["runs"][0]["run"]
    made = luxos("backup", "all.luxos", "--json")
    assert (made.code, made.json["status"], made.json["file"]) == (0, "done", str(luxos.home / "all.luxos"))
    assert made.json["counts"]["relationships"] >= 1
    other = Command(tmp_path / "other")
    restored = other("restore", str(luxos.home / "all.luxos"), "--json")
    assert (restored.code, restored.json["counts"]) == (0, made.json["counts"])
    assert other("show", run, "--json").json["chain_whole"]
    assert other("undo", run, "--json").code == 0  # the undo data moved too; the folder is the same one
    assert not (luxos.home / "log.txt").exists()


@pytest.mark.slow
def test_a_restore_over_something_is_refused_or_backed_up_first(luxos: Command) -> None:
    (luxos.home / "plan.lux").write_text('lux 1\ngoal "x"\none = APPEND "log.txt", "1"\n')
    assert luxos("run", "plan.lux").code == 0
    assert luxos("backup", "all.luxos").code == 0
    again = luxos("backup", "all.luxos")
    assert (again.code, "all.luxos" in again.err) == (5, True)
    refused = luxos("restore", "all.luxos")
    assert refused.code == 4
    assert "--replace" in refused.err
    (luxos.home / "soul.py").write_text("def function():\n    return 1\n")
    assert luxos("soul", "add", "later", "soul.py").code == 0
    done = luxos("restore", "all.luxos", "--replace", "--json")
    assert done.code == 0
    assert Path(done.json["before"]).is_file()
    assert luxos("soul", "validate").code == 0
    assert luxos("backup", "same.luxos", "--json").json["files"] == done.json["files"]


@pytest.mark.slow
def test_files_that_are_no_backup_are_refused_in_words(luxos: Command) -> None:
    (luxos.home / "no.luxos").write_bytes(os.urandom(1000))
    assert "no.luxos" in luxos("restore", "no.luxos").err
    missing = luxos("restore", "missing.luxos")
    assert (missing.code, "missing.luxos" in missing.err) == (5, True)
    for ended in (luxos("restore", "no.luxos"), missing, luxos("backup", "nowhere/x.luxos")):
        assert "Traceback" not in ended.err
        assert ended.code != 0
