"""Who is the kernel of a folder: the holder of its lock. A standby waits for it, and ends a kernel that hangs."""

import contextlib
import fcntl
import os
import signal
import time

from luxos.kernel.core.control import ask, connect
from luxos.kernel.core.notices import notify
from luxos.kernel.core.processes import Life
from luxos.kernel.sentences import KernelError

_LOOK_EVERY = 1.0
_PATIENCE = 3.0
"""Seconds in which a living kernel answers."""
_HANDOVER, _TRY_AGAIN = 0.5, 0.002


def become_kernel(folder: str) -> int:
    """The lock of the folder, ours for our life. Raises `KernelError` where another one is the kernel."""
    lock = _lock_file(folder)
    if not _try_lock(lock):
        raise KernelError("kernel.runs", folder=folder)
    return lock


def wait_to_become_kernel(folder: str, parent: int) -> tuple[int, int | None]:
    """The lock, once `parent`, the kernel that began us, has died; and its process, if it hung and had to be killed.

    Raises `KernelError` where somebody else became the kernel then: a standby is one kernel's, so there is never a
    second one, and none outlives an ordered stop.
    """
    lock, killed = _lock_file(folder), None
    with contextlib.suppress(ProcessLookupError):
        kernel = Life(parent, "", child=False)
        if os.getppid() == parent:  # so it lives, and the number is its own
            killed = _outlive(kernel, folder)
    until = time.monotonic() + _HANDOVER
    while not _try_lock(lock):  # a process that the kernel was just about to begin may hold it for a moment
        if time.monotonic() > until:
            raise KernelError("kernel.runs", folder=folder)
        time.sleep(_TRY_AGAIN)
    return lock, killed


def _outlive(kernel: Life, folder: str) -> int | None:
    """Waits until it dies, and sees to it where it does not answer; gives its process if it was killed."""
    while not kernel.wait(_LOOK_EVERY):
        try:
            with connect(f"{folder}/kernel.sock", _PATIENCE) as connection:
                ask(connection, "ping")
            notify("WATCHDOG=1", f"{folder}/notices.sock")
        except TimeoutError:
            kernel.send(signal.SIGKILL)
            kernel.wait(_PATIENCE)
            return kernel.pid
        except OSError:  # too many others ask just now
            continue
    return None


def _lock_file(folder: str) -> int:
    return os.open(f"{folder}/kernel.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
