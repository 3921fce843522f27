"""Words of tasks in queues, which the command line knows too: what a task is, and where LuxOS itself works."""

from collections.abc import Mapping
from typing import Literal

Status = Literal["todo", "doing", "done", "failed", "cancelled"]
NEXT: Mapping[str, tuple[str, ...]] = {
    "todo": ("doing", "cancelled"),
    "doing": ("done", "failed", "todo", "cancelled"),
    "failed": ("todo", "cancelled"),
    "done": (),
    "cancelled": (),
}
"""What a task may become from each status; one that was given up is to be done again."""
IO, CPU = "io", "cpu"
"""The queues that LuxOS works itself: for what mostly waits, many at once; for what computes, one for each core."""
