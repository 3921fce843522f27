"""The one place where errors of the driver become sentences for a person."""

import errno
import os
from pathlib import Path

import asyncpg

from luxos.errors import LuxError, reason_of
from luxos.persistence.address import Address
from luxos.persistence.errors import DatabaseLost, DatabaseUnreachable, DiskFull

_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InternalClientError,  # what the driver raises when a connection dies between two statements
    ConnectionError,
)
_ROOM = 1 << 20
"""With less than this free, in bytes, a server that went down is taken to have run out of disk."""


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone."""
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error) or "closing" in str(error)
    return isinstance(error, _CONNECTION)


def is_not_ready(error: BaseException) -> bool:
    """Whether the server is there, and takes nobody just now: it starts, recovers or stops."""
    return isinstance(error, asyncpg.CannotConnectNowError)


def connection_errors() -> tuple[type[Exception], ...]:
    """What may come up while connecting; `ValueError` is a DSN that cannot be read."""
    return (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)


def translated(
    error: BaseException, address: Address, folder: Path | None, *, connecting: bool = False
) -> LuxError | None:
    """What a person is told of an error in the middle of the work, or `None` where it is not of the database's health.

    `folder` is the embedded server's data folder. While `connecting`, every error of the system is one of it: the
    socket of a server that went away is a file that is missing.
    """
    where = str(folder) if folder else address.shown
    if isinstance(error, asyncpg.DiskFullError):
        return DiskFull(folder=where)
    if is_lost(error) or (connecting and isinstance(error, OSError)):
        return DiskFull(folder=where) if folder and _is_full(folder) else DatabaseLost(reason=_reason(error))
    return None


def refused(error: BaseException, address: Address) -> DatabaseUnreachable:
    """What a person is told when a server does not let us in."""
    return DatabaseUnreachable(address=address.shown, reason=_reason(error))


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return reason_of(error)
    if isinstance(error, TimeoutError):
        return reason_of(OSError(errno.ETIMEDOUT, ""))
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _ROOM
