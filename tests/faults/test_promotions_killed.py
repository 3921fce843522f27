"""`kill -9` while an alias is moved, forward or back: it has moved with all that belongs to it, or not at all."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.command import Command
from tests.plugins.sampling import WHOLE
from tests.plugins.warm import Forked

pytestmark = pytest.mark.slow

USER = Path(__file__).with_name("promotions_user.py")
POINTS = ("promotion.due", "promotion.pointed", "promotion.written", "promotion.moved")
TAKEN = POINTS if WHOLE else ("promotion.pointed",)
MOMENTS = 60 if WHOLE else 2
AFTER = {"shadow": ("to", "watched", "to", True, 1), "budget": ("from", "back", "from", False, 1)}


def start(luxos: Command, what: str, name: str, **environment: str) -> Forked:
    return luxos.fork(what, name, script=USER, **{"LUXOS_HOME": str(luxos.home / "data"), **environment})


def run(luxos: Command, what: str, name: str, **environment: str) -> int | None:
    process = start(luxos, what, name, **environment)
    _out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode


def checked(luxos: Command) -> list[dict[str, dict[str, Any]]]:
    """How all aliases were left, and how they are after a look."""
    out, err = start(luxos, "check", "-").communicate(timeout=120)
    assert "Traceback" not in err, err
    return [json.loads(line) for line in out.splitlines()]


def wrong(left: dict[str, dict[str, Any]]) -> list[str]:
    """What is half moved: alias, environment, promotion, mark and history have to agree."""
    whole = {
        ("shadow", "shadowing"): ("from", "none", True, 0),
        ("shadow", "watched"): ("to", "to", True, 1),
        ("budget", "watched"): ("to", "to", True, 0),
        ("budget", "back"): ("from", "from", False, 1),
    }
    found = []
    for name, told in left.items():
        is_now = told["is"], told["environment"], told["followed"], told["moves"]
        if is_now != whole.get((name.partition("_")[0], told["status"])):
            found.append(f"{name}: {told}")
    return found


def test_killed_at_each_point_of_a_move(quick_luxos: Command) -> None:
    for what in AFTER:
        for point in TAKEN:
            name = f"{what}_{point.partition('.')[2]}"
            assert run(quick_luxos, what, name, LUXOS_FAULTPOINT=point) == -9
    before, after = checked(quick_luxos)
    assert len(before) == len(AFTER) * len(TAKEN)
    assert wrong(before) == wrong(after) == []
    for name, told in after.items():
        wanted = AFTER[name.partition("_")[0]]
        assert tuple(told[key] for key in ("is", "status", "environment", "followed", "moves")) == wanted


def test_killed_at_any_moment(quick_luxos: Command) -> None:
    chance = random.Random(20261127)  # noqa: S311 - it only has to be mixed
    for moment in range(MOMENTS):
        what = chance.choice(sorted(AFTER))
        process = start(quick_luxos, what, f"{what}_{moment}")
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.6))
        process.kill()
        process.communicate()
    before, after = checked(quick_luxos)
    assert len(before) == MOMENTS
    assert wrong(before) == wrong(after) == []


def test_a_move_in_several_writes_is_found(quick_luxos: Command) -> None:
    """The negative control."""
    assert run(quick_luxos, "budget", "budget_loose", LUXOS_FAULTPOINT="promotion.pointed", LUXOS_CONTROL="yes") == -9
    before, _after = checked(quick_luxos)
    assert any("budget_loose" in problem for problem in wrong(before))
