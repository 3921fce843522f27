"""What a sandboxed run may see, touch and use up, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Literal

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE

EndedBy = Literal["timeout", "workspace", "memory", "output", "processes", "signal"]


class Reach(Enum):
    """How far the network goes."""

    NONE = "none"
    LOOPBACK = "loopback"
    HOSTS = "hosts"


@dataclass(frozen=True)
class Network:
    """No network (the default), a loopback of one's own, or named hosts only."""

    reach: Reach = Reach.NONE
    hosts: tuple[str, ...] = ()
    """`host:port` each, for `Reach.HOSTS`."""

    def __post_init__(self) -> None:
        if (self.reach is Reach.HOSTS) != bool(self.hosts):
            raise ValueError("hosts are named exactly when the network reaches named hosts")

    @classmethod
    def none(cls) -> "Network":
        return cls()

    @classmethod
    def loopback(cls) -> "Network":
        return cls(Reach.LOOPBACK)

    @classmethod
    def named(cls, *hosts: str) -> "Network":
        return cls(Reach.HOSTS, hosts)


@dataclass(frozen=True)
class Limits:
    """How much a run may use; sizes are bytes, times are seconds."""

    seconds: float = 600.0
    memory: int = 4 * GIBIBYTE
    """Address space of each process, and memory of the whole tree: by a control group, else by a watcher."""
    processes: int = 256
    """Processes and threads of the whole tree."""
    file_size: int = 2 * GIBIBYTE
    open_files: int = 1024
    output: int = 4 * MEBIBYTE
    """What is kept of each of stdout and stderr; more is read and dropped, so that the child never blocks."""
    flood: int = GIBIBYTE
    """Output of one stream that ends the tree."""
    workspace: int = 4 * GIBIBYTE
    """What the overlay's upper folder and the writable folders may grow by; a watcher ends the tree beyond it."""
    temporary: int = GIBIBYTE
    """Size of /tmp, and of /dev/shm."""


@dataclass(frozen=True)
class Confinement:
    """One command and the walls around it."""

    argv: tuple[str, ...]
    workspace: Path | None = None
    """Shown at `workspace_at`; writes to it go to `staging`, never to the folder itself."""
    staging: Path | None = None
    """Empty or absent folder that receives the changes; None throws them away."""
    workspace_at: str = "/workspace"
    readable: tuple[Path, ...] = ()
    """Host paths, read-only, at the same path inside."""
    writable: tuple[Path, ...] = ()
    """Host paths that are written directly, at the same path inside: only what is private to the step."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """On top of the minimal clean one."""
    network: Network = Network()
    stdin: bytes = b""
    limits: Limits = Limits()
    channel: int | None = None
    """Open here, and the command's standard input: the one descriptor that every back end hands on."""
    keeper: bool = False
    """The command keeps others in its place: where there is a PID namespace it is the first process of it, and what it
    starts changes the limits of nobody else. It is ours, and may start while it is still being put into its control
    group, which takes as long as the start: what it runs for others comes after `on_limited`."""
    reads_only: bool = False
    """A program that only computes: behind walls without an overlay it writes nowhere, not even into a folder of its
    own, and starts nothing."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", MappingProxyType(dict(self.environment)))
        if not self.argv or any("\0" in argument for argument in self.argv):
            raise ValueError("argv needs a command, and no NUL in it")
        if self.stdin and self.channel is not None:
            raise ValueError("the standard input is bytes or a channel")
        for name, value in self.environment.items():
            if not name or "=" in name or "\0" in name + value:
                raise ValueError(f"not an environment variable: {name!r}")
        self._check_paths()

    def _check_paths(self) -> None:
        inside = PurePosixPath(self.workspace_at)
        if not inside.is_absolute() or len(inside.parts) != 2 or inside.name in RESERVED:
            raise ValueError("workspace_at is one new folder below the root")
        for path in (*self.readable, *self.writable):
            if not path.is_absolute() or path == Path("/"):
                raise ValueError(f"not an absolute path below the root: {path}")
        if self.workspace and self.staging:
            workspace, staging = self.workspace.resolve(), self.staging.resolve()
            if staging.is_relative_to(workspace) or workspace.is_relative_to(staging):
                raise ValueError("staging and workspace lie apart")


RESERVED = frozenset(
    {"..", "bin", "dev", "etc", "home", "lib", "lib32", "lib64", "proc", "root", "sbin", "sys", "tmp", "usr"}
)


@dataclass(frozen=True)
class Completed:
    """How a sandboxed run ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    truncated: bool
    """Something of stdout or stderr was dropped."""
    ended_by: EndedBy | None
    """Why it did not end by itself: `timeout`, `workspace`, `memory`, `output` and `processes` are limits of
    ours; `signal` is a signal from within. None: it exited."""
    seconds: float
    backend: str


MINIMAL_ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "HOME": "/tmp/home",  # noqa: S108 - a tmpfs of the sandbox
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": "/tmp",  # noqa: S108
    }
)
