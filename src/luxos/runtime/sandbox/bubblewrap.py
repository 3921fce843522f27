"""The isolated tier's walls by bubblewrap: namespaces, read-only binds, an overlay workspace, a seccomp filter."""

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from luxos.runtime.sandbox import cgroup, process, seccomp
from luxos.runtime.sandbox.confinement import MINIMAL_ENVIRONMENT, Completed, Confinement, Reach
from luxos.runtime.sandbox.removal import remove
from luxos.runtime.sandbox.workspace import building

NOBODY = "65534"
SHARED_MEMORY, TEMPORARY, HOME = "/dev/shm", "/tmp", "/tmp/home"  # noqa: S108 - of the sandbox, not of the host
NAMESPACES = (
    "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--die-with-parent", "--new-session",
    "--clearenv", "--uid", NOBODY, "--gid", NOBODY, "--hostname", "luxos",
)  # fmt: skip
"""What holds for whatever runs inside."""
SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = ("/etc/alternatives", "/etc/ld.so.cache")
OWN_ETC = ("group", "hosts", "nsswitch.conf", "passwd")
NO_SHARED_ZERO = ["--dev-bind", "/dev/full", "/dev/zero"]
"""It gives zeros too, and cannot be mapped: a mapping of `/dev/zero` is a shared one without a file, of any size."""
# Files of /proc about the whole machine that would open for a sandbox that root started: its process has root's number
# outside, though none of root's capabilities. Each mount costs 0.15 ms, so what asks for a capability is left alone.
PROC_MASKED = (
    "acpi", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats", "pagetypeinfo", "sched_debug", "scsi",
    "slabinfo", "timer_list", "vmallocinfo",
)  # fmt: skip


@dataclass(frozen=True)
class Host:
    """What of this machine's layout the argument list depends on."""

    links: tuple[tuple[str, str | None], ...]
    """Top folders beside /usr: name, and target where it is a symbolic link."""
    etc: tuple[str, ...]
    masked: tuple[str, ...]
    """Files of /proc that are covered; folders end in a slash."""
    own_etc: Path
    """Folder with the sandbox's own passwd and the like."""


@dataclass(frozen=True)
class Overlay:
    """The two folders of an overlay, on one file system."""

    upper: Path
    work: Path


@lru_cache(maxsize=1)
def host() -> Host:
    """This machine's layout."""
    masked = [Path("/proc", name) for name in PROC_MASKED] if os.geteuid() == 0 else []
    return Host(
        links=tuple((name, _target(Path(name))) for name in SYSTEM_LINKS if Path(name).exists()),
        etc=tuple(name for name in ETC if Path(name).exists()),
        masked=tuple(f"{path}/" if path.is_dir() else str(path) for path in masked if path.exists()),
        own_etc=Path(__file__).parent / "etc",
    )


def _target(path: Path) -> str | None:
    return os.fspath(path.readlink()) if path.is_symlink() else None


def arguments(confinement: Confinement, overlay: Overlay | None, layout: Host) -> list[str]:
    """bubblewrap's options for these walls, without descriptors and without the command itself."""
    size = str(confinement.limits.temporary)
    args = [*NAMESPACES, "--ro-bind", "/usr", "/usr", *_system(layout)]
    args += ["--proc", "/proc", *_proc(layout), "--dev", "/dev"]
    args += ["--perms", "1777", "--size", size, "--tmpfs", SHARED_MEMORY]
    args += ["--perms", "1777", "--size", size, "--tmpfs", TEMPORARY, "--dir", HOME]
    for option, path in _binds(confinement):
        args += [option, path, path]
    inside = TEMPORARY
    if confinement.workspace is not None and overlay is not None:
        inside = confinement.workspace_at
        args += ["--overlay-src", str(confinement.workspace)]
        args += ["--overlay", str(overlay.upper), str(overlay.work), inside]
    args += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", inside]
    for name, value in sorted({**MINIMAL_ENVIRONMENT, **confinement.environment}.items()):
        args += ["--setenv", name, value]
    return args


