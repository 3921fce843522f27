"""What components say of themselves, in systemd's words: `READY=1`, `WATCHDOG=1`. The system says who sent them."""

import array
import contextlib
import os
import socket
import struct
from collections.abc import Iterator

_CREDENTIALS = struct.Struct("3i")
_LONGEST = 4096
_AT_ONCE = 256


class Notices:
    """A named local socket that takes notices."""

    def __init__(self, path: str) -> None:
        """Raises `OSError`."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.path = path
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._socket.bind(path)

    def fileno(self) -> int:
        return self._socket.fileno()

    def take(self) -> Iterator[tuple[int, set[str]]]:
        """What has come, a bounded number at once: which process sent which lines."""
        for _ in range(_AT_ONCE):
            try:
                data, beside, _flags, _address = self._socket.recvmsg(_LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
            except BlockingIOError:
                return
            for _level, kind, content in beside:
                if kind == socket.SCM_CREDENTIALS:
                    yield _CREDENTIALS.unpack(content)[0], set(data.decode(errors="replace").split("\n"))
                elif kind == socket.SCM_RIGHTS:
                    _close_all(content)

    def close(self) -> None:
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def notify(words: str, address: str | None = None, patience: float = 1.0) -> bool:
    """Says something to whoever watches this process, by default as `NOTIFY_SOCKET` says; whether it was taken.

    Waits at most `patience` seconds for room.
    """
    address = address or os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(patience)
        try:
            sender.connect(address)
            sender.send(words.encode())
        except OSError:
            return False
    return True


def wait_for_turn() -> bool:
    """In a spare of a component: says that it is warm, and waits; whether it has its turn. Elsewhere it always has."""
    if "LUXOS_SPARE" not in os.environ:
        return True
    notify("SPARE=1")
    return os.read(0, 1) != b""


def _close_all(content: bytes) -> None:
    descriptors = array.array("i")
    descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    for descriptor in descriptors:
        os.close(descriptor)
