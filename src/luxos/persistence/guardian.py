"""The guardian: starts PostgreSQL, or adopts a running one, and stops it when nobody uses it any more.

Run as `python -I -S guardian.py PLAN` with the standard library only; `luxos.persistence.server` starts it. It answers
one line on its standard output, `ready` or `failed`, and then goes on in a session of its own.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

_POLL = 0.005
_RECOVERY_POLL = 0.1
_TRY_AGAIN = 0.1
_START_SECONDS = 10.0
"""How long to wait for the remains of a killed server to go away."""
_FAST_SECONDS, _IMMEDIATE_SECONDS = 20.0, 10.0


@dataclass(frozen=True)
class Plan:
    """What the guardian is to do; paths are absolute, `user` is the one to run as, or nothing for our own."""

    cluster: str
    users: str
    guardian: str
    log: str
    command: list[str]
    environment: dict[str, str]
    user: int | None
    linger: float
    socket_folder: str

    def as_argument(self) -> str:
        return json.dumps(asdict(self))


class Postmaster(NamedTuple):
    """A living server: its process, the folder of its socket, and whether it takes connections."""

    pid: int
    socket_folder: str
    ready: bool


def postmaster(cluster: Path) -> Postmaster | None:
    """The server that lives on a cluster's folder, from its `postmaster.pid`."""
    try:
        lines = (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not works_in(pid, cluster):
        return None
    folder, status = (lines[line].strip() if len(lines) > line else "" for line in (4, 7))
    return Postmaster(pid, folder, status == "ready")


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives and works in the folder, as PostgreSQL's processes do in their cluster.

    Compares the folders themselves, for inside a namespace their paths may read otherwise.
    """
    try:
        return os.path.samestat(Path(f"/proc/{pid}/cwd").stat(), folder.stat()) and not _is_zombie(pid)
    except OSError:
        return False


def _is_recovering(server: int) -> bool:
    """Whether the server reads its log after a crash of one of its processes.

    PostgreSQL 18 that is told to stop then does not: its checkpointer stays (seen with 18.4, every time).
    """
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
            if words.startswith(b"postgres: startup") and _parent(process) == server:
                return True
    return False


def _parent(process: Path) -> int:
    return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])


def last_words(log: Path, since: int = 0) -> str:
    """The last line of the log that says what went wrong, else the last line."""
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - 65536))
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    meant = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "ERROR:", "error:", "bwrap:"))]
    line = (meant or lines or [""])[-1]
    for mark in ("FATAL:  ", "PANIC:  ", "ERROR:  "):
        line = line.rpartition(mark)[2]
    return line.strip()


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"


class Guardian:
    """One guardian at work; it holds the lock `postgres.guardian` for its life."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.cluster = Path(plan.cluster)
        self.child: subprocess.Popen[bytes] | None = None
        self.ended, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, self._heard)
        self.told_to_stop = False

    def _heard(self, number: int, frame: object) -> None:
        self.told_to_stop = self.told_to_stop or number == signal.SIGTERM
        self.wake()

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b".")

    def start(self) -> int:
        """Starts or adopts the server and waits until it takes connections; gives its process."""
        until = time.monotonic() + _START_SECONDS
        while True:
            since = _size(Path(self.plan.log))
            self.child = None if postmaster(self.cluster) else self._spawn()
            found = self._wait_ready()
            if found is not None:
                return found
            if self.child is None and not self.told_to_stop:
                continue  # the server that we meant to adopt was on its way out
            words = last_words(Path(self.plan.log), since)
            if not self._may_go_away(words) or time.monotonic() > until or self.told_to_stop:
                raise RuntimeError(words or "it ended without a word")
            time.sleep(_TRY_AGAIN)

    def _wait_ready(self) -> int | None:
        """Waits for the server while it is starting or recovering, which takes as long as it takes."""
        while True:
            alive = self.child is None or self.child.poll() is None
            server = postmaster(self.cluster)
            if server is not None and server.ready:
                return server.pid
            if (server is None and self.child is None) or not alive or self.told_to_stop:
                return None
            time.sleep(_POLL)

    def _spawn(self) -> subprocess.Popen[bytes]:
        user = self.plan.user
        with Path(self.plan.log).open("ab") as log:
            return subprocess.Popen(
                self.plan.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.plan.environment,
                cwd="/",
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )

    def _may_go_away(self, words: str) -> bool:
        """Whether it fails for the remains of a killed server; removes notes that nobody stands behind.

        PostgreSQL takes a note for valid if a process has its number, be it a zombie that nobody waited for.
        """
        if "shared memory block" in words:
            return True
        if "lock file" not in words or "already exists" not in words:
            return False
        if not self._in_use():
            for note in (self.cluster / "postmaster.pid", Path(self.plan.socket_folder) / ".s.PGSQL.5432.lock"):
                note.unlink(missing_ok=True)
        return True

    def _in_use(self) -> bool:
        """Whether any process of a server still works in the cluster."""
        return any(works_in(int(entry.name), self.cluster) for entry in Path("/proc").iterdir() if entry.name.isdigit())

    def watch(self, server: int, users: int) -> bool:
        """Waits until nobody used the database for the time to linger, and holds `users` then; False if it died."""
        with _Process(server) as process:
            while self._idle_begins(process, users):
                since = time.time()
                while (rest := since + self.plan.linger - time.time()) > 0:
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if self._wait(process, rest) is False:
                        return False
                    if self.told_to_stop:
                        return True
                    if not _try_exclusive(users):
                        break
                    since = max(since, os.fstat(users).st_mtime)
                else:
                    if not _is_recovering(server):
                        return True
                    self._wait(process, _RECOVERY_POLL)
            return not process.is_dead()

    def _idle_begins(self, process: "_Process", users: int) -> bool:
        """Waits until `users` is ours exclusively; False if told to stop, or if the server died."""
        taken = threading.Event()

        def take() -> None:
            fcntl.flock(users, fcntl.LOCK_EX)
            taken.set()
            self.wake()

        threading.Thread(target=take, daemon=True).start()
        while not taken.is_set():
            if self._wait(process, None) is False or self.told_to_stop:
                return False
        return True

    def _wait(self, process: "_Process", seconds: float | None) -> bool:
        """Waits for a signal, a wake-up or the time; False if the server died."""
        poll = select.poll()
        poll.register(self.ended, select.POLLIN)
        poll.register(process.descriptor, select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)
        with contextlib.suppress(BlockingIOError):
            os.read(self.ended, 4096)
        return not process.is_dead()

    def stop(self, server: int) -> None:
        """Stops the server: politely, then at once (it recovers from its log at the next start)."""
        with _Process(server) as process:
            for number, seconds in (
                (signal.SIGINT, _FAST_SECONDS),
                (signal.SIGQUIT, _IMMEDIATE_SECONDS),
                (signal.SIGKILL, _IMMEDIATE_SECONDS),
            ):
                process.send(number)
                if process.wait(seconds):
                    break
        if self.child is not None:
            self.child.wait(_IMMEDIATE_SECONDS)
        self.tidy()

    def tidy(self) -> None:
        """Removes the socket's folder, which is empty when a server ended in order."""
        with contextlib.suppress(OSError):
            Path(self.plan.socket_folder).rmdir()


