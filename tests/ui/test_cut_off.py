"""A call that its person cuts off: it is stopped, not over, and is made again when they say so."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.command import Command
from tests.ui.test_run import going, status_of

pytestmark = pytest.mark.slow

SLEEPS = (
    "import time\n\ndef function(seconds):\n    print('awake')\n    time.sleep(seconds); return {'slept': seconds}\n"
)


@pytest.fixture
def luxos(quick_luxos: Command, tmp_path: Path) -> Command:
    """A person who has a function that takes its time."""
    (tmp_path / "sleeps.py").write_text(SLEEPS)
    assert quick_luxos("soul", "add", "sleeps", str(tmp_path / "sleeps.py")).code == 0
    return quick_luxos


@pytest.mark.parametrize(
    ("how", "command", "up"), [("ctrl-c", "resume", False), ("kill", "retry", True), ("kill", "resume", False)]
)
def test_it_is_made_again(luxos: Command, how: str, command: str, up: bool) -> None:
    if up:
        assert luxos("up", "--detach").code == 0
    try:
        calling = luxos.start("call", "sleeps", "2")
        run = going(luxos)
        calling.send_signal(signal.SIGINT if how == "ctrl-c" else signal.SIGKILL)
        _out, err = calling.communicate(timeout=30)
        assert calling.returncode == (130 if how == "ctrl-c" else -9), err
        assert (f"luxos resume {run[:8]}" in err) == (how == "ctrl-c")
        status = "interrupted" if how == "kill" and not up else "stopped"
        until(lambda: status_of(luxos, run) == status)
        went_on = luxos("run", command, run)
        assert went_on.code == 0, went_on
        assert {"awake", 'sleeps: {"slept": 2}'} <= set(went_on.out.splitlines())
        shown = luxos("run", "show", run, "--json").json
        (step,) = shown["steps"]
        assert (shown["status"], step["status"], step["result"]) == ("done", "done", {"slept": 2})
        assert luxos("audit", "verify").code == 0
    finally:
        luxos("down")


def test_its_person_is_told_what_became_of_it(luxos: Command) -> None:
    out_of_time = luxos("call", "sleeps", "20", "--seconds", "1.5", "--json")
    assert out_of_time.code == 4, out_of_time
    details = out_of_time.json["error"]["details"]
    assert details["printed"] == "awake\n"
    (step,) = luxos("run", "show", details["run"], "--json").json["steps"]
    assert (step["printed"], step["error"]["message"]) == ("awake\n", "Zakończono, zanim dobiegło końca.")
    too_long = luxos("call", "sleeps", "60")
    assert (too_long.code, too_long.out) == (1, "awake\n")
    assert "miało czekać dłużej niż 30 s" in too_long.err


def until(fits: Callable[[], bool]) -> None:
    """Looks until it is so."""
    for _attempt in range(20):
        if fits():
            return
    assert fits()
