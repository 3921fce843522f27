"""`kill -9` while something acts outside, and while a person's word on it is written down: the effect is there once."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.command import Command
from tests.plugins.sampling import sampled

pytestmark = pytest.mark.slow

SEND = """
import socket

def function(port):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        return connection.recv(100).decode()
"""
ABOVE = """
def function(port):
    try:
        return ["above", execution("send", port)]
    except RuntimeError:
        return "it saw that"
"""
POINTS = [f"{point}:1" for point in ("step.settling", "record.sending", "record.sent", "step.settled")]
POINTS += ["step.started:1", "record.sending:2", "record.sent:2", "run.ended:1"]


class Outside:
    """What souls act on: it counts who comes, and greets once it is told to."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.came, self.greets = 0, False
        self.here = threading.Event()
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            self.came += 1
            self._kept.append(connection)
            self.here.set()
            if self.greets:
                connection.sendall(b"hello")
                connection.close()

    def close(self) -> None:
        for each in (self._listening, *self._kept):
            each.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    outside = Outside()
    yield outside
    outside.close()


def cut_off(luxos: Command, outside: Outside, folder: Path) -> str:
    """A run whose process is killed as soon as it has acted outside."""
    for name, source in {"send": SEND, "above": ABOVE}.items():
        (folder / f"{name}.py").write_text(source)
        named = ["--with", f'permissions=["host:127.0.0.1:{outside.port}"]'] if name == "send" else []
        assert luxos("soul", "add", name, str(folder / f"{name}.py"), *named).code == 0
    process = luxos.start("call", "above", str(outside.port), "--allow", "external")
    assert outside.here.wait(60)
    process.kill()
    process.communicate()
    return str(luxos("run", "list", "--json").json["runs"][0]["run"])


@pytest.mark.parametrize("point", sampled(POINTS, 2))
def test_killed_while_it_is_confirmed(quick_luxos: Command, outside: Outside, tmp_path: Path, point: str) -> None:
    run = cut_off(quick_luxos, outside, tmp_path)
    asked = quick_luxos("run", "resume", run, "--json")
    assert (asked.code, asked.json["error"]["details"]["step"]) == (7, "above/1")
    assert f"luxos run confirm {run[:8]} above/1" in asked.json["error"]["message"]
    quick_luxos("run", "confirm", run, "--result", "by hand", LUXOS_FAULTPOINT=point)
    again = quick_luxos("run", "confirm", run, "--result", "by hand", "--json")
    if again.code == 2:  # it was written down before
        assert again.json["error"]["code"] == "runtime.step_certain"
        again = quick_luxos("run", "resume", run, "--json")
    if again.code != 2:  # it has not come to its end before
        assert again.json["results"] == {"above": ["above", "by hand"]}
    shown = quick_luxos("run", "show", run, "--json").json
    assert (shown["status"], shown["chain_whole"]) == ("done", True)
    assert next(step["result"] for step in shown["steps"] if step["step"] == "above") == ["above", "by hand"]
    assert outside.came == 1
    assert quick_luxos("audit", "verify").code == 0


@pytest.mark.parametrize("point", sampled(POINTS[:4]))
def test_killed_while_it_is_denied(quick_luxos: Command, outside: Outside, tmp_path: Path, point: str) -> None:
    run = cut_off(quick_luxos, outside, tmp_path)
    outside.greets = True
    quick_luxos("run", "deny", run, "--later", LUXOS_FAULTPOINT=point)
    told = quick_luxos("run", "deny", run, "--later")
    assert (told.code, "Traceback" in told.err) in ((0, False), (2, False))
    assert outside.came == 1  # nothing is done before somebody goes on
    done = quick_luxos("run", "resume", run, "--json")
    assert (done.code, done.json["results"]) == (0, {"above": ["above", "hello"]})
    assert outside.came == 2
    steps = quick_luxos("run", "show", run, "--json").json["steps"]
    assert {step["step"]: (step["status"], step["attempts"]) for step in steps}["above/1"] == ("done", 2)


def test_what_a_person_reads(quick_luxos: Command, outside: Outside, tmp_path: Path) -> None:
    run = cut_off(quick_luxos, outside, tmp_path)
    asked = quick_luxos("run", "resume", run)
    assert asked.code == 7
    for command in ("confirm", "deny"):
        assert f"`luxos run {command} {run[:8]} above/1`" in asked.out
    assert "Nie wiadomo, czy to się odbyło: above/1." in " ".join(quick_luxos("run", "show", run).out.split())
    assert quick_luxos("run", "show", run, "--json").json["uncertain"] == ["above/1"]
    wrong = quick_luxos("run", "confirm", run, "above")
    assert (wrong.code, "above/1" in wrong.err, "Traceback" in wrong.err) == (2, True, False)
    later = quick_luxos("run", "confirm", run, "--later", "--result", json.dumps({"sent": 1}))
    assert (later.code, later.out.splitlines()[-1]) == (
        0,
        f"Zapisano, że krok above/1 się odbył. Dalej prowadzi `luxos run resume {run[:8]}`.",
    )
    assert "luxos resume" not in asked.out  # the message says what to do
    done = quick_luxos("run", "resume", run)
    assert (done.code, done.out.splitlines()[-1]) == (0, 'above: ["above", {"sent": 1}]')
    settled = next(step for step in quick_luxos("show", run, "--json").json["steps"] if step["step"] == "above/1")
    assert settled["settled"]["happened"] is True
