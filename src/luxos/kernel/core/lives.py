"""Which process is which component's, in a file, so that the next kernel finds them: a nonce before the process."""

import os
import signal
from typing import Any

from luxos.kernel.core.processes import Life, birth, end_carriers, known
from luxos.kernel.memory.snapshot import load, save

_KIND = "lives-1"


class Lives:
    """The file's rows: component, nonce, process, its birth, whether it was ready. One thread uses it.

    It has to survive the kernel's death, not the machine's, whose processes are gone then; so it is not synced.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}

    def announce(self, name: str) -> str:
        """A nonce for a life that is begun now. Raises `OSError`."""
        nonce = os.urandom(16).hex()
        self._put(name, {"nonce": nonce, "pid": None, "born": "", "ready": False})
        return nonce

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

    def adopt(self, names: set[str]) -> dict[str, tuple[Life, bool]]:
        """The lives of these components that an earlier kernel left, and whether they were ready; all others are ended.

        Raises `SetAside` where nobody can know what it left.
        """
        rows = load(self._path, _KIND)
        if rows is None:
            return {}
        found = {}
        for name, row in rows.items() if isinstance(rows, dict) else ():
            life = _life(row)
            if life is not None and name in names:
                self._rows[name], found[name] = row, (life, row["ready"])
            elif life is not None:
                end(life)
        return found


def end(life: Life) -> None:
    """Ends a life that is no child of ours, and all that it began."""
    life.send(signal.SIGKILL)
    life.wait(1.0)
    life.close()
    end_carriers(life.nonce)


def _life(row: dict[str, Any]) -> Life | None:
    if row["pid"] is None:
        end_carriers(row["nonce"])
        return None
    return known(row["pid"], row["born"], row["nonce"])
