"""Monty's library, imported here and nowhere else in this room."""

import importlib.util
import os
import sys
from pathlib import Path

# Monty looks for OpenTelemetry at every turn. Where it is not installed, Python searches all its folders for it each
# time, which costs a third of a short call; `None` is how Python is told that there is none.
if importlib.util.find_spec("opentelemetry") is None:
    sys.modules.setdefault("opentelemetry", None)  # type: ignore[arg-type]

from pydantic_monty import (
    FunctionSnapshot,
    FutureSnapshot,
    Monty,
    MontyComplete,
    MontyConversionError,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySession,
    MontySyntaxError,
    NameLookupSnapshot,
    ResourceLimits,
    SyncSnapshot,
    __version__,
)
from pydantic_monty._binary import find_monty_binary  # the library's own answer to where its program is

__all__ = [
    "FIRST",
    "UNSENT",
    "VERSION",
    "FunctionSnapshot",
    "FutureSnapshot",
    "Monty",
    "MontyComplete",
    "MontyConversionError",
    "MontyCrashedError",
    "MontyError",
    "MontyRuntimeError",
    "MontySession",
    "MontySyntaxError",
    "NameLookupSnapshot",
    "ResourceLimits",
    "SyncSnapshot",
    "program",
]
VERSION = __version__
FIRST = "<python-input-0>"
"""The file of what a session was fed first, in which a soul's lines are."""
UNSENT = "while sending a request"
"""What a crash says of a worker that was gone before it had its request."""


def program() -> Path:
    """Where Monty's own program is, which LuxOS never runs but behind walls."""
    return Path(os.fspath(find_monty_binary())).resolve()
