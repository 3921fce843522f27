"""The embedded server: who uses it holds it. See docs/design.md, "Persistence: who owns the database"."""

import errno
import hashlib
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from luxos.config import Settings
from luxos.errors import reason_of
from luxos.persistence import guardian
from luxos.persistence.address import Address
from luxos.persistence.binaries import wheel_binaries
from luxos.persistence.cluster import DATABASE, ROLE, ensure_cluster
from luxos.persistence.confinement import confinement
from luxos.persistence.errors import DatabaseCannotStart, DiskFull
from luxos.persistence.locks import is_held, locked

_SOCKET_ROOM = 107 - len("/.s.PGSQL.5432.lock")
"""The longest path of a folder in which a socket fits."""
_STOP_SECONDS = 90.0
"""How long to wait for a guardian that is stopping the server."""
_START_SECONDS = 600.0
"""How long to wait for another process that starts or recovers the server."""
_POLL = 0.005
_LOG_SIZE = 1 << 20
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",
}


@contextmanager
def serving(settings: Settings) -> Iterator[Address]:
    """Has the embedded server running for the length of the block; several processes may be in it at once."""
    home = settings.home
    with ExitStack() as held:
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            users = held.enter_context(locked(home / "postgres.users", exclusive=False, seconds=_STOP_SECONDS))
            held.callback(os.utime, users)  # the guardian counts its time from the last coming or going
            os.utime(users)
            with locked(home / "postgres.start", exclusive=True, seconds=_START_SECONDS):
                folder = _running(home) or _start(settings)
        except OSError as error:
            raise _translated(error, home) from error
        yield Address(folder, DATABASE, ROLE)


def _running(home: Path) -> str | None:
    """The socket's folder of the server that a living guardian looks after."""
    lock, cluster, until = home / "postgres.guardian", home / "postgres", time.monotonic() + _STOP_SECONDS
    while is_held(lock):
        server = guardian.postmaster(cluster)
        if server is not None and server.ready:
            return server.socket_folder
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(_POLL)
    return None


def _start(settings: Settings) -> str:
    """Starts a guardian, and by it the server; gives the socket's folder."""
    home = settings.home
    plan = _plan(settings)
    answer = _ask_guardian(plan)
    if answer != "ready":
        reason = answer.removeprefix("failed ") or "its guardian ended"
        if "No space left on device" in reason:
            raise DiskFull(folder=str(home))
        raise DatabaseCannotStart(reason=reason, log=str(_log(home)))
    server = guardian.postmaster(home / "postgres")
    return server.socket_folder if server is not None else plan.socket_folder


def _plan(settings: Settings) -> guardian.Plan:
    home, binaries = settings.home, wheel_binaries()
    _turn_log(_log(home))
    confined = confinement(binaries, home)
    cluster = ensure_cluster(home, binaries, confined)
    sockets = _socket_folder(home, confined.user)
    confined.give(sockets)
    words = [binaries.program("postgres"), "-D", str(cluster)]
    for name, value in {**_SETTINGS, "unix_socket_directories": str(sockets)}.items():
        words += ["-c", f"{name}={value}"]
    return guardian.Plan(
        cluster=str(cluster),
        users=str(home / "postgres.users"),
        guardian=str(home / "postgres.guardian"),
        log=str(_log(home)),
        command=confined.command(words, [cluster, sockets]),
        environment=confined.environment,
        user=confined.user,
        linger=settings.database_linger,
        socket_folder=str(sockets),
    )


def _ask_guardian(plan: guardian.Plan) -> str:
    """Starts the guardian and waits for its one line."""
    with Path(plan.log).open("ab") as log:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(Path(guardian.__file__)), plan.as_argument()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            cwd="/",
            check=False,
        )
    return done.stdout.decode(errors="replace").strip()


def _socket_folder(home: Path, user: int | None) -> Path:
    """A folder of ours alone whose path is short enough for a socket: in the data folder, else in /tmp."""
    folder = home / "postgres.socket"
    if len(os.fsencode(folder)) > _SOCKET_ROOM:
        name = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
        folder = Path(f"/tmp/luxos-{os.geteuid()}-{name}")  # noqa: S108 - its owner and mode are checked
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), user) or found.st_mode & 0o077:
        raise PermissionError(errno.EPERM, "this folder belongs to somebody else", str(folder))
    return folder


def _turn_log(log: Path) -> None:
    """Keeps one older log beside the log, once it has grown."""
    if log.exists() and log.stat().st_size > _LOG_SIZE:
        log.rename(log.with_name("postgres.log.1"))


def _log(home: Path) -> Path:
    return home / "postgres.log"


def _translated(error: OSError, home: Path) -> DiskFull | DatabaseCannotStart:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(folder=str(home))
    if isinstance(error, TimeoutError):
        return DatabaseCannotStart(reason="another LuxOS does not let go of it", log=str(_log(home)))
    return DatabaseCannotStart(reason=f"{reason_of(error)} ({error.filename})", log=str(_log(home)))