def _system(layout: Host) -> list[str]:
    args: list[str] = []
    for name, target in layout.links:
        args += ["--ro-bind", name, name] if target is None else ["--symlink", target, name]
    for name in layout.etc:
        args += ["--ro-bind", name, name]
    args += ["--ro-bind", str(layout.own_etc), "/etc/luxos"]
    for name in OWN_ETC:
        args += ["--symlink", f"luxos/{name}", f"/etc/{name}"]
    return args


def _proc(layout: Host) -> list[str]:
    args = ["--ro-bind", "/proc/sys", "/proc/sys"]
    for name in layout.masked:
        args += ["--tmpfs", name.rstrip("/")] if name.endswith("/") else ["--ro-bind", "/dev/null", name]
    return args


def _binds(confinement: Confinement) -> list[tuple[str, str]]:
    """Outer folders first, so that an inner one is not covered."""
    binds = [("--ro-bind", path) for path in confinement.readable] + [("--bind", path) for path in confinement.writable]
    return [(option, str(path)) for option, path in sorted(binds, key=lambda bind: (len(bind[1].parts), str(bind[1])))]


@dataclass(frozen=True)
class Bubblewrap:
    """Runs confinements with one `bwrap` program."""

    program: Path
    name: str = "bubblewrap"

    async def run(
        self,
        confinement: Confinement,
        on_output: process.OnOutput | None = None,
        on_limited: process.OnLimited | None = None,
    ) -> Completed:
        """Runs the command behind the walls; see `luxos.runtime.sandbox.run`."""
        if confinement.network.reach is Reach.HOSTS:
            raise ValueError("bubblewrap reaches no named hosts")
        with overlay_for(confinement) as overlay, cgroup.group_for(confinement.limits) as group:
            launch = self.launch(confinement, overlay, group)
            return await process.run(launch, confinement.limits, confinement.stdin, on_output, on_limited)

    def launch(
        self, confinement: Confinement, overlay: Overlay | None, group: cgroup.ControlGroup | None
    ) -> process.Launch:
        """How to start it. Options go through a descriptor: a command line is readable by everyone on the machine."""
        status, status_inside = os.pipe()
        gate_inside, gate = os.pipe()
        internet = confinement.network.reach is Reach.LOOPBACK
        filter_ = memory_file(
            seccomp.program(platform.machine(), internet=internet, own=confinement.keeper, watched=not group)
        )
        options = arguments(confinement, overlay, host())
        options += [] if group else NO_SHARED_ZERO
        options += ["--as-pid-1"] if confinement.keeper else []
        options += ["--seccomp", str(filter_), "--json-status-fd", str(status_inside), "--block-fd", str(gate_inside)]
        listed = memory_file(b"".join(os.fsencode(option) + b"\0" for option in options))
        return process.Launch(
            backend=self.name,
            argv=(str(self.program), "--args", str(listed), "--", *confinement.argv),
            environment={},
            status=status,
            gate=gate,
            inherited=(status_inside, gate_inside, filter_, listed),
            channel=confinement.channel,
            group=group,
            early=confinement.keeper,
            growing=(*((overlay.upper,) if overlay else ()), *confinement.writable),
        )


def memory_file(content: bytes, flags: int = 0) -> int:
    """A descriptor from which `content` can be read, with no name anywhere."""
    try:
        descriptor = os.memfd_create("luxos", os.MFD_CLOEXEC | flags)
    except OSError:  # a kernel that does not know the flag has no need of it
        descriptor = os.memfd_create("luxos", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


@contextmanager
def overlay_for(confinement: Confinement) -> Iterator[Overlay | None]:
    """The overlay's folders; the work folder, and changes that nobody asked for, are gone afterwards."""
    if confinement.workspace is None:
        yield None
        return
    with ExitStack() as stack:
        staging = confinement.staging
        if staging is None:
            staging = Path(tempfile.mkdtemp(prefix="luxos-")) / "upper"
            stack.callback(remove, staging.parent)
        work = staging.with_name(staging.name + ".work")
        stack.callback(remove, work)
        with building(staging):
            for folder in (staging, work):
                folder.mkdir(parents=True, exist_ok=True)
            staging.chmod(confinement.workspace.stat().st_mode & 0o777 | 0o700)
        yield Overlay(staging, work)
