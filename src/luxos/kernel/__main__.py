"""`python -I -S src/luxos/kernel FOLDER [MANIFEST] [--standby=PARENT]`: the kernel of a folder, until SIGTERM."""

import os
import sys
from types import ModuleType

ROOM = os.path.dirname(os.path.abspath(__file__))
_STANDBY = "--standby="
_LONGEST_SOCKET = 107
"""Bytes that the operating system takes for the path of a socket."""


def _stand_alone() -> None:
    """Makes `luxos` a name for the folder around ours, and no more: nothing else of LuxOS is run by importing us."""
    luxos = ModuleType("luxos")
    luxos.__path__ = [os.path.dirname(ROOM)]
    sys.modules.setdefault("luxos", luxos)


def main(arguments: list[str]) -> int:
    """Runs a kernel; gives the exit code. What keeps it from running is one sentence on the standard error."""
    from luxos.kernel.sentences import KernelError, say

    parents = [argument.removeprefix(_STANDBY) for argument in arguments if argument.startswith(_STANDBY)]
    try:
        _run([argument for argument in arguments if not argument.startswith(_STANDBY)], *map(int, parents))
    except KernelError as error:
        english = os.environ.get("LUXOS_LANG", "").lower().startswith("en")
        print(say(error.code, error.fields, "en" if english else "pl"), file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _run(places: list[str], parent: int | None = None) -> None:
    from luxos.kernel.core.kernel import Kernel
    from luxos.kernel.core.standby import become_kernel, wait_to_become_kernel
    from luxos.kernel.sentences import KernelError

    if len(places) not in {1, 2}:
        raise KernelError("kernel.usage")
    folder = os.path.abspath(places[0])
    if len(os.fsencode(f"{folder}/notices.sock")) > _LONGEST_SOCKET:
        raise KernelError("kernel.path", folder=folder, most=_LONGEST_SOCKET)
    manifest = os.path.abspath(places[1]) if places[1:] else f"{ROOM}/config/kernel.yaml"
    try:
        os.umask(0o077)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.stat(folder).st_uid != os.geteuid() or os.stat(folder).st_mode & 0o022:
            raise KernelError("kernel.others", folder=folder)
        _lock, killed = wait_to_become_kernel(folder, parent) if parent else (become_kernel(folder), None)
        kernel = Kernel(folder, manifest, killed)
    except OSError as error:
        raise KernelError("kernel.folder", folder=folder, reason=error.strerror) from None
    kernel.run()


if __name__ == "__main__":
    _stand_alone()
    sys.exit(main(sys.argv[1:]))
