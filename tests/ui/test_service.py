"""LuxOS in the background: commands answer through it, in each person's language, and it outlives bad company."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.command import Command

from luxos.config import Settings
from luxos.persistence.guardian import works_in
from luxos.ui.client import socket_path

pytestmark = pytest.mark.slow

PLAN = 'one = WRITE "a.txt", "1"\ntwo = SHELL ["sh", "-c", "sleep 30; echo 2 > b.txt"] AFTER one\n'


@pytest.fixture
def running(quick_luxos: Command) -> Iterator[Command]:
    started = quick_luxos("up", "--detach", "--json")
    assert started.json["status"] == "up", started
    yield quick_luxos
    quick_luxos("down")


def socket_of(luxos: Command) -> Path:
    return socket_path(Settings.from_environment(luxos.environment))


def status_of(luxos: Command) -> str:
    return str(luxos("runs", "--json").json["runs"][0]["status"])


def test_it_starts_once_and_stops(quick_luxos: Command) -> None:
    assert quick_luxos("status", "--json").json["status"] == "down"
    first = quick_luxos("up", "--detach", "--json").json
    assert quick_luxos("up", "--detach", "--json").json["pid"] == first["pid"]
    assert quick_luxos("status", "--json").json["pid"] == first["pid"]
    assert quick_luxos("down", "--json").json["pid"] == first["pid"]
    until = time.monotonic() + 20
    while socket_of(quick_luxos).exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert quick_luxos("down", "--json").json == {"status": "down"}


def test_commands_and_errors_pass_through_it_in_the_persons_language(running: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lux").write_text('one = WRITE "a.txt", "1"\n')
    ran = running("run", "a.lux", cwd=tmp_path)
    assert "✓ one" in ran.out
    assert (tmp_path / "a.txt").read_text() == "1"
    polish, english = running("show", "ffffffff"), running("show", "ffffffff", LUXOS_LANG="en")
    assert (polish.code, english.code) == (2, 2)
    assert "Nie ma przebiegu" in polish.err
    assert "There is no run" in english.err
    shaped = running("show", "ffffffff", "--json").json["error"]
    assert shaped["code"] == "runtime.run_unknown"
    suggested = running("do", "Zamów pizzę na ósmą", "--json")
    assert (suggested.code, len(suggested.json["error"]["suggestions"])) == (3, 3)


def test_a_person_who_goes_away_stops_their_run_and_can_resume_it(running: Command, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "a.lux").write_text(PLAN)
    person = running.start("run", "a.lux", cwd=place)
    assert person.stdout is not None
    for line in person.stdout:
        if "✓ one" in line:
            break
    person.kill()
    person.communicate()
    until = time.monotonic() + 20
    while status_of(running) != "stopped":
        assert time.monotonic() < until, running("runs", "--json")
        time.sleep(0.05)
    assert {path.name for path in place.iterdir()} == {"a.lux", "a.txt"}


def test_garbage_and_silence_harm_nobody(running: Command) -> None:
    connections = []
    for sent in (
        b"",
        b"garbage\n",
        b'{"method": 7}\n',
        b"[]\n",
        b'{"method": "nothing", "arguments": {}, "cwd": "/"}\n',
    ):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(socket_of(running)))
        connection.sendall(sent)
        connections.append(connection)
    assert running("runs", "--json").json == {"runs": []}
    for connection in connections:
        connection.close()
    assert running("status", "--json").json["status"] == "up"


def test_its_socket_is_its_owners_alone(running: Command) -> None:
    assert socket_of(running).stat().st_mode & 0o777 == 0o600


def test_when_it_is_killed_the_next_command_works_without_it(quick_luxos: Command) -> None:
    pid = quick_luxos("up", "--detach", "--json").json["pid"]
    os.kill(pid, signal.SIGKILL)
    assert quick_luxos("runs", "--json").code == 0
    again = quick_luxos("up", "--detach", "--json").json
    assert again["status"] == "up"
    quick_luxos("down")


def test_when_guardian_and_database_are_killed_it_opens_the_database_again(luxos: Command) -> None:
    pid = luxos("up", "--detach", "--json").json["pid"]
    cluster = luxos.home / ".local" / "share" / "luxos" / "postgres"
    for _twice in range(2):
        kill_database(cluster)
        again = luxos("runs", "--json")
        assert again.json == {"runs": []}, again
    assert luxos("status", "--json").json["pid"] == pid
    assert luxos("down").code == 0


def kill_database(cluster: Path) -> None:
    """Kills the guardian, then all processes of the server, and waits until they are gone."""
    home = os.fsencode(cluster.parent)
    guardians = [pid for pid in pids() if b"guardian.py" in command(pid) and home in command(pid)]
    servers = [pid for pid in pids() if works_in(pid, cluster)]
    assert guardians
    assert servers
    for pid in (*guardians, *servers):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while any(works_in(pid, cluster) for pid in servers):
        assert time.monotonic() < until
        time.sleep(0.02)


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_of_several_that_start_at_once_one_serves_and_the_others_say_so(quick_luxos: Command) -> None:
    started = [quick_luxos.start("up", "--json") for _ in range(3)]
    said = [json.loads(process.stdout.readline()) for process in started if process.stdout]
    assert [one["status"] for one in said] == ["up"] * 3
    (pid,) = {one["pid"] for one in said}
    assert quick_luxos("status", "--json").json["pid"] == pid
    assert quick_luxos("down", "--json").json["pid"] == pid
    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0, 0, 0]


def test_a_relative_data_folder_means_the_same_to_it(quick_luxos: Command, tmp_path: Path) -> None:
    started = quick_luxos("up", "--detach", "--json", cwd=tmp_path, LUXOS_HOME="data")
    assert started.json["status"] == "up", started
    assert quick_luxos("status", "--json", LUXOS_HOME=str(tmp_path / "data")).json["pid"] == started.json["pid"]
    listed = quick_luxos("runs", cwd=tmp_path, LUXOS_HOME="data")
    assert (listed.code, listed.err) == (0, "")
    assert quick_luxos("down", cwd=tmp_path, LUXOS_HOME="data").code == 0


def test_a_data_folder_that_is_none_is_told(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    started = quick_luxos("up", "--detach", "--json", LUXOS_HOME=str(tmp_path / "file"))
    assert (started.code, started.json["error"]["code"]) == (5, "ui.service_cannot_listen"), started


def test_sigterm_ends_it_as_down_does(quick_luxos: Command, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "a.lux").write_text(PLAN)
    service = quick_luxos.start("up", "--json")
    assert service.stdout is not None
    assert json.loads(service.stdout.readline())["status"] == "up"
    person = quick_luxos.start("run", "a.lux", cwd=place)
    assert person.stdout is not None
    for line in person.stdout:
        if "✓ one" in line:
            break
    service.terminate()
    assert (service.communicate(timeout=60)[1], service.returncode) == ("", 0)
    person.communicate(timeout=60)
    assert person.returncode != 0
    assert not socket_of(quick_luxos).exists()
    assert status_of(quick_luxos) == "stopped"
    assert {path.name for path in place.iterdir()} == {"a.lux", "a.txt"}
