"""A worker process of a queue: `python -m luxos.ui.worker QUEUE WORKER PARENT`, begun and ended by a pool.

It ends by itself when there is nothing to do for a while, and at once when its parent does, however that one ends.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Works until nothing is to be done, or SIGTERM; gives the exit code."""
    queue, worker, parent = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        return 1
    return _worked(queue, worker)


def _worked(queue: str, worker: str) -> int:
    """Imports what it needs only when it is sure to end with its parent."""
    import asyncio
    from uuid import UUID

    from luxos.config import Settings
    from luxos.errors import LuxError
    from luxos.runtime.tasks.errors import LeaseLost
    from luxos.ui.defects import defect
    from luxos.ui.working import work_alone

    try:
        asyncio.run(work_alone(Settings.from_environment(os.environ), queue, UUID(worker)))
    except LeaseLost:
        pass  # whoever took over has the tasks
    except LuxError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except Exception as error:
        print(defect(error), file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
