"""Monty's own program behind walls; nobody in LuxOS runs it otherwise."""

from contextlib import AbstractContextManager
from pathlib import Path

from luxos.runtime.hermetic.monty import program
from luxos.runtime.sandbox.program import launcher


def confined() -> AbstractContextManager[Path]:
    """A path that runs it, for the length of a block; `SandboxMissing` where this machine has no walls."""
    return launcher(program())
