"""What the two backends without namespaces share: the plan for `launcher.py`, and how it is started."""

import json
import os
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from luxos.runtime.sandbox.bubblewrap import memory_file
from luxos.runtime.sandbox.cgroup import ControlGroup
from luxos.runtime.sandbox.confinement import MINIMAL_ENVIRONMENT, Confinement
from luxos.runtime.sandbox.limits import rlimits
from luxos.runtime.sandbox.process import Launch
from luxos.runtime.sandbox.workspace import Scratch

SYSTEM_READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache",
    "/etc/ssl/certs", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/dev/urandom", "/dev/random",
    "/dev/zero", "/proc",
)  # fmt: skip


OTHERS = 1024
"""Processes that this person may start beside what runs for long, where the system counts them all together."""
LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py")))


def plan(confinement: Confinement, scratch: Scratch, walls: Mapping[str, Any], status: int, gate: int) -> bytes:
    """What `launcher.py` reads: the command, and `walls` around it."""
    plan = {
        "library": _library(),
        "argv": arguments(confinement, scratch),
        "environment": environment(confinement, scratch),
        "cwd": str(scratch.workspace),
        "rlimits": _rlimits(confinement),
        "status": status,
        "gate": gate,
        **walls,
    }
    return json.dumps(plan).encode()


def launch(
    backend: str,
    confinement: Confinement,
    scratch: Scratch,
    walls: Mapping[str, Any],
    group: ControlGroup | None = None,
) -> Launch:
    """Starts `launcher.py` with `walls` in its plan; the two pipes are as bubblewrap's."""
    status, status_inside = os.pipe()
    gate_inside, gate = os.pipe()
    listed = memory_file(plan(confinement, scratch, walls, status_inside, gate_inside))
    return Launch(
        backend=backend,
        argv=(*LAUNCHER, str(listed)),
        environment={"PATH": MINIMAL_ENVIRONMENT["PATH"], "HOME": str(scratch.home)},
        status=status,
        gate=gate,
        inherited=(status_inside, gate_inside, listed),
        channel=confinement.channel,
        growing=(scratch.workspace, scratch.temporary, *confinement.writable),
        group=group,
        supervised=True,
    )


def _library() -> str | None:
    """Where sandlock is installed: the launcher's interpreter starts without site-packages, which saves 50 ms."""
    found = find_spec("sandlock")
    return str(Path(found.origin).parent.parent) if found and found.origin else None


def arguments(confinement: Confinement, scratch: Scratch) -> list[str]:
    return [scratch.inside(argument, confinement.workspace_at) for argument in confinement.argv]


def environment(confinement: Confinement, scratch: Scratch) -> dict[str, str]:
    base = {**MINIMAL_ENVIRONMENT, "HOME": str(scratch.home), "TMPDIR": str(scratch.temporary)}
    return {
        name: scratch.inside(value, confinement.workspace_at)
        for name, value in {**base, **confinement.environment}.items()
    }


def readable(confinement: Confinement) -> list[str]:
    paths = [*SYSTEM_READABLE, *(str(path) for path in confinement.readable)]
    return [path for path in paths if Path(path).exists()]


def writable(confinement: Confinement, scratch: Scratch) -> list[str]:
    if confinement.reads_only:
        return ["/dev/null"]
    return ["/dev/null", str(scratch.workspace), str(scratch.temporary), *(str(path) for path in confinement.writable)]


def _rlimits(confinement: Confinement) -> list[tuple[int, int]]:
    """As in a namespace, but the number of processes counts on top of what this person already runs."""
    bounds = dict(rlimits(confinement.limits))
    bounds[resource.RLIMIT_NPROC] += _running() + (OTHERS if confinement.keeper or confinement.reads_only else 0)
    clamped = []
    for kind, bound in bounds.items():
        hard = resource.getrlimit(kind)[1]
        clamped.append((kind, bound if hard == resource.RLIM_INFINITY else min(bound, hard)))
    return clamped


def _running() -> int:
    """Threads of this person, which is what the kernel counts."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += len(list((process / "task").iterdir()))
    return count
