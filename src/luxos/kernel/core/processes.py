"""One life of a component: begun, signalled, known again by another kernel, and ended with all that it began."""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Collection, Iterator

from luxos.kernel.manifest import Component

NONCE = "LUXOS_NONCE"
"""The variable by which whatever a life began is known: its value is made for that life only."""
_ROUNDS, _ROUND_SECONDS = 100, 0.05
SPARE = "LUXOS_SPARE"
"""The variable by which a process knows that it is a spare."""
STANDBY = "LUXOS_STANDBY"
"""The variable by which the standbys of a folder are known."""
_SPOKEN = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", NONCE, SPARE, STANDBY})
_DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


class Life:
    """A process, held by a descriptor that turns readable when it ends; `child` is one that we began ourselves."""

    def __init__(self, pid: int, nonce: str, child: bool) -> None:
        """Raises `ProcessLookupError`."""
        self.pid, self.nonce, self.child = pid, nonce, child
        self.descriptor = os.pidfd_open(pid)

    def send(self, number: int) -> None:
        """Sends it a signal, if it lives; never another process that got its number."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, number)

    def kill(self) -> None:
        """Ends it, and waits for a moment until it has."""
        self.send(signal.SIGKILL)
        self.wait(_ROUND_SECONDS)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, or does in this time."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def close(self) -> int | None:
        """After its end: ends its group, and gives what it ended with, as `ComponentDied` has it."""
        os.close(self.descriptor)
        if not self.child:
            return None
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)  # before it is waited for: until then the number is its own
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def begin(command: list[str], environment: dict[str, str], output: str, reads: int | None = None) -> Life:
    """Begins a life, in a session of its own, printing to the file `output`. Raises `OSError`.

    Its standard input is the descriptor `reads`, or nothing.
    """
    nothing = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    pid = os.posix_spawnp(
        command[0],
        command,
        environment,
        file_actions=[
            nothing if reads is None else (os.POSIX_SPAWN_DUP2, reads, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=_DEFAULTS,
    )
    try:
        return Life(pid, environment.get(NONCE, ""), child=True)
    except OSError:  # no descriptor is left: nobody could hold it
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


def environment_of(component: Component, nonce: str, notices: str, spare: bool = False) -> dict[str, str]:
    """What a component finds around it: ours, its own, and how it speaks with us."""
    ours = {name: value for name, value in os.environ.items() if name not in _SPOKEN}
    spoken = {NONCE: nonce, "NOTIFY_SOCKET": notices}
    if component.heartbeat:
        spoken["WATCHDOG_USEC"] = str(int(component.heartbeat * 1_000_000))
    if spare:
        spoken[SPARE] = "1"
    return ours | component.environment | spoken


def command_of(component: Component) -> list[str]:
    """Its command, in which `{python}` is the Python that we run with."""
    return [sys.executable if word == "{python}" else word for word in component.command]


def known(pid: int, born: str, nonce: str) -> Life | None:
    """The life that an earlier kernel began, if it is still that process."""
    with contextlib.suppress(ProcessLookupError):
        life = Life(pid, nonce, child=False)
        if birth(pid) == born and not life.wait(0) and carries(pid, nonce):
            return life
        os.close(life.descriptor)
    return None


def birth(pid: int) -> str:
    """When the process began, in this boot of the machine: with its number, that is one process and no other."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        ticks = file.read().rpartition(b")")[2].split()[19].decode()
        with open("/proc/sys/kernel/random/boot_id") as boot:
            return f"{boot.read().strip()}:{ticks}"
    return ""


def carries(pid: int, nonce: str) -> bool:
    """Whether the process was begun with this nonce."""
    return f"{NONCE}={nonce}".encode() in _environment(pid)


def end_carriers(nonce: str) -> bool:
    """Ends every process that was begun with this nonce; whether none is left."""
    mark = f"{NONCE}={nonce}".encode()
    return _end_where(lambda environment: mark in environment)


def end_unknown(folder: str, notices: str, nonces: Collection[str]) -> bool:
    """Ends what earlier kernels of the folder left: standbys, and what was begun for their socket with other nonces.

    Whether none is left.
    """
    mark, spared = f"NOTIFY_SOCKET={notices}".encode(), {f"{NONCE}={nonce}".encode() for nonce in nonces}
    standby = f"{STANDBY}={folder}".encode()
    return _end_where(lambda found: standby in found or (mark in found and not spared.intersection(found)))


def _end_where(wanted: Callable[[list[bytes]], bool]) -> bool:
    for _ in range(_ROUNDS):
        others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
        found = [pid for pid in others if wanted(_environment(pid))]
        if not found:
            return True
        _end(found)
    return False


def _environment(pid: int) -> list[bytes]:
    """What the process was begun with; nothing of a dead one."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
        return file.read().split(b"\0")
    return []


def end_strays(spared: Callable[[int], bool]) -> bool:
    """Ends those children that came to us from a parent that died, and theirs; whether none is left."""
    for _ in range(_ROUNDS):
        found = [pid for pid in _children() if not spared(pid)]
        if not found:
            return True
        _end(found)
    return False


def reap(spared: Callable[[int], bool]) -> None:
    """Lets go of those children that came to us and have ended."""
    for pid in _children():
        if not spared(pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _children() -> Iterator[int]:
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError), open(f"/proc/self/task/{task}/children") as file:
            yield from map(int, file.read().split())


def _end(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            life = Life(pid, "", child=False)
            life.kill()
            os.close(life.descriptor)
            os.waitpid(pid, os.WNOHANG)
