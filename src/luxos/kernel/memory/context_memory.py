"""What the kernel remembers for a while: values with a time to live, within bounds, saved and restored whole."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable

from luxos.kernel.memory.snapshot import load, save, set_aside
from luxos.kernel.sentences import KernelError

_KIND = "context-1"


class ContextMemory:
    """Names and JSON values. At most `entries` of them and `size` bytes: the one unused for longest goes first.

    Times are seconds of the monotonic clock. One thread uses it.
    """

    def __init__(self, entries: int = 1000, size: int = 1 << 20, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._largest, self._clock = entries, size, clock
        self._kept: OrderedDict[str, tuple[bytes, float | None]] = OrderedDict()
        self.size = 0
        """Bytes of the names and values that are kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, name: str, value: object, ttl: float | None = None) -> None:
        """Remembers the value for `ttl` seconds, or until it has to make room. Raises `KernelError` if too large."""
        written = json.dumps(value).encode()
        if _size(name, written) > self._largest:
            raise KernelError("context.too_large", name=name, most=self._largest)
        self.forget(name)
        self._kept[name] = (written, None if ttl is None else self._clock() + ttl)
        self.size += _size(name, written)
        self._make_room()

    def get(self, name: str, default: object = None) -> object:
        """A copy of the value, if it is still remembered."""
        if not self._lives(name):
            return default
        self._kept.move_to_end(name)
        return json.loads(self._kept[name][0])

    def forget(self, name: str) -> None:
        """Forgets the value, if there is one."""
        if (entry := self._kept.pop(name, None)) is not None:
            self.size -= _size(name, entry[0])

    def names(self) -> list[str]:
        """What is remembered, from the one unused for longest."""
        return [name for name in list(self._kept) if self._lives(name)]

    def save(self, path: str) -> None:
        """Writes all of it; when it returns, it survives a power cut. Raises `OSError`."""
        now = self._clock()
        rows = [[name, json.loads(self._kept[name][0]), _rest(self._kept[name][1], now)] for name in self.names()]
        save(path, _KIND, rows)

    def restore(self, path: str) -> None:
        """Remembers what was saved; the time between is not counted, for no clock tells it. Raises `SetAside`."""
        rows = load(path, _KIND)
        if rows is None:
            return
        if not (isinstance(rows, list) and all(_is_row(row) for row in rows)):
            raise set_aside(path)
        for name, value, ttl in rows:
            self.put(name, value, ttl)

    def _lives(self, name: str) -> bool:
        entry = self._kept.get(name)
        if entry is not None and entry[1] is not None and entry[1] <= self._clock():
            self.forget(name)
            return False
        return entry is not None

    def _make_room(self) -> None:
        if len(self._kept) > self._most or self.size > self._largest:
            self.names()  # forgets what has had its time
        while len(self._kept) > self._most or self.size > self._largest:
            self.forget(next(iter(self._kept)))


def _size(name: str, written: bytes) -> int:
    return len(name.encode()) + len(written)


def _rest(until: float | None, now: float) -> float | None:
    return None if until is None else until - now


def _is_row(row: object) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 3
        and isinstance(row[0], str)
        and (row[2] is None or isinstance(row[2], float))
    )
