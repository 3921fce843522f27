"""What the machine may lack: network, packages, room, a database. Each gives a sentence and a code; nothing is lost."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.command import Command, Ended

from luxos.persistence.database import Database
from luxos.persistence.schema import SCHEMA_BEING
from luxos.programmer.builder import lock_of

pytestmark = pytest.mark.slow

SENTENCE = "Zbuduj aplikację todo w Django"


def refused(ended: Ended, code: int, *words: str) -> None:
    """A person was told, in a sentence of their language, and saw no traceback."""
    assert ended.code == code, ended
    assert "Traceback" not in ended.out + ended.err
    for word in words:
        assert word in ended.out + ended.err


def no_index(url: str) -> dict[str, str]:
    return {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": url, "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}


def test_no_network(quick_luxos: Command, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    ended = quick_luxos("do", SENTENCE, LUXOS_CACHE=str(cache), **no_index("http://127.0.0.1:9/simple"))
    refused(ended, 5, "pakietów", "luxos resume")
    assert list(cache.rglob("*.whl")) == []


def test_an_index_that_answers_500(quick_luxos: Command, tmp_path: Path, serve_index: Callable[..., str]) -> None:
    cache = tmp_path / "cache"
    ended = quick_luxos("do", SENTENCE, "--json", LUXOS_CACHE=str(cache), **no_index(serve_index(500)))
    refused(ended, 5)
    assert ended.json["status"] == "failed"
    assert ended.json["error"]["code"] == "runtime.packages_unavailable"
    assert list(cache.rglob("*.whl")) == []


def test_a_package_that_is_not_what_the_lock_names(quick_luxos: Command, tmp_path: Path) -> None:
    wheels, cache = tmp_path / "wheels", tmp_path / "cache"
    wheels.mkdir()
    for line in lock_of("django").read_text().splitlines():
        if "==" in line:
            name, _, rest = line.partition("==")
            version = rest.split()[0]
            (wheels / f"{name.replace('-', '_')}-{version}-py3-none-any.whl").write_bytes(b"something else")
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    ended = quick_luxos("do", SENTENCE, "--json", LUXOS_CACHE=str(cache), **settings)
    refused(ended, 4)
    assert ended.json["error"]["code"] == "runtime.packages_tampered"
    assert list(cache.rglob("*.whl")) == []


def test_a_folder_that_is_not_ours(quick_luxos: Command) -> None:
    folder = quick_luxos.home / "luxos-projects" / "todo"
    folder.mkdir(parents=True)
    (folder / "praca.txt").write_text("my work")
    ended = quick_luxos("do", SENTENCE)
    refused(ended, 4, str(folder), "--name", "--dir")
    assert [path.name for path in folder.iterdir()] == ["praca.txt"]
    assert (folder / "praca.txt").read_text() == "my work"
    assert quick_luxos("runs", "--json").json == {"runs": []}


def test_a_file_in_the_place_of_the_folder(quick_luxos: Command) -> None:
    target = quick_luxos.home / "zajęte"
    target.write_text("mine")
    refused(quick_luxos("do", SENTENCE, "--dir", str(target)), 4, str(target))
    assert target.read_text() == "mine"


@pytest.mark.parametrize("name", ["../x", "a/b", "class", "😀", "x" * 300, ""])
def test_a_name_that_cannot_be(quick_luxos: Command, name: str) -> None:
    ended = quick_luxos("do", SENTENCE, "--name", name, "--json")
    refused(ended, 4)
    assert not (quick_luxos.home / "luxos-projects").exists()


def test_a_full_disk_under_the_files(quick_luxos: Command, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    plan = tmp_path / "plan.lux"
    plan.write_text(f'one = WRITE "small.txt", "1"\ntwo = WRITE "big.txt", "{"x" * 300_000}"\n')
    shell = f'mount -t tmpfs -o size=128k none {folder} && cd {folder} && exec "$@"'
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    ended = quick_luxos.wrapped([*namespace, "sh", "-c", shell, "sh"], "run", str(plan), "--json")
    refused(ended, 5)
    assert ended.json["error"]["code"] == "runtime.disk_full"
    run = ended.json["run"]
    # Outside that namespace the folder is on a disk with room: what was recorded is put there, and nothing ran twice.
    resumed = quick_luxos("resume", run, "--json")
    assert resumed.code == 0, resumed
    assert (folder / "big.txt").stat().st_size == 300_000
    assert {step["attempts"] for step in quick_luxos("show", run, "--json").json["steps"]} <= {1, 2}


def test_a_database_that_cannot_start(luxos: Command) -> None:
    broken = luxos.home / ".local" / "share" / "luxos"
    broken.mkdir(parents=True)
    (broken / "postgres").mkdir()
    (broken / "postgres" / "PG_VERSION").write_text("9.6\n")
    (broken / "postgres" / "precious").write_text("data")
    ended = luxos("runs")
    refused(ended, 5, "postgres")
    assert (broken / "postgres" / "precious").read_text() == "data"
    doctor = luxos("doctor", "--json")
    assert doctor.code == 5
    assert "fault" in {finding["status"] for finding in doctor.json["findings"] if finding["name"] == "database"}


def test_a_home_that_cannot_be_a_folder(luxos: Command) -> None:
    (luxos.home / "file").write_text("")
    refused(luxos("runs", LUXOS_HOME=str(luxos.home / "file" / "below")), 5)


def test_a_dsn_that_nobody_answers(luxos: Command) -> None:
    refused(luxos("runs", LUXOS_DSN="postgresql://nobody@127.0.0.1:9/nothing"), 5, "LUXOS_DSN")


async def test_a_database_of_a_newer_luxos(quick_luxos: Command, database: Database) -> None:
    newer = "UPDATE base_beings SET attributes = attributes || '{\"version\": 999}' WHERE soul = $1"
    await database.pool.execute(newer, SCHEMA_BEING)
    before = await database.pool.fetch("SELECT * FROM base_beings ORDER BY soul")
    refused(quick_luxos("runs"), 6, "999")
    assert await database.pool.fetch("SELECT * FROM base_beings ORDER BY soul") == before


def test_a_journal_that_is_gone_is_said_and_nothing_is_touched(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lux").write_text('WRITE "a.txt", "1"\nLIST "."\n')
    ran = quick_luxos("run", "a.lux", "--json", cwd=tmp_path)
    assert ran.code == 0, ran
    shutil.rmtree(next((quick_luxos.home / ".local" / "share" / "luxos" / "runs").glob(f"{ran.json['run']}*")))
    refused(quick_luxos("undo", ran.json["run"]), 4, "LUXOS_KEEP_UNDO")
    assert (tmp_path / "a.txt").read_text() == "1"


def test_two_builds_in_one_folder_at_once(quick_luxos: Command) -> None:
    first = quick_luxos.start("do", "--yes", SENTENCE)
    assert first.stdout is not None
    assert any("✓ source" in line for line in first.stdout)
    refused(quick_luxos("do", SENTENCE), 4, "todo")
    first.kill()
    first.communicate()
    again = quick_luxos("do", SENTENCE, "--json")
    refused(again, 4)
    assert again.json["error"]["code"] == "agent.project_unfinished"
    run = quick_luxos("runs", "--json").json["runs"][0]["run"]
    assert quick_luxos("undo", run).code == 0
    assert not (quick_luxos.home / "luxos-projects" / "todo").exists()
