"""What a process sets of itself: limits that it only lowers, and that nobody looks into it.

sandlock refuses the call by which Python sets limits, for with it a process may set those of others too; the older one,
for one's own only, it lets through.
"""

from __future__ import annotations

import os
from resource import RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA

TYPE_CHECKING = False  # as `typing` has it, which is not imported
if TYPE_CHECKING:
    from typing import Any

_NAMES = {RLIMIT_CPU: "Max cpu time", RLIMIT_DATA: "Max data size", RLIMIT_AS: "Max address space"}
_SETRLIMIT = {"x86_64": 160, "aarch64": 164}
PR_SET_DUMPABLE = 4


def read(path: str) -> str:
    """The text of a file of `/proc`."""
    with open(path) as file:  # noqa: PTH123 - pathlib costs 3 ms
        return file.read()


def lower(bounds: dict[int, int]) -> None:
    """Sets limits (`RLIMIT_CPU`, `RLIMIT_DATA`, `RLIMIT_AS`), where they are not lower already."""
    told = read("/proc/self/limits").splitlines()
    for kind, bound in bounds.items():
        hard = next(line for line in told if line.startswith(_NAMES[kind]))[26:].split()[1]
        least = bound if hard == "unlimited" else min(bound, int(hard))
        pair = least.to_bytes(8, "little") * 2
        if _called("syscall", _SETRLIMIT[os.uname().machine], kind, pair):
            raise OSError("setrlimit")


def hide() -> None:
    """Closes this process's memory, and its settings in /proc, to its children."""
    if _called("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError("prctl")


def _called(name: str, *arguments: object) -> int:
    import _ctypes  # what `ctypes` is made of: that one costs 10 ms

    itself: Any = None
    return int(_ctypes.call_function(_ctypes.dlsym(_ctypes.dlopen(itself, 0), name), arguments))
