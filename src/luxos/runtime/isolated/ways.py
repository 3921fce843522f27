"""The ways of one call to the hosts that its soul names: LuxOS connects, and passes on what is sent.

Behind the walls there is no network. Code asks for a host over a channel of its own, and gets one end of a pair of unix
sockets; never a socket of the network, for that could be connected anywhere. What asks is not trusted.
"""

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Collection
from contextlib import suppress

LONGEST = 300
"""Bytes of what is asked."""
MOST = 32
"""Ways that are open at once."""
SECONDS = 10.0
"""In which a host answers."""
CHUNK = 1 << 16
OPEN = b"0"


class Ways:
    """A channel, made here and handed to a worker; what it asks for is answered once the call is on its way."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = frozenset(hosts)
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Answers from now on."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ours, self._hear)

    async def close(self) -> None:
        """Ends all ways, and waits for their end: what is left open may outlive the event loop, and cannot end then."""
        self._stop()
        self._ours.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _stop(self) -> None:
        if self._loop is not None and self._ours.fileno() >= 0:
            self._loop.remove_reader(self._ours)

    def _hear(self) -> None:
        try:
            asked = self._ours.recv(LONGEST)
        except BlockingIOError:
            return
        except OSError:
            asked = b""
        if not asked:
            self._stop()
        elif (host := asked.decode(errors="replace")) not in self._hosts:
            self._answer(_no(errno.EACCES))
        elif len(self._tasks) >= MOST:
            self._answer(_no(errno.EMFILE))
        else:
            task = asyncio.create_task(self._way(host))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _answer(self, said: bytes, end: socket.socket | None = None) -> None:
        """Who does not take its answers gets none."""
        with suppress(OSError):
            socket.send_fds(self._ours, [said], [] if end is None else [end.fileno()])

    async def _way(self, host: str) -> None:
        try:
            there = await _connected(host)
        except TimeoutError:
            return self._answer(_no(errno.ETIMEDOUT))
        except OSError as error:
            known = error.errno if error.errno in errno.errorcode else None
            return self._answer(_no(known or errno.EHOSTUNREACH))
        writers = [there[1]]
        try:
            ours, theirs = socket.socketpair()
            self._answer(OPEN, theirs)
            theirs.close()
            here = await asyncio.open_connection(sock=ours)
            writers.append(here[1])
            async with asyncio.TaskGroup() as both:
                both.create_task(_passed_on(here[0], there[1]))
                both.create_task(_passed_on(there[0], here[1]))
            await _closed(*writers)
        finally:
            for writer in writers:
                writer.transport.abort()  # of what was cut off
        return None


Way = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connected(host: str) -> Way:
    """A connection to a host; to an address of this machine or its neighbours only where the permission itself says so.

    Whoever owns a name says where it leads, and could lead it to what listens here for this person alone.
    """
    name, _colon, port = host.rpartition(":")
    async with asyncio.timeout(SECONDS):
        found = await asyncio.get_running_loop().getaddrinfo(name, int(port), type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if not (name == "localhost" or name in addresses):
            addresses = [each for each in addresses if ipaddress.ip_address(each).is_global]
        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                return await asyncio.open_connection(address, int(port))
            except OSError:
                if last == 0:
                    raise
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


async def _passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes on what comes, until its end; a side that hung up takes no more."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def _closed(*writers: asyncio.StreamWriter) -> None:
    """Waits until all that was written is on its way."""
    for writer in writers:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _no(number: int) -> bytes:
    return str(number).encode()
