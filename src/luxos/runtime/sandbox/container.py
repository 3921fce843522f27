"""A plain confined process, for LuxOS inside a container that refuses namespaces: the container is the boundary.

Limits, a session of its own, a clean environment, the seccomp filter, and Landlock where the kernel has it.
"""

from dataclasses import dataclass
from typing import Any

from luxos.runtime.sandbox import cgroup, process, seccomp
from luxos.runtime.sandbox.confinement import Completed, Confinement, Reach
from luxos.runtime.sandbox.landlock import has_landlock
from luxos.runtime.sandbox.launched import launch, readable, writable
from luxos.runtime.sandbox.workspace import Scratch, scratch_for


@dataclass(frozen=True)
class Container:
    """Runs confinements as plain processes; each `Completed` says so in `backend`."""

    name: str = "container"

    async def run(
        self,
        confinement: Confinement,
        on_output: process.OnOutput | None = None,
        on_limited: process.OnLimited | None = None,
    ) -> Completed:
        """Runs the command; see `luxos.runtime.sandbox.run`."""
        if confinement.network.reach is Reach.HOSTS:
            raise ValueError("a plain process reaches no named hosts only")
        with scratch_for(confinement) as scratch, cgroup.group_for(confinement.limits) as group:
            started = launch(self.name, confinement, scratch, self.walls(confinement, scratch), group)
            return await process.run(started, confinement.limits, confinement.stdin, on_output, on_limited)

    def walls(self, confinement: Confinement, scratch: Scratch) -> dict[str, Any]:
        """What `launcher.py` puts around the command."""
        landlock = {"fs_readable": readable(confinement), "fs_writable": writable(confinement, scratch)}
        return {
            "kind": "container",
            "filter": seccomp.program(internet=confinement.network.reach is Reach.LOOPBACK).hex(),
            "landlock": landlock if has_landlock() else None,
        }
