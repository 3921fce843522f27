"""What the agent tells while it works, besides the events of the run (`runtime/events.py`)."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Understood:
    """The sentence was understood; `understanding` is `nlp.Understanding.as_json()`."""

    understanding: dict[str, Any]


@dataclass(frozen=True)
class Planned:
    """The plan is ready: the Lux program, where it works, and what was assumed."""

    program: str
    workspace: str
    assumptions: list[dict[str, str]]


@dataclass(frozen=True)
class RunStarted:
    """The run begins, or goes on."""

    run: str
    resumed: bool
