"""The wrapper that remembers what pure souls gave: the same soul, of the same owner, with the same arguments.

A soul is pure where its genotype says so (`pure: true`); then its result follows from its arguments alone, and it is
not run again for them as long as this process remembers. How often that was so is kept in `self_awareness.memo`.
"""

from collections import Counter, OrderedDict
from collections.abc import Awaitable
from contextlib import suppress
from uuid import UUID

from luxos.beings.genesis import canonical_bytes
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.json_codec import decode, encode
from luxos.runtime.call import Call, Handler, Outcome, Stored

MOST, LARGEST = 10_000, 64 << 20
"""Results, and bytes of them, that are remembered; the oldest go first."""
_BIG = 1 << 20
Key = tuple[str, str, bytes]


class Memo:
    """What this process remembers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[Key, bytes] = OrderedDict()
        self._size = 0
        self._hits: Counter[UUID] = Counter()
        self._misses: Counter[UUID] = Counter()

    def find(self, key: Key, soul: UUID) -> Outcome | None:
        """The result that is known, as a value of the caller's own."""
        text = self._known.get(key)
        (self._misses if text is None else self._hits)[soul] += 1
        if text is None:
            return None
        self._known.move_to_end(key)
        return Outcome(decode(text))

    def keep(self, key: Key, result: object) -> None:
        """Remembers a result, unless it is big."""
        text = encode(result)
        if len(text) > _BIG or key in self._known:
            return
        self._known[key] = text
        self._size += len(text) + len(key[2])
        while self._size > LARGEST or len(self._known) > MOST:
            old, gone = self._known.popitem(last=False)
            self._size -= len(gone) + len(old[2])

    async def settle(self) -> None:
        """Writes how often results were known, and how often not."""
        hits, self._hits = self._hits, Counter()
        misses, self._misses = self._misses, Counter()
        souls = sorted({*hits, *misses})
        if souls:
            counts = [hits[soul] for soul in souls], [misses[soul] for soul in souls]
            with suppress(LuxError):  # a figure; nothing depends on it
                async with self._database.pool.acquire() as connection:
                    await connection.execute(self._database.queries["count_memo"], souls, *counts)


def memoised(handler: Handler, memo: Memo) -> Handler:
    """Calls `handler` for what is not known yet."""

    def handle(call: Call) -> Awaitable[Outcome]:
        stored = call.stored
        return handler(call) if stored is None or not stored.known.pure else _remembered(call, stored)

    async def _remembered(call: Call, stored: Stored) -> Outcome:
        code = stored.known.code
        key = code.owner, code.soul_hash, canonical_bytes(dict(call.arguments))
        found = memo.find(key, call.callee_soul)
        if found is None:
            found = await handler(call)
            memo.keep(key, found.result)
        return found

    return handle
