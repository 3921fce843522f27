"""`kill -9` at every boundary of every step and at random moments: `luxos resume` ends with the same result.

The plan appends to one file in four steps, so that a step that ran twice, or half, or not at all, shows. What is
checked is independent of LuxOS: the file's content, and the moments at which finished steps ended.
"""

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.command import Command
from tests.plugins.sampling import WHOLE

PLAN = """
lux 1
goal "a plan of quick steps"
one   = APPEND "log.txt", "1"
two   = APPEND "log.txt", "2" AFTER one
three = SHELL ["sh", "-c", "printf 3 >> log.txt; mkdir made; printf x > made/x; rm -f gone.txt"] AFTER two
four  = COPY "log.txt", "copy.txt" AFTER three
five  = APPEND "log.txt", "5" AFTER four
"""
STEPS = 5
POINTS = ("step.started", "step.ready", "step.done", "step.applied")
PARTS, MOMENTS = (5, 100) if WHOLE else (1, 6)
SEED = 20261121

pytestmark = pytest.mark.slow


def prepare(folder: Path) -> Path:
    folder.mkdir()
    (folder / "plan.lux").write_text(PLAN)
    (folder / "gone.txt").write_text("old")
    return folder


def is_right(folder: Path) -> bool:
    """Whether every step took effect once."""
    names = {path.name for path in folder.iterdir()}
    return (
        names == {"plan.lux", "log.txt", "copy.txt", "made"}
        and (folder / "log.txt").read_text() == "1235"
        and (folder / "copy.txt").read_text() == "123"
        and (folder / "made" / "x").read_text() == "x"
    )


def finished(luxos: Command, run: str) -> dict[str, Any]:
    """The finished steps of a run, each with all that is recorded of it."""
    steps = luxos("show", run, "--json").json["steps"]
    return {step["step"]: step for step in steps if step["status"] == "done" and not step["parent"]}


def resume(luxos: Command, folder: Path) -> None:
    """Goes on with the run that was killed, and checks everything."""
    runs = luxos("runs", "--json").json["runs"]
    if not runs:
        assert {path.name for path in folder.iterdir()} == {"plan.lux", "gone.txt"}
        return
    run = runs[0]["run"]
    before = finished(luxos, run)
    if runs[0]["status"] == "done":
        assert is_right(folder)
        return
    ended = luxos("resume", run, "--json")
    assert ended.code == 0, ended
    after = finished(luxos, run)
    assert len(after) == STEPS
    assert {name: after[name] for name in before} == before
    assert is_right(folder)
    assert luxos("show", run, "--json").json["chain_whole"]


@pytest.mark.parametrize("number", range(1, STEPS + 1, 1 if WHOLE else 2))
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_the_boundary_of_a_step(quick_luxos: Command, tmp_path: Path, point: str, number: int) -> None:
    folder = prepare(tmp_path / "work")
    # The third step calls another one, so its points come twice.
    killed = quick_luxos("run", "plan.lux", cwd=folder, LUXOS_FAULTPOINT=f"{point}:{number}")
    assert killed.code == -signal.SIGKILL
    resume(quick_luxos, folder)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_random_moments(quick_luxos: Command, tmp_path: Path, part: int) -> None:
    chance = random.Random(SEED + part)  # noqa: S311 - moments, no secrets
    began = time.monotonic()
    assert quick_luxos("run", "plan.lux", cwd=prepare(tmp_path / "whole")).code == 0
    whole = time.monotonic() - began
    for moment in range(MOMENTS):
        folder = prepare(tmp_path / f"work{moment}")
        luxos = Command(quick_luxos.home, {**quick_luxos.environment, "LUXOS_HOME": str(tmp_path / f"home{moment}")})
        killed_at(luxos, folder, whole * chance.uniform(0.2, 1.0))
        resume_own(luxos, folder)


def killed_at(luxos: Command, folder: Path, seconds: float) -> None:
    process = luxos.fork("run", "plan.lux", cwd=folder)
    time.sleep(seconds)
    process.kill()
    process.communicate()


def resume_own(luxos: Command, folder: Path) -> None:
    """Resumes the newest run if it is this folder's; a kill before the run began left nothing."""
    newest = luxos("runs", "--limit", "1", "--json").json["runs"]
    if newest and newest[0]["workspace"] == str(folder):
        resume(luxos, folder)
    else:
        assert {path.name for path in folder.iterdir()} == {"plan.lux", "gone.txt"}


def test_the_checker_sees_a_plan_that_ran_twice(quick_luxos: Command, tmp_path: Path) -> None:
    """The negative control: running the plan again, where it ought to be resumed, goes red."""
    folder = prepare(tmp_path / "work")
    quick_luxos("run", "plan.lux", cwd=folder, LUXOS_FAULTPOINT="step.applied:2")
    assert (folder / "log.txt").read_text() == "12"
    assert quick_luxos("run", "plan.lux", cwd=folder).code == 0
    assert not is_right(folder)
