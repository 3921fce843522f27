"""The pool of connections: asyncpg's own, with our JSON, our clock and our errors."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.pool import Pool as AsyncpgPool
from asyncpg.pool import PoolAcquireContext

from luxos.persistence import json_codec, vector_codec
from luxos.persistence.address import Address
from luxos.persistence.errors import ClosedMeanwhile, NotOpen
from luxos.persistence.listening import Listening
from luxos.persistence.queries import queries
from luxos.persistence.translation import translated

_SIZE = 10
_SESSION = {"timezone": "UTC", "application_name": "luxos", "jit": "off"}
_CONNECT_SECONDS = 30.0


class Pool(AsyncpgPool):
    """A pool whose users see a `LuxError` when the database goes away or its disk is full.

    A connection is lent as it was given back: what is changed for a session (SET, LISTEN, advisory locks that outlive
    a transaction, temporary tables) belongs on a connection of its own, as `Claims` and the listeners have.
    """

    __slots__ = ("_address", "_folder", "admit", "listening", "over")

    def __init__(self, address: Address, folder: Path | None, size: int = _SIZE) -> None:
        super().__init__(
            **address.arguments(),
            init_size=1,
            min_size=0,
            max_size=size,
            max_queries=2**62,  # a connection is closed when it is idle, never when it is given back
            max_inactive_connection_lifetime=300.0,
            init=self._prepare,
            reset=_as_it_is,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            server_settings=_SESSION,
            timeout=_CONNECT_SECONDS,
        )
        self._address, self._folder = address, folder
        self.listening = Listening(address)
        self.admit: Callable[[Any], Awaitable[None]] | None = None
        """What lets a new connection in, once the schema is known to be ours."""
        self.over = False
        """Whether it lends no connections any more."""

    async def _prepare(self, connection: Any) -> None:
        await prepare(connection)
        if self.admit is not None:
            await self.admit(connection)

    async def close(self) -> None:
        """Waits until all connections are given back, and closes them, and the one that listens."""
        self.over = True
        await self.listening.close()
        await super().close()

    def acquire(self, *, timeout: float | None = None) -> "Acquired":
        """A connection, for `async with`."""
        return Acquired(self, timeout)

    def translate(self, error: BaseException, *, connecting: bool = False) -> None:
        """Raises the `LuxError` that an error means, if it means one."""
        meant = translated(error, self._address, self._folder, connecting=connecting)
        if meant is not None:
            raise (ClosedMeanwhile() if self.over else meant) from error


class Acquired(PoolAcquireContext):
    """Lends a connection and translates what goes wrong with it meanwhile."""

    __slots__ = ()
    pool: Pool

    async def __aenter__(self) -> Any:
        if self.pool.over:
            raise NotOpen
        try:
            return await super().__aenter__()
        except Exception as error:
            self.pool.translate(error, connecting=True)
            raise

    async def __aexit__(self, *raised: Any) -> None:
        error = raised[1] if len(raised) > 1 else None
        try:
            if error is not None or not await self._given_back():
                await super().__aexit__(*raised)
        except Exception as closing:
            self.pool.translate(error or closing)
            raise
        if isinstance(error, Exception):
            self.pool.translate(error)

    async def _given_back(self) -> bool:
        """Gives a connection back on which nothing is left to be done; `False` where the driver has to look after it.

        As the driver does, but without a task that shields it from a cancellation, which costs as much as a query:
        nothing here waits, so no cancellation can come between.
        """
        lent: Any = self.connection
        connection = lent._con
        if connection is None or connection.is_closed() or connection.is_in_transaction():
            return False
        if connection._protocol._is_cancelling():
            return False
        self.done, self.connection = True, None
        connection._on_release()
        await lent._holder.release(None)
        return True


async def prepare(connection: Any) -> None:
    """What every new connection gets: `jsonb`, `json` and `vector` as Python values.

    `jsonb` and `vector` travel in binary, which COPY demands. Where there is no `vector` yet, the schema makes it.
    """
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=json_codec.to_binary,
        decoder=json_codec.from_binary,
        format="binary",
    )
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=json_codec.to_text, decoder=json_codec.decode, format="text"
    )
    await prepare_vectors(connection)


async def prepare_vectors(connection: Any) -> None:
    """Has `vector` as lists of floats; the extension may live in any schema, and does nothing where it is not there."""
    if (schema := await connection.fetchval(queries()["vector_schema"])) is not None:
        await connection.set_type_codec(
            "vector",
            schema=schema,
            encoder=vector_codec.to_binary,
            decoder=vector_codec.from_binary,
            format="binary",
        )


async def _as_it_is(_connection: Any) -> None:
    """Nothing of ours leaves anything in a session of the pool, so giving a connection back needs no round trip.

    A transaction that was left open, and listeners, are ended by the driver before this is called.
    """
