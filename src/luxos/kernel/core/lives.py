"""Which process is which component's, in a file, so that the next kernel can adopt it."""

from collections.abc import Collection
from typing import Any

from luxos.kernel.core.processes import Life, birth, known
from luxos.kernel.memory.snapshot import load, save

_KIND = "lives-1"


class Lives:
    """The file's rows: component, nonce, process, its birth, whether it was ready. One thread uses it.

    It has to survive the kernel's death, not the machine's, whose processes are gone then; so it is not synced.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}

    def begun(self, name: str, life: Life) -> None:
        """Raises `OSError`."""
        self._put(name, {"nonce": life.nonce, "pid": life.pid, "born": birth(life.pid), "ready": False})

    def ready(self, name: str) -> None:
        """Raises `OSError`."""
        self._put(name, {**self._rows[name], "ready": True})

    def ended(self, name: str) -> None:
        """Raises `OSError`."""
        self._rows.pop(name, None)
        save(self._path, _KIND, self._rows, durable=False)

    def _put(self, name: str, row: dict[str, Any]) -> None:
        self._rows[name] = row
        save(self._path, _KIND, self._rows, durable=False)

    def adopt(self, names: Collection[str]) -> dict[str, tuple[Life, bool]]:
        """The lives of these components that an earlier kernel left, and whether they were ready.

        Raises `SetAside` where nobody can know what it left.
        """
        rows = load(self._path, _KIND)
        found = {}
        for name, row in rows.items() if isinstance(rows, dict) else ():
            if name in names and (life := known(row["pid"], row["born"], row["nonce"])):
                self._rows[name], found[name] = row, (life, row["ready"])
        return found
