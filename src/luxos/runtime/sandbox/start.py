"""What a walled program starts as: a script that imports nothing of LuxOS, and becomes the walls' own program.

    start.py FILES LIMITS INSIDE GROUPS SETTINGS PROGRAM ARGUMENTS…

`FILES` (`2=/dev/null,9=/proc/1/fd/5`) are what is opened as which descriptor beside 0, 1 and 2, and `LIMITS`
(`7:64,9:1073741824`) the numbers and bounds of `setrlimit`. Nothing else that the parent had open is passed on.

`INSIDE` are limits that are put on the first process behind the walls, when its namespaces are made: only then does the
number of processes count what is in there, and not all that this person runs. It waits for that at a gate. It is put
into `GROUPS` too (`/sys/fs/cgroup/pids/luxos-@`, where `@` is the number of the walls' own process), made with what
of `SETTINGS` (`pids.max:16`) each of them has: root's processes are counted by a control group only.

Whoever ends it ends the walls' own process, with which all behind them ends; but only once they stand. Until then a
gatekeeper looks: where the walls are gone it ends what they had begun, by their process group.
"""

import os
import resource
import select
import sys

STATUS, GATE = 5, 6
"""The descriptors on which the walls say the number of that process, and let it go."""
STANDING = 1.0
"""Seconds within which the first process, once let go, has asked the kernel to be ended with the walls."""
HIGH = 32
"""Above the descriptors that `FILES` names, so that none of them is in the way of another."""


def main(files: str, limits: str, inside: str, groups: str, settings: str, *argv: str) -> None:
    """Does not return."""
    opened = []
    for entry in files.split(","):
        number, _, path = entry.partition("=")
        descriptor = os.open(path, os.O_RDWR if path == os.devnull else os.O_RDONLY)
        os.dup2(descriptor, HIGH + int(number), inheritable=False)
        opened.append(int(number))
    os.closerange(3, HIGH)
    os.closerange(HIGH + max(opened) + 1, os.sysconf("SC_OPEN_MAX"))
    if inside:
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)
        _fork_gatekeeper(inside, groups.replace("@", f"{os.getpid()}-{os.urandom(4).hex()}"), settings)
    for descriptor in opened:
        os.dup2(HIGH + descriptor, descriptor)
    _limit(0, limits)
    os.chdir("/")
    os.execve(argv[0], argv, {"HOME": "/"})  # noqa: S606 - an argument list, no shell; sandlock asks for a home


def _limit(pid: int, limits: str) -> None:
    for entry in limits.split(","):
        kind, _, told = entry.partition(":")
        hard = resource.getrlimit(int(kind))[1]
        bound = int(told) if hard == resource.RLIM_INFINITY else min(int(told), hard)
        resource.prlimit(pid, int(kind), (bound, bound))


def _fork_gatekeeper(inside: str, groups: str, settings: str) -> None:
    """A child that waits for the first process, puts the limits on it, sees that the walls stand, and is gone."""
    walls = os.getpid()
    said, status = os.pipe()
    waits, gate = os.pipe()
    if os.fork() == 0:
        try:
            for number in (0, 1, 2, status, waits):
                os.close(number)
            _keep_gate(walls, said, gate, inside, groups, settings)
        finally:
            os._exit(0)
    for number, descriptor in ((STATUS, status), (GATE, waits)):
        os.dup2(descriptor, HIGH - number)
    os.closerange(3, HIGH - GATE)  # first: each may have the other's number
    for number in (STATUS, GATE):
        os.dup2(HIGH - number, number)
    os.closerange(GATE + 1, HIGH)


def _keep_gate(walls: int, said: int, gate: int, inside: str, groups: str, settings: str) -> None:
    first = 0
    try:
        alive = os.pidfd_open(walls)
        _wait(alive, said, select.POLLIN)
        first = _first(said)
        _let_go(first, inside, groups, settings)
        os.write(gate, b"!")
        _wait(alive, gate, 0)  # until it is closed: the first process has gone through
        _wait(alive, alive, 0, STANDING)
    except (ProcessLookupError, BrokenPipeError):
        for end, number in ((os.kill, first), (os.killpg, walls)):  # the first one may have left the group
            try:
                end(number or walls, 9)
            except ProcessLookupError:
                continue


def _wait(alive: int, descriptor: int, event: int, longest: float | None = None) -> None:
    """Until something is there, or the other end is gone; `ProcessLookupError` where the walls are."""
    waits = select.poll()
    waits.register(alive, select.POLLIN)
    if descriptor != alive:
        waits.register(descriptor, event)
    if alive in dict(waits.poll(None if longest is None else longest * 1000)):
        raise ProcessLookupError


def _first(said: int) -> int:
    """The number of the process; the walls say it as JSON."""
    told = b""
    while data := os.read(said, 4096):
        told += data
    if not told:
        raise ProcessLookupError
    return int(told.partition(b'"child-pid":')[2].partition(b",")[0].partition(b"\n")[0])


def _let_go(pid: int, inside: str, groups: str, settings: str) -> None:
    try:
        _limit(pid, inside)
        for folder in filter(None, groups.split(",")):
            _sweep(os.path.dirname(folder))  # noqa: PTH120 - pathlib costs 3 ms
            os.mkdir(folder)  # noqa: PTH102
            for entry in (*settings.split(","), f"cgroup.procs:{pid}"):
                _set(folder, *entry.split(":"))
    except ProcessLookupError:  # it was ended meanwhile
        return
    except OSError:
        os.kill(pid, 9)  # never without its limits


def _sweep(parent: str) -> None:
    """Removes groups whose walls are gone."""
    for name in os.listdir(parent):  # noqa: PTH208
        owner = name[len("luxos-") :].partition("-")[0]
        if name.startswith("luxos-") and owner.isdecimal() and not os.path.exists(f"/proc/{owner}"):  # noqa: PTH110
            try:
                os.rmdir(f"{parent}/{name}")  # noqa: PTH106
            except OSError:  # the kernel still holds it, or another one was quicker
                continue


def _set(folder: str, file: str, value: str) -> None:
    try:
        descriptor = os.open(f"{folder}/{file}", os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # a setting of another controller
        return
    os.write(descriptor, value.encode())
    os.close(descriptor)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except FileNotFoundError:  # whoever started it has died meanwhile
        sys.exit(1)
