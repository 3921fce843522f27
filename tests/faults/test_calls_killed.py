"""`kill -9` in the middle of calls of calls: what was acknowledged is there, what had ended is not run again.

The checker knows only what the killed program had printed, and what stands in the tables afterwards.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.calling_user import CALLS
from tests.plugins.command import Command
from tests.plugins.sampling import WHOLE
from tests.plugins.warm import Forked

pytestmark = pytest.mark.slow

USER = Path(__file__).with_name("calling_user.py")
POINTS = ("step.started", "step.ready", "step.done", "record.sending", "record.sent")
REACHED = range(1, 40, 1 if WHOLE else 26)
"""The times at which a point is reached and the program killed there."""
PARTS, MOMENTS = (4, 100) if WHOLE else (1, 4)
SEED = 20261127


class Program:
    """A person's program, in processes of its own on one home."""

    def __init__(self, luxos: Command) -> None:
        self._luxos = luxos

    def start(self, what: str, **environment: str) -> Forked:
        told = {"LUXOS_HOME": str(self._luxos.home / "data"), **environment}
        return self._luxos.fork(what, script=USER, **told)

    def run(self, what: str, **environment: str) -> list[str]:
        """Runs to the end, or until it is killed; gives what it printed."""
        out, err = self.start(what, **environment).communicate(timeout=120)
        assert "Traceback" not in err, err
        return out.splitlines()

    def run_for(self, seconds: float) -> list[str]:
        """Kills it so long after it was ready."""
        process = self.start("call")
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        out, _err = process.communicate()
        return [first.strip(), *out.splitlines()]

    def runs(self) -> list[dict[str, Any]]:
        return list(self._asked("runs", "--limit", "1000", "--json")["runs"])

    def show(self, run: str) -> dict[str, Any]:
        return self._asked("show", run, "--json")

    def _asked(self, *arguments: str) -> Any:
        return json.loads(self._luxos(*arguments, LUXOS_HOME=str(self._luxos.home / "data")).out.splitlines()[-1])


@pytest.fixture
def program(quick_luxos: Command) -> Program:
    return Program(quick_luxos)


def problems(program: Program, printed: list[str], seen: set[str]) -> list[str]:
    """Goes on with what was killed; gives everything that is not as it should be in the run that is new since."""
    acknowledged = [line.split() for line in printed if line != "ready"]
    new = [run["run"] for run in program.runs() if run["run"] not in seen]
    before = {run: finished(program, run) for run in new}
    return [*_lost(before, acknowledged), *_resumed(program, new, before)]


def _lost(before: dict[str, dict[str, Any]], acknowledged: list[list[str]]) -> list[str]:
    done = [(step["call"], str(step["result"])) for steps in before.values() for step in steps.values()]
    return [f"{call} was acknowledged and is not there" for call in map(tuple, acknowledged) if call not in done]


def _resumed(program: Program, new: list[str], before: dict[str, dict[str, Any]]) -> list[str]:
    program.run("resume", **({"LUXOS_CONTROL": CONTROL} if CONTROL else {}))
    found = []
    for run in new:
        shown, after = program.show(run), finished(program, run)
        found += [] if shown["chain_whole"] else [f"{run}: the chain is broken"]
        found += [] if shown["status"] == "done" else [f"{run}: {shown['status']}"]
        again = [name for name, step in before[run].items() if after.get(name) != step]
        found += [f"{run}: {name} had ended, and ran again" for name in again]
        given = [step["result"] for step in shown["steps"] if step["parent"] is None]
        wrong = [one for one, (_name, _number, result) in zip(given, CALLS, strict=False) if one != result]
        found += [f"{run}: {wrong} came of it"] if wrong else []
    return found


CONTROL = ""


def finished(program: Program, run: str) -> dict[str, Any]:
    """The steps that have ended, each with all that is recorded of it."""
    return {step["step"]: step for step in program.show(run)["steps"] if step["status"] == "done"}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_point_of_a_call(program: Program, point: str) -> None:
    seen: set[str] = set()
    for time_ in REACHED:
        printed = program.run("call", LUXOS_FAULTPOINT=f"{point}:{time_}")
        assert problems(program, printed, seen) == [], (point, time_)
        seen = {run["run"] for run in program.runs()}
    assert len(seen) >= len(REACHED) - 1  # the first point of all may come before there is a run


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_moment(program: Program, part: int) -> None:
    chance, seen = random.Random(SEED + part), set[str]()  # noqa: S311 - it only has to be mixed
    for _moment in range(MOMENTS):
        printed = program.run_for(chance.uniform(0.0, 0.5))
        assert problems(program, printed, seen) == []
        seen = {run["run"] for run in program.runs()}


def test_a_program_that_acknowledges_first_is_found(program: Program) -> None:
    """A negative control."""
    printed = program.run("call", LUXOS_FAULTPOINT="record.sending:1", LUXOS_CONTROL="acknowledges first")
    assert any("is not there" in problem for problem in problems(program, printed, set()))


def test_a_program_that_does_everything_again_is_found(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A negative control."""
    monkeypatch.setattr(sys.modules[__name__], "CONTROL", "does everything again")
    found, seen = list[str](), set[str]()
    for time_ in range(3, 11):
        printed = program.run("call", LUXOS_FAULTPOINT=f"record.sent:{time_}")
        found = problems(program, printed, seen)
        if any("ran again" in problem for problem in found):
            break
        seen = {run["run"] for run in program.runs()}
    assert any("ran again" in problem for problem in found)
