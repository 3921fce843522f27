"""A walled program that is ended while its walls are being built leaves nothing behind."""

import os
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from luxos.runtime.hermetic.monty import program
from luxos.runtime.sandbox import start
from luxos.runtime.sandbox.bubblewrap import Bubblewrap
from luxos.runtime.sandbox.choose import choose
from luxos.runtime.sandbox.program import launcher

pytestmark = pytest.mark.skipif(not isinstance(choose(), Bubblewrap), reason="only bubblewrap's walls have a gate")
_TIMES = 15
_OVER = "raise ProcessLookupError\n\n\ndef _first"


def test_nothing_is_left_of_walls_that_are_ended_in_the_making() -> None:
    assert _left(_TIMES) == 0


def test_where_nobody_looks_something_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The control."""
    source = Path(start.__file__).read_text(encoding="utf-8")
    assert _OVER in source
    careless = tmp_path / "start.py"
    careless.write_text(source.replace(_OVER, _OVER.replace("raise ProcessLookupError", "return")), encoding="utf-8")
    monkeypatch.setattr(start, "__file__", str(careless))
    assert _left(_TIMES) > 0


def _left(times: int) -> int:
    """How often something is left, of walls that are ended as soon as their first process is there."""
    with launcher(program()) as path:
        return sum(_is_left(path) for _time in range(times))


def _is_left(path: Path) -> bool:
    """Whoever lives behind the walls has their standard output, but the gatekeeper has not."""
    with subprocess.Popen([path, "subprocess"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as walls:
        assert walls.stdout is not None
        children = Path(f"/proc/{walls.pid}/task/{walls.pid}/children")
        assert _within(10, lambda: len(children.read_text().split()) > 1)  # the gatekeeper, and the first process
        walls.kill()
        is_left = not select.select([walls.stdout], [], [], 1.0)[0]
        for process in _group(walls.pid) if is_left else []:
            os.kill(process, 9)
    return is_left


def _within(seconds: float, is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
    return True


def _group(number: int) -> list[int]:
    """The processes of a group that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == number and state != "Z":
            found.append(int(stat.parent.name))
    return found
