"""LuxOS: a self-hosted operating system for software agents that speaks Polish first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luxos.version import __version__

if TYPE_CHECKING:
    import os
    from contextlib import AbstractAsyncContextManager

    from luxos.session import Lux

__all__ = ["__version__", "open"]


def open(  # noqa: A001 - it is always said with its module: `luxos.open()`
    home: str | os.PathLike[str] | None = None, dsn: str | None = None
) -> AbstractAsyncContextManager[Lux]:
    """Opens LuxOS for the length of `async with luxos.open() as lux:`.

    `home` is the data folder, by default `LUXOS_HOME`; its database is started where it does not run. `dsn` is another
    PostgreSQL, 15 or newer with pgvector, by default `LUXOS_DSN`. Raises a `LuxError` that says what to do.
    """
    from luxos.session import opened

    return opened(home, dsn)
