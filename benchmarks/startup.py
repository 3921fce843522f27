"""How soon the command line answers."""

import sys
import time
from collections.abc import Iterator

from benchmarks.measure import Figure, Machine

SENTENCE = "Zbuduj aplikację todo w Django"


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    bare = machine.seconds(sys.executable, "-c", "pass", times=21)
    for option, most in (("--version", 3), ("--help", 15)):
        took = machine.seconds(machine.luxos, option, times=15)
        beside = f"`python -c pass` {bare * 1000:.0f} ms"
        yield Figure(f"`luxos {option}`", _ms_ratio(took, bare), beside, f"{most}×", took <= most * bare)
    machine.run(machine.luxos, "doctor")
    took = machine.seconds(machine.luxos, "doctor", times=7)
    yield Figure("`luxos doctor`, the database running", _ms_ratio(took, bare), "the same", "500 ms", took < 0.5)
    took = machine.seconds(machine.luxos, "doctor", times=3, before=lambda: time.sleep(4))
    yield Figure("`luxos doctor`, the database stopped", _ms_ratio(took, bare), "the same", "500 ms", took < 0.5)
    yield from _understanding(machine, bare)


_UNDERSTOOD = "zbudować nową aplikację"
"""What a person reads of the intent, before the plan."""


def _understanding(machine: Machine, bare: float) -> Iterator[Figure]:
    command = (machine.luxos, "plan", "--yes", SENTENCE)
    took = machine.seconds_to(_UNDERSTOOD, command, times=5, before=lambda: time.sleep(4))
    yield Figure("first understanding, all stopped", _ms_ratio(took, bare), "the same", "1500 ms", took < 1.5)
    machine.run(machine.luxos, "up", "--detach")
    try:
        took = machine.seconds_to(_UNDERSTOOD, command, times=9, before=lambda: None)
    finally:
        machine.run(machine.luxos, "down")
    yield Figure("first understanding, `luxos up` running", _ms_ratio(took, bare), "the same", "300 ms", took < 0.3)


def _ms_ratio(took: float, bare: float) -> str:
    return f"{took * 1000:.0f} ms = {took / bare:.1f}×"
