"""One object in the hands of several tasks: one of them writes it at a time, and what others change meanwhile stays."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from luxos.beings.difference import Keys, changed
from luxos.beings.errors import BeingBusy, BeingInvalid
from luxos.persistence.errors import ConnectionGivenBack, DatabaseLost
from luxos.persistence.json_codec import Encoded

if TYPE_CHECKING:
    from luxos.beings.record import Record

Later = Callable[[], None]


class Now(dict[str, Any]):
    """What an object was when it was sent, by field, and beside that what changed in it, and what adds up."""

    __slots__ = ("embedding", "energy", "keys_changed", "remembered")

    keys_changed: dict[str, Keys | None]
    """Of each object of a row that was loaded, the keys that changed since."""
    energy: int
    embedding: list[float] | None
    remembered: tuple[int, Encoded]

    def __init__(self, **fields: Any) -> None:
        super().__init__(fields)
        self.keys_changed = {}


class Writing:
    """Waits until no other task writes one of the objects; all are taken at once, so nobody waits in a ring.

    Inside a caller's transaction, which may hold what the other task waits for, it is `BeingBusy` instead. Where the
    block ends without a word from the database, the objects know that nobody knows how it ended.
    """

    __slots__ = ("_connection", "_done", "_records")

    def __init__(self, records: Sequence["Record"], connection: Any) -> None:
        check_lent(connection)
        self._records, self._connection, self._done = records, connection, asyncio.Event()

    async def __aenter__(self) -> None:
        while (one := next((record for record in self._records if record._busy is not None), None)) is not None:
            if self._connection is not None and self._connection.is_in_transaction():
                raise BeingBusy(soul=one.identity)
            await one._busy.wait()  # type: ignore[union-attr]
        for record in self._records:
            record._busy = self._done

    async def __aexit__(self, kind: type[BaseException] | None, *_raised: object) -> None:
        unsure = kind is not None and issubclass(kind, (asyncio.CancelledError, DatabaseLost))
        for record in self._records:
            record._busy = None
            record._unsure |= unsure
        self._done.set()


def check_lent(connection: Any) -> None:
    """Raises `ConnectionGivenBack` where a connection is the caller's no more."""
    is_alone(connection)


def is_alone(connection: Any) -> bool:
    """Whether what is done over a connection, or over one of the pool, is in no transaction of the caller.

    `ConnectionGivenBack` where it is the caller's no more.
    """
    try:
        return connection is None or not connection.is_in_transaction()
    except asyncpg.InterfaceError as error:
        raise ConnectionGivenBack from error


def later_in(now: Mapping[str, Any], content: Any, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What changed in an object since it was sent as `now[name]`, to be changed in what its row holds."""
    try:
        keys = changed(now[name], content, name)
    except BeingInvalid:  # the next save refuses it
        return lambda _present: content
    if keys is None:
        return lambda present: present
    return lambda present: {key: present[key] for key in present if key not in keys.names} | keys.now
