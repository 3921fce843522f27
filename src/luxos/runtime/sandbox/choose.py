"""Chooses the walls of this machine: bubblewrap, then sandlock, then (inside a container only) the container's own.

A backend is used after it has proved itself by running a real command; where none can, the step is refused with what an
administrator runs to repair it. The answer holds for the life of the process.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from luxos.i18n import N_, _
from luxos.runtime.sandbox import cgroup
from luxos.runtime.sandbox.confinement import Completed, Confinement, Network, Reach
from luxos.runtime.sandbox.detect import Finding, find_bubblewrap, find_container, find_sandlock
from luxos.runtime.sandbox.errors import SandboxMissing
from luxos.runtime.sandbox.process import OnLimited, OnOutput


class Backend(Protocol):
    """One way to build the walls."""

    @property
    def name(self) -> str: ...

    async def run(
        self, confinement: Confinement, on_output: OnOutput | None = None, on_limited: OnLimited | None = None
    ) -> Completed: ...


@dataclass(frozen=True)
class Description:
    """What `luxos doctor` says about the sandbox."""

    backend: str | None
    """The backend for steps without named hosts; None: there is none."""
    program: str
    memory: str
    processes: str
    disk: str
    cannot_stop: tuple[str, ...]
    findings: tuple[Finding, ...]
    """Every backend, in order of preference, with the reason why it is not used and the command that repairs it."""


TRIALS = {"bubblewrap": find_bubblewrap, "sandlock": find_sandlock, "container": find_container}
"""In order of preference."""


@lru_cache(maxsize=len(TRIALS))
def finding(name: str) -> Finding:
    """What this backend answered when it was tried; it is tried when first asked for."""
    return TRIALS[name]()


ORDER = {
    Reach.NONE: tuple(TRIALS),
    Reach.LOOPBACK: ("bubblewrap", "container"),
    Reach.HOSTS: ("sandlock",),
}
"""Which of them can hold a run that reaches so far."""


@lru_cache(maxsize=len(Reach))
def _choose(reach: Reach) -> Backend:
    order = ORDER[reach]
    for name in order:
        backend = finding(name).backend
        if backend is not None:
            return backend
    first = finding(order[0])
    raise SandboxMissing(reason=first.reason, command=first.command or "luxos doctor")


def choose(network: Network | None = None) -> Backend:
    """The backend for a run that reaches so far.

    `SandboxMissing` with the reason and the administrator's one command.
    """
    return _choose(network.reach if network else Reach.NONE)


CANNOT_STOP = {
    "bubblewrap": (
        N_("A flaw in the Linux kernel itself: every sandboxed program shares it."),
        N_("Reading what lies in /usr, which every program needs."),
    ),
    "sandlock": (
        N_("A flaw in the Linux kernel itself: every sandboxed program shares it."),
        N_("Changing the mode or the times of this person's own files outside the workspace."),
        N_("Memory of the whole tree beyond the limit of each process, where there is no control group."),
    ),
    "container": (
        N_("The container is the boundary: a step can reach what this container can reach, its network too."),
        N_("Reading this person's files in the container, where the kernel has no Landlock."),
    ),
}


def describe() -> Description:
    """Which backend is in use, what it limits and how, what it cannot stop, and why others are not used."""
    try:
        backend: Backend | None = choose()
    except SandboxMissing:
        backend = None
    place = cgroup.find()
    grouped = f"cgroup v{place.version}" if place else None
    return Description(
        backend=backend.name if backend else None,
        program=str(getattr(backend, "program", "")),
        memory=grouped or "rlimit",
        processes=grouped or "rlimit",
        disk="watcher",
        cannot_stop=tuple(_(text) for text in CANNOT_STOP[backend.name]) if backend else (),
        findings=tuple(finding(name) for name in TRIALS),
    )
