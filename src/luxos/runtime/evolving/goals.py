"""What a soul may be evolved towards; a file of its own, for the command line needs no more of it."""

from typing import Literal

Goal = Literal["faster", "smaller", "examples"]
GOALS: tuple[Goal, ...] = ("faster", "smaller", "examples")
