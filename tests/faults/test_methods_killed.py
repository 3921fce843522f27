"""`kill -9` while methods of an instance are called: state and step are both there or neither, and nothing is twice."""

import json
import random
import time
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.command import Command
from tests.plugins.sampling import WHOLE, sampled
from tests.plugins.warm import Forked

pytestmark = pytest.mark.slow

USER = Path(__file__).with_name("methods_user.py")
POINTS = ("step.started", "step.ready", "record.sending", "record.stating", "record.sent")
WAITING = list(product(("step.started", "step.ready", "record.sending", "record.sent"), range(2, 14)))
REACHED = range(1, 12) if WHOLE else (3,)
"""The times at which a point is reached and the program killed there."""
MOMENTS = 100 if WHOLE else 3
SEED = 20261127


MAKING = list(product(("step.ready", "record.sending", "record.stating", "record.sent"), range(1, 6)))


def start(luxos: Command, what: str, **environment: str) -> Forked:
    return luxos.fork(what, script=USER, **{"LUXOS_HOME": str(luxos.home / "data"), **environment})


def run(luxos: Command, what: str, **environment: str) -> list[str]:
    """Runs to the end, or until it is killed; gives what it printed."""
    out, err = start(luxos, what, **environment).communicate(timeout=120)
    assert "Traceback" not in err, err
    return out.splitlines()


def told(printed: list[str]) -> list[int]:
    """The counts that were acknowledged."""
    return [int(line) for line in printed if line.isdigit()]


def problems(luxos: Command, acknowledged: list[int], **environment: str) -> list[str]:
    """Goes on with what was killed; everything that is not as it should be before and after that."""
    before, after = (json.loads(line) for line in run(luxos, "check", **environment))
    found = [*wrong(before, acknowledged), *wrong(after, acknowledged), *unfinished(after)]
    return found + [each for name, told in before["draws"].items() for each in begun_again(name, told, after)]


def wrong(left: dict[str, Any], acknowledged: list[int]) -> list[str]:
    state, gave = left["state"], left["gave"]
    found = [] if gave == list(range(1, len(gave) + 1)) else [f"the steps gave {gave}"]
    found += [] if state["count"] == len(gave) else [f"{len(gave)} steps, and the count is {state['count']}"]
    found += [] if state["log"] == gave else [f"the log is {state['log']}"]
    found += [] if set(acknowledged) <= set(gave) else [f"{acknowledged} were acknowledged, and {gave} are there"]
    found += [] if left["there"] == left["told"] else [f"made were {left['there']}, and told {left['told']}"]
    return found + [f"{run}: the chain is broken" for run in left["broken"]]


def begun_again(name: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """A call whose state was kept had drawn its number already, and gave it to all that it called."""
    if not before["waits"]:
        return []
    now = after["draws"][name]
    drawn = set(now["given"])
    fits = len(drawn) == 1 and drawn <= set(after["state"]["drawn"]) and not now["replayed"]
    return [] if fits else [f"{name} gave {drawn} to those that it called; begun again: {now['replayed']}"]


def unfinished(left: dict[str, Any]) -> list[str]:
    return [f"a run is {status}" for status in left["runs"] if status != "done"]


def test_killed_at_each_point_of_a_call(quick_luxos: Command) -> None:
    acknowledged: list[int] = []
    for time_ in REACHED:
        for point in POINTS:
            acknowledged += told(run(quick_luxos, "call", LUXOS_FAULTPOINT=f"{point}:{time_}"))
    assert problems(quick_luxos, acknowledged) == []
    assert len(set(acknowledged)) == len(acknowledged) > 0


def test_killed_at_any_moment(luxos: Command) -> None:
    chance = random.Random(SEED)  # noqa: S311 - it only has to be mixed
    acknowledged: list[int] = []
    for _moment in range(MOMENTS):
        process = start(luxos, "call")
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        acknowledged += told(process.communicate()[0].splitlines())
    assert problems(luxos, acknowledged) == []


@pytest.mark.parametrize("where", sampled([f"{point}:{time_}" for point, time_ in WAITING], 15))
def test_killed_while_a_method_waits(quick_luxos: Command, where: str) -> None:
    """It goes on in its middle, and the state is written once."""
    acknowledged = told(run(quick_luxos, "draw", LUXOS_FAULTPOINT=where))
    assert problems(quick_luxos, acknowledged) == []


def test_a_method_that_begins_again_is_found(quick_luxos: Command) -> None:
    """The negative control."""
    acknowledged = told(run(quick_luxos, "draw", LUXOS_FAULTPOINT="step.ready:4"))
    found = problems(quick_luxos, acknowledged, LUXOS_CONTROL="begins again")
    assert any("to those that it called" in problem for problem in found), found


@pytest.mark.parametrize("where", sampled([f"{point}:{time_}" for point, time_ in MAKING], 6))
def test_killed_while_instances_are_made(quick_luxos: Command, where: str) -> None:
    """None is there that no step tells of."""
    printed = run(quick_luxos, "make", LUXOS_FAULTPOINT=where)
    assert problems(quick_luxos, []) == []
    assert printed[0] == "ready"


def test_an_instance_that_is_written_before_its_step_is_found(quick_luxos: Command) -> None:
    """The negative control."""
    run(quick_luxos, "make", LUXOS_FAULTPOINT="record.stating:1", LUXOS_CONTROL="writes what is made first")
    assert any("and told" in problem for problem in problems(quick_luxos, []))


def test_a_program_that_writes_the_instance_first_is_found(quick_luxos: Command) -> None:
    """The negative control."""
    printed = run(quick_luxos, "call", LUXOS_FAULTPOINT="record.stating:3", LUXOS_CONTROL="writes the instance first")
    assert any("and the count is" in problem for problem in problems(quick_luxos, told(printed)))


def test_two_programs_at_once(quick_luxos: Command) -> None:
    first = told(run(quick_luxos, "call"))
    both = [start(quick_luxos, "call"), start(quick_luxos, "call")]
    said = [told(process.communicate(timeout=120)[0].splitlines()) for process in both]
    acknowledged = [*first, *said[0], *said[1]]
    assert sorted(acknowledged) == list(range(1, 19))
    assert problems(quick_luxos, acknowledged) == []
