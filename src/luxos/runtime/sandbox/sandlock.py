"""The isolated tier's walls by sandlock (Landlock and seccomp), for named hosts and where namespaces are refused.

Its copy-on-write is not used: it loses data. The workspace is a private copy in its place.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from luxos.runtime.sandbox import cgroup, process
from luxos.runtime.sandbox.confinement import Completed, Confinement, Limits, Reach
from luxos.runtime.sandbox.errors import SandboxFailed
from luxos.runtime.sandbox.launched import environment, launch, readable, writable
from luxos.runtime.sandbox.workspace import Scratch, scratch_for

NOWHERE = ("tcp://127.0.0.1:1",)
"""No rule at all would not mean no network (MPTCP and TCP fast open pass): so one that leads nowhere."""
DENIED = (
    "listen", "prlimit64", "setpriority", "ioprio_set", "pidfd_open",
    "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
    "inotify_init", "inotify_init1", "memfd_create",
)  # fmt: skip
"""What reaches this person's other processes and files past Landlock: by prlimit a child could end its parent. And
memory files, which no limit counts."""

DENIED_ALONE = (
    "socketpair", "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "utimensat", "futimesat", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat",
    "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
)  # fmt: skip
"""What a program that only computes has no use for."""


@dataclass(frozen=True)
class Sandlock:
    """Runs confinements with sandlock, each in a process of its own: what it starts dies with the starting thread.

    It has no loopback of its own: the one that there is would be this machine's, with all that listens there.
    """

    name: str = "sandlock"

    async def run(
        self,
        confinement: Confinement,
        on_output: process.OnOutput | None = None,
        on_limited: process.OnLimited | None = None,
    ) -> Completed:
        """Runs the command; see `luxos.runtime.sandbox.run`."""
        if os.geteuid() == 0:
            raise ValueError("sandlock does not hold root")
        if confinement.network.reach is Reach.LOOPBACK:
            raise ValueError("sandlock has no loopback of its own")
        with scratch_for(confinement) as scratch, cgroup.group_for(confinement.limits) as group:
            started = launch(self.name, confinement, scratch, self.walls(confinement, scratch), group)
            return await process.run(started, confinement.limits, confinement.stdin, on_output, on_limited)

    def walls(self, confinement: Confinement, scratch: Scratch) -> dict[str, Any]:
        """What `launcher.py` puts around the command."""
        return {"kind": "sandlock", "sandlock": settings(confinement, scratch)}

    def works(self) -> bool:
        """Runs `true` behind the walls."""
        trial = Confinement(argv=("/usr/bin/true",), limits=Limits(seconds=10))
        with ThreadPoolExecutor(1) as pool:  # the caller's own loop may be running
            try:
                return pool.submit(asyncio.run, self.run(trial)).result().exit_code == 0
            except SandboxFailed:
                return False


def settings(confinement: Confinement, scratch: Scratch) -> dict[str, Any]:
    """The arguments of `sandlock.Sandbox`, as JSON can carry them."""
    limits, network = confinement.limits, confinement.network
    return {
        "fs_readable": readable(confinement),
        "fs_writable": writable(confinement, scratch),
        "net_allow": list(network.hosts or NOWHERE),
        "net_allow_bind": [],
        "extra_deny_syscalls": [*DENIED, *(DENIED_ALONE if confinement.reads_only else ())],
        "max_memory": limits.memory,
        "max_processes": 1 if confinement.reads_only else limits.processes,
        "no_coredump": True,
        "clean_env": True,
        "env": environment(confinement, scratch),
        "cwd": str(scratch.workspace),
    }
