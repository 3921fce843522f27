"""The pool of connections: asyncpg's own, with our JSON, our clock and our errors."""

from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.pool import Pool as AsyncpgPool
from asyncpg.pool import PoolAcquireContext

from luxos.persistence import json_codec
from luxos.persistence.address import Address
from luxos.persistence.translation import translated

_SIZE = 10
_SESSION = {"timezone": "UTC", "application_name": "luxos", "jit": "off"}
_CONNECT_SECONDS = 30.0


class Pool(AsyncpgPool):
    """A pool whose users see a `LuxError` when the database goes away or its disk is full."""

    __slots__ = ("_address", "_folder")

    def __init__(self, address: Address, folder: Path | None, size: int = _SIZE) -> None:
        super().__init__(
            **address.arguments(),
            init_size=1,
            min_size=0,
            max_size=size,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            init=prepare,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            server_settings=_SESSION,
            timeout=_CONNECT_SECONDS,
        )
        self._address, self._folder = address, folder

    def acquire(self, *, timeout: float | None = None) -> "Acquired":
        """A connection, for `async with`."""
        return Acquired(self, timeout)

    def translate(self, error: BaseException) -> None:
        """Raises the `LuxError` that an error means, if it means one."""
        if (meant := translated(error, self._address, self._folder)) is not None:
            raise meant from error


class Acquired(PoolAcquireContext):
    """Lends a connection and translates what goes wrong with it meanwhile."""

    __slots__ = ()
    pool: Pool

    async def __aenter__(self) -> Any:
        try:
            return await super().__aenter__()
        except Exception as error:
            self.pool.translate(error)
            raise

    async def __aexit__(self, *raised: Any) -> None:
        error = raised[1] if len(raised) > 1 else None
        try:
            await super().__aexit__(*raised)
        except Exception as closing:
            self.pool.translate(error or closing)
            raise
        if isinstance(error, Exception):
            self.pool.translate(error)


async def prepare(connection: Any) -> None:
    """What every new connection gets: `jsonb` and `json` as Python values."""
    for kind in ("jsonb", "json"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=json_codec.encode, decoder=json_codec.decode, format="text"
        )
