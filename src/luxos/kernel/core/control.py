"""The control socket: one frame asks, one frame answers, both JSON; the same user only.

`SOCK_SEQPACKET` keeps frames whole, so there is no half of one to wait for. Nothing here ever waits for a client.
"""

import contextlib
import json
import os
import resource
import socket
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from luxos.kernel.core.loop import Loop
from luxos.kernel.sentences import KernelError

VERSION = 1
LARGEST_QUESTION, LARGEST_ANSWER = 16384, 131072
"""Bytes of a frame."""
_CONNECTIONS = 64
_PAUSE = 0.01
_CREDENTIALS = struct.Struct("3i")
_TYPE = socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC

Answer = Callable[[str, dict[str, Any]], object]


class Control:
    """Serves a socket in a loop. Of too many connections, the one that was silent for longest is closed."""

    def __init__(self, path: str, loop: Loop, answer: Answer) -> None:
        """`answer` takes what is to be done, with its fields, and may raise `KernelError`. Raises `OSError`."""
        self._loop, self._answer, self.path = loop, answer, path
        self._most = min(_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)
        self._open: OrderedDict[int, socket.socket] = OrderedDict()
        self._reserve: int | None = _reserve()
        self._socket = socket.socket(socket.AF_UNIX, _TYPE | socket.SOCK_NONBLOCK)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._socket.bind(path)
        os.chmod(path, 0o600)
        self._socket.listen(_CONNECTIONS)
        loop.watch(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Ends all connections, and removes the socket."""
        for descriptor in list(self._open):
            self._close(descriptor)
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _accept(self) -> None:
        """Takes one connection; where more wait, the loop calls again."""
        try:
            client, _address = self._socket.accept()
        except BlockingIOError:
            return
        except OSError:  # no descriptor is left
            self._free_descriptor()
            return
        if peer(client)[1] != os.geteuid():
            client.close()
            return
        self._make_room(self._most - 1)
        client.setblocking(False)
        self._open[client.fileno()] = client
        self._loop.watch(client.fileno(), partial(self._serve, client.fileno()))

    def _free_descriptor(self) -> None:
        """The connection that was silent for longest gives its own, or we our reserve: one person is always heard."""
        if self._open:
            self._make_room(len(self._open) - 1)
        elif self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None
        else:
            time.sleep(_PAUSE)

    def _make_room(self, most: int) -> None:
        while len(self._open) > most:
            self._serve(next(iter(self._open)), last=True)

    def _serve(self, descriptor: int, last: bool = False) -> None:
        """Takes one frame, if there is one, and answers it."""
        client = self._open[descriptor]
        self._open.move_to_end(descriptor)
        try:
            data, _beside, flags, _address = client.recvmsg(LARGEST_QUESTION)
            if not data:
                raise ConnectionResetError
            client.send(self._answered(data, bool(flags & socket.MSG_TRUNC)))
        except OSError:  # it is gone, silent, or does not take its answer
            last = True
        if last:
            self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        self._loop.forget(descriptor)
        self._open.pop(descriptor).close()
        if self._reserve is None:
            with contextlib.suppress(OSError):
                self._reserve = _reserve()

    def _answered(self, data: bytes, cut: bool) -> bytes:
        try:
            answer = _frame({"ok": self._answer(*_question(data, cut))})
            if len(answer) > LARGEST_ANSWER:
                raise KernelError("frame.too_large", most=LARGEST_ANSWER)
        except KernelError as error:
            answer = _frame({"error": {"code": error.code, "fields": error.fields}})
        return answer


def _reserve() -> int:
    return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)


def _question(data: bytes, cut: bool) -> tuple[str, dict[str, Any]]:
    if cut:
        raise KernelError("frame.too_large", most=LARGEST_QUESTION)
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise KernelError("frame.unreadable") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("do"), str):
        raise KernelError("frame.unreadable")
    if fields.pop("v", None) != VERSION:
        raise KernelError("frame.version", version=VERSION)
    return fields.pop("do"), fields


def _frame(content: dict[str, object]) -> bytes:
    return json.dumps({"v": VERSION, **content}, default=str).encode()


def peer(connection: socket.socket) -> tuple[int, int]:
    """The process and the user at the other end, as the operating system knows them."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, user, _group = _CREDENTIALS.unpack(found)
    return pid, user


def connect(path: str, seconds: float) -> socket.socket:
    """A connection to a kernel, whose answers take at most so long. Raises `OSError`."""
    connection = socket.socket(socket.AF_UNIX, _TYPE)
    connection.settimeout(seconds)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def ask(connection: socket.socket, do: str, **fields: object) -> Any:
    """What the kernel answers. Raises its `KernelError`, `TimeoutError`, `OSError`."""
    connection.send(_frame({**fields, "do": do}))
    data = connection.recv(LARGEST_ANSWER)
    if not data:
        raise ConnectionResetError
    answer = json.loads(data)
    if "error" in answer:
        raise KernelError(answer["error"]["code"], **answer["error"]["fields"])
    return answer["ok"]
