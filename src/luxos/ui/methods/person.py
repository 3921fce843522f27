"""Who asks for a method."""

from dataclasses import dataclass
from pathlib import Path

from luxos.agent.reasoning import Reasoner
from luxos.runtime.events import Listener


@dataclass(frozen=True)
class Person:
    """Who asks: where they stand, who answers questions for them, and who hears what happens."""

    cwd: Path
    reasoner: Reasoner
    listener: Listener
