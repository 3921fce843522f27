"""The isolated tier: commands behind walls, with limits, and a workspace whose changes can be thrown away."""

from luxos.runtime.sandbox.choose import Backend, Description, choose, describe
from luxos.runtime.sandbox.confinement import Completed, Confinement, Limits, Network, Reach
from luxos.runtime.sandbox.process import OnLimited, OnOutput
from luxos.runtime.sandbox.python import python_paths

__all__ = [
    "Backend",
    "Completed",
    "Confinement",
    "Description",
    "Limits",
    "Network",
    "OnLimited",
    "OnOutput",
    "Reach",
    "choose",
    "describe",
    "python_paths",
    "run",
]


async def run(
    confinement: Confinement, on_output: OnOutput | None = None, on_limited: OnLimited | None = None
) -> Completed:
    """Runs a command behind the walls of this machine and returns how it ended, with its output.

    `on_output("stdout" | "stderr", data)` is called with everything as it comes, and `on_limited()` once all limits
    hold: a command that is no `keeper` starts then only. Cancelling kills the whole tree and waits for its end.
    `SandboxMissing` where the machine has no walls, `SandboxFailed` when they could not be built.
    """
    return await choose(confinement.network).run(confinement, on_output, on_limited)
