"""LuxOS's end of the line to one call: frames out and in, and what the code prints. The other end is not trusted."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from luxos.runtime.isolated.ways import Ways

LENGTH = 4
CHUNK = 1 << 16
_HALF, _HALF_TOO = b"\\ud", b"\\uD"


class BrokenLine(Exception):
    """What came is no frame, or a longer one than may come."""


class Line:
    """A channel and an output, made here and handed to a worker; read from once the call is on its way."""

    def __init__(self, hosts: Collection[str] = ()) -> None:
        self._ways = Ways(hosts) if hosts else None
        self._ours, self._theirs = socket.socketpair()
        self._output, self._their_output = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self._their_output, True)
        self._ours.setblocking(False)
        self._number = self._ours.fileno()  # asyncio describes a socket, each time that it is given one
        self._unsent: list[memoryview] = []
        self._received = bytearray()
        self._open = True
        self._writes = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def theirs(self) -> tuple[int, ...]:
        """What the worker is given: the channel, the output, and where hosts are named the one to ask for them by."""
        ways = (self._ways.theirs.fileno(),) if self._ways else ()
        return self._theirs.fileno(), self._their_output, *ways

    def given(self) -> None:
        """Closes here what the worker has."""
        self._theirs.close()
        os.close(self._their_output)
        if self._ways:
            self._ways.theirs.close()

    def start(
        self, most: int, on_frame: Callable[[Any, int], None], on_end: Callable[[Exception | None], None],
        on_output: Callable[[bytes], None],
    ) -> None:  # fmt: skip
        """Reads from now on. `most` are the bytes of a frame; the end comes once: `None` where it was hung up."""
        self._most, self._on_frame, self._on_end, self._on_output = most, on_frame, on_end, on_output
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._number, self._read)
        self._loop.add_reader(self._output, self._read_output)
        if self._ways:
            self._ways.start()

    def send(self, frame: Mapping[str, Any]) -> None:
        """Sends a frame, in the background where the other end is slow; `ValueError` for what JSON does not have."""
        data = json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        self._unsent.append(memoryview(len(data).to_bytes(LENGTH, "big") + data))
        if len(self._unsent) == 1:
            self._write()

    @property
    def unsent(self) -> int:
        """Bytes that the other end has not taken yet."""
        return sum(map(len, self._unsent))

    def _write(self) -> None:
        assert self._loop is not None  # noqa: S101 - started
        try:
            while self._unsent:
                rest = self._unsent[0]
                rest = rest[self._ours.send(rest) :]
                if rest:
                    self._unsent[0] = rest
                else:
                    del self._unsent[0]
        except BlockingIOError:
            self._writes = True
            self._loop.add_writer(self._number, self._write)
            return
        except OSError:  # hung up: the reader says so
            self._unsent.clear()
        if self._writes:
            self._writes = False
            self._loop.remove_writer(self._number)

    def _read(self) -> None:
        try:
            data = self._ours.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received += data
        try:
            self._frames()
        except (BrokenLine, ValueError, RecursionError) as error:
            self._ended(BrokenLine(str(error)))
            return
        if not data:
            self._ended(None)

    def _frames(self) -> None:
        while self._open and len(self._received) >= LENGTH:
            length = int.from_bytes(self._received[:LENGTH], "big")
            if length > self._most:
                raise BrokenLine("a frame is too long")
            if len(self._received) < LENGTH + length:
                return
            frame = bytes(self._received[LENGTH : LENGTH + length])
            del self._received[: LENGTH + length]
            self._on_frame(_value(frame), length)

    def _ended(self, error: Exception | None) -> None:
        if self._open and self._loop is not None:
            self._loop.remove_reader(self._number)
            self._on_end(error)

    def _read_output(self) -> bool:
        """Whether there may be more."""
        try:
            data = os.read(self._output, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self._on_output(data)
        elif self._loop is not None:
            self._loop.remove_reader(self._output)
        return bool(data)

    def drain(self) -> None:
        """Reads what was printed and not read, up to a pipe of it."""
        for _ in range(16):
            if not self._read_output():
                return

    async def close(self) -> None:
        """Hangs up."""
        if not self._open:
            return
        self._open = False
        if self._loop is not None:
            self._loop.remove_reader(self._number)
            self._loop.remove_writer(self._number)
            self._loop.remove_reader(self._output)
        with suppress(OSError):
            self._ours.close()
        os.close(self._output)
        if self._ways:
            await self._ways.close()


def _value(frame: bytes) -> Any:
    value = json.loads(frame, parse_constant=_refused)
    if _HALF in frame or _HALF_TOO in frame:
        json.dumps(value, ensure_ascii=False).encode()  # `ValueError` for half a letter, which UTF-8 cannot have
    return value


def _refused(name: str) -> Any:
    raise BrokenLine(f"{name} is not JSON")