class _Process:
    """Another process, held by a descriptor, so that its number cannot come to mean another one."""

    def __init__(self, pid: int) -> None:
        try:
            self.descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self.descriptor = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)  # always readable, as of a dead one

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self.descriptor)

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self.descriptor, number)

    def wait(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def is_dead(self) -> bool:
        return self.wait(0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _try_exclusive(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _answer(line: str) -> None:
    """Tells the starting process, and lets go of it."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, (line + "\n").encode())
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def _become_guardian(path: str) -> int | None:
    """The lock of the guardian, unless another one lives; one that is just looking holds it for an instant only."""
    lock, until = _lock_file(path), time.monotonic() + 1
    while not _try_exclusive(lock):
        if time.monotonic() > until:
            return None
        time.sleep(_POLL)
    return lock


def main(argument: str) -> None:
    plan = Plan(**json.loads(argument))
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    lock = _become_guardian(plan.guardian)
    if lock is None:
        _answer("ready")
        return
    guardian, users = Guardian(plan), _lock_file(plan.users)
    try:
        server = guardian.start()
    except (RuntimeError, OSError) as error:
        _answer(f"failed {error}")
        if (left := postmaster(guardian.cluster)) is not None:
            guardian.stop(left.pid)
        guardian.tidy()
        os._exit(1)
    _answer("ready")
    if guardian.watch(server, users):
        guardian.stop(server)
    os.close(lock)
    os._exit(0)  # the locks go with us, this one before `users`


if __name__ == "__main__":
    main(sys.argv[1])
