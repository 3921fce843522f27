"""Named moments at which a test kills this process, to prove that nothing is lost there.

`LUXOS_FAULTPOINT=name` kills at the first time that the point is reached, `name:N` at the N-th. Without the variable
`reach` is one comparison.
"""

import os
import signal
from collections import Counter

_name, _, _count = os.environ.get("LUXOS_FAULTPOINT", "").partition(":")
_wanted = int(_count) if _count.isdecimal() else 1
_reached: Counter[str] = Counter()


def reach(point: str) -> None:
    """Says that this moment has come; ends the process by SIGKILL when a test asked for it."""
    if not _name or point != _name:
        return
    _reached[point] += 1
    if _reached[point] == _wanted:
        os.kill(os.getpid(), signal.SIGKILL)
