"""Hides what the workshop has and an installed LuxOS has not, from the first import on: OpenTelemetry.

Monty looks for it at every turn, which costs another time where it is there. It is looked for as ever, and not found.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_HIDDEN = "opentelemetry"


class _Hiding:
    """Python's own finder, but for one package."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target)
        return None if name.partition(".")[0] == _HIDDEN else found


def hide() -> None:
    """Has it not be found from now on."""
    sys.meta_path[:] = [_Hiding if finder is PathFinder else finder for finder in sys.meta_path]
