"""What a walled program starts as: a script that imports nothing of LuxOS, and becomes the walls' own program.

    start.py FILES LIMITS PROGRAM ARGUMENTS…

`FILES` (`2=/dev/null,9=/proc/1/fd/5`) are what is opened as which descriptor beside 0, 1 and 2, and `LIMITS`
(`7:64,9:1073741824`) the numbers and bounds of `setrlimit`. Nothing else that the parent had open is passed on.
"""

import os
import resource
import sys

HIGH = 32
"""Above the descriptors that `FILES` names, so that none of them is in the way of another."""


def main(files: str, limits: str, argv: list[str]) -> None:
    """Does not return."""
    opened = []
    for entry in files.split(","):
        number, _, path = entry.partition("=")
        descriptor = os.open(path, os.O_RDWR if path == os.devnull else os.O_RDONLY)
        os.dup2(descriptor, HIGH + int(number), inheritable=False)
        opened.append(int(number))
    os.closerange(3, HIGH)
    os.closerange(HIGH + max(opened) + 1, os.sysconf("SC_OPEN_MAX"))
    for descriptor in opened:
        os.dup2(HIGH + descriptor, descriptor)
    for entry in limits.split(","):
        kind, _, told = entry.partition(":")
        hard = resource.getrlimit(int(kind))[1]
        bound = int(told) if hard == resource.RLIM_INFINITY else min(int(told), hard)
        resource.setrlimit(int(kind), (bound, bound))
    os.chdir("/")
    os.execve(argv[0], argv, {})  # noqa: S606 - an argument list, no shell


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], sys.argv[3:])
    except FileNotFoundError:  # whoever started it has died meanwhile
        sys.exit(1)
