"""Who is the kernel of a folder: the holder of its lock. A standby waits for it, and ends a kernel that hangs."""

import contextlib
import fcntl
import os
import signal
import socket
import time

from luxos.kernel.core.control import ask, connect, peer
from luxos.kernel.core.notices import notify
from luxos.kernel.core.processes import Life
from luxos.kernel.sentences import KernelError

_LOOK_EVERY = 1.0
_PATIENCE = 3.0
"""Seconds in which a living kernel answers."""
_TRY_AGAIN = 0.005


def become_kernel(folder: str) -> int:
    """The lock of the folder, ours for our life. Raises `KernelError` where another one is the kernel."""
    lock = _lock_file(folder)
    if not _try_lock(lock):
        raise KernelError("kernel.runs", folder=folder)
    return lock


def wait_to_become_kernel(folder: str) -> tuple[int, int | None]:
    """The lock, once the kernel has died; and the kernel's process, if it had to be killed because it hung."""
    lock, killed = _lock_file(folder), None
    while not _try_lock(lock):
        with contextlib.suppress(OSError), connect(f"{folder}/kernel.sock", _PATIENCE) as connection:
            killed = _outlive(Life(peer(connection)[0], "", child=False), connection, lock, folder)
        time.sleep(_TRY_AGAIN)
    return lock, killed


def _outlive(kernel: Life, connection: socket.socket, lock: int, folder: str) -> int | None:
    """Waits until it dies, and sees to it where it does not answer; gives its process if it was killed."""
    try:
        while not kernel.wait(_LOOK_EVERY):
            try:
                ask(connection, "ping")
                notify("WATCHDOG=1", f"{folder}/notices.sock")
            except TimeoutError:
                return _killed(kernel, lock)
    finally:
        os.close(kernel.descriptor)
    return None


def _killed(kernel: Life, lock: int) -> int | None:
    if _try_lock(lock):
        return None  # it died just now, and this number may be another's
    kernel.send(signal.SIGKILL)
    kernel.wait(_PATIENCE)
    return kernel.pid


def _lock_file(folder: str) -> int:
    return os.open(f"{folder}/kernel.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
