"""The network behind the walls, where there is none: sockets that ask LuxOS for the hosts that the soul names.

This is a convenience and no wall: what code finds around it, it could ask for too, and gets what is named only.
"""

from __future__ import annotations

import array
import errno
import os
import socket
from _thread import allocate_lock

TYPE_CHECKING = False  # as `typing` has it, which is not imported
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_REAL = socket.socket
_PORTS = {"http": 80, "https": 443}
_ADDRESS = "198.18.0.%d"
"""Of a range for tests of networks: what stands for a name until it is connected to."""
_OPEN = b"0"
_INTERNET = (-1, socket.AF_INET, socket.AF_INET6)
_LEVELS = (socket.IPPROTO_IP, socket.IPPROTO_TCP, getattr(socket, "IPPROTO_IPV6", 41))
_lock = allocate_lock()
_hosts: list[str] = []
_names: dict[str, str] = {}
_channel = -1


def install(hosts: Sequence[str]) -> None:
    """Has Python's sockets ask for these hosts, `name:port` each."""
    _hosts[:] = hosts
    for number, name in enumerate(sorted({host.rpartition(":")[0] for host in hosts}), 1):
        _names[_address(name) or _ADDRESS % number] = name
    vars(socket).update({"socket": Socket, "SocketType": Socket})
    socket.getaddrinfo = getaddrinfo
    socket.gethostbyname = gethostbyname
    socket.has_ipv6 = False


def use(channel: int) -> None:
    """Asks over this descriptor from now on."""
    global _channel  # noqa: PLW0603 - one call, one process
    _channel = channel


class Socket(_REAL):
    """A socket that looks like one of the network; below it is a unix one, which leads to LuxOS."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002
        kind = socket.SOCK_STREAM if type == -1 else type & 0xF
        self._pretends = family in _INTERNET and kind == socket.SOCK_STREAM and (fileno is None or family != -1)
        self._peer: Any = None
        if self._pretends and fileno is None:
            super().__init__(socket.AF_UNIX, socket.SOCK_STREAM | max(type, 0), 0)
        else:
            super().__init__(family, type, proto, fileno)

    @property
    def family(self) -> Any:
        return socket.AF_INET if self._pretends else super().family

    @property
    def proto(self) -> Any:
        return socket.IPPROTO_TCP if self._pretends else super().proto

    def connect(self, address: Any) -> None:
        if not self._pretends:
            return super().connect(address)
        host, port = str(address[0]), int(address[1])
        way = _way(_names.get(host, host), port)
        os.dup2(way, self.fileno(), inheritable=False)
        os.close(way)
        self.settimeout(self.gettimeout())
        self._peer = (host, port)
        return None

    def connect_ex(self, address: Any) -> int:
        if not self._pretends:
            return super().connect_ex(address)
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def getpeername(self) -> Any:
        return self._peer or super().getpeername()

    def setsockopt(self, level: int, *options: Any) -> None:
        if not (self._pretends and level in _LEVELS):
            super().setsockopt(level, *options)

    def getsockopt(self, level: int, *options: Any) -> Any:
        return 0 if self._pretends and level in _LEVELS else super().getsockopt(level, *options)


def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002
    """As Python's own; it knows the names that the soul names."""
    address = gethostbyname(host)
    if family not in (0, socket.AF_INET) or type & 0xF not in (0, socket.SOCK_STREAM):
        raise socket.gaierror(socket.EAI_FAMILY, "there are streams by IPv4 only")
    number = _PORTS.get(port) or int(port or 0)
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, number))]


def gethostbyname(host: Any) -> str:
    """What stands for a name; `gaierror` for one that the soul does not name."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    found = _address(name) or next((each for each, known in _names.items() if known == name.lower()), None)
    if found is None:
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is not among the hosts that the soul's permissions name")
    return found


def _address(name: str) -> str | None:
    try:
        return socket.inet_ntoa(socket.inet_pton(socket.AF_INET, name))
    except OSError:
        return None


def _way(name: str, port: int) -> int:
    """The descriptor of a way to a host."""
    with _lock, _REAL(fileno=os.dup(_channel)) as channel:
        channel.setblocking(True)
        channel.send(f"{name}:{port}"[:300].encode())
        said, extra, _flags, _from = channel.recvmsg(32, socket.CMSG_LEN(4))
    if said == _OPEN and extra:
        return array.array("i", extra[0][2])[0]
    number = int(said or errno.EPIPE)
    words = f"{name}:{port} is not among the hosts that the soul's permissions name"
    raise OSError(number, words if number == errno.EACCES else os.strerror(number))
