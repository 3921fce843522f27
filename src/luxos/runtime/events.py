"""What a run tells while it runs; the user interface shows it, and nothing depends on anyone listening."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Listener = Callable[[object], None]
"""Hears the events of a run as they happen."""


@dataclass(frozen=True)
class StepStarted:
    """A step begins; `parent` is the step that called it."""

    step: str
    verb: str
    call: str
    parent: str | None


@dataclass(frozen=True)
class CallBegun:
    """A call that a person makes is on record: whatever cuts it off, its run can be gone on with."""

    run: str


@dataclass(frozen=True)
class StepProgress:
    """A step says what it is doing; `fraction` (0 to 1) is how much of it is done, where that is known."""

    step: str
    text: str
    fraction: float | None


@dataclass(frozen=True)
class StepNoted:
    """Something about a step that a person is to know afterwards too."""

    step: str
    text: str


@dataclass(frozen=True)
class StepSeen:
    """A step of a run that is followed, as a JSON object: it is open, or it has ended."""

    step: dict[str, Any]


@dataclass(frozen=True)
class Printed:
    """Code of a call that a person made printed this, and has ended."""

    text: str


@dataclass(frozen=True)
class Noted:
    """What a person is to hear beside what they asked for, and which is no part of its result."""

    text: str


@dataclass(frozen=True)
class StepFinished:
    """A step ended: `status` is done (`result` is its result), failed (its error), or kept (done before)."""

    step: str
    status: str
    result: Any
