"""One program behind walls through which nothing is seen but the program itself: no files, no network, no processes.

It is started by somebody else, who knows a path to run only and speaks with it over its standard streams: a pool of
workers, a library. All that the walls are built from lies in files without names, open here for that long.
"""

import os
import resource
import shlex
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from luxos.runtime.sandbox import cgroup, launched, seccomp, start
from luxos.runtime.sandbox.bubblewrap import NAMESPACES, Bubblewrap, memory_file
from luxos.runtime.sandbox.choose import Backend, choose
from luxos.runtime.sandbox.confinement import GIBIBYTE, Confinement, Limits
from luxos.runtime.sandbox.container import Container
from luxos.runtime.sandbox.limits import rlimits
from luxos.runtime.sandbox.sandlock import Sandlock
from luxos.runtime.sandbox.workspace import scratch_for

LIMITS = Limits(memory=GIBIBYTE, processes=16, file_size=0, open_files=64)
INSIDE = "/program"
STATUS, GATE, PLAN = 7, 8, 9
FILTER = GATE
"""Descriptors that the walls' own program starts with; bubblewrap's gate is `start.py`'s."""
_MFD_EXEC = 0x10
_INTERPRETER = 3
"""The kind of an ELF program's header that names its loader."""


@contextmanager
def launcher(
    program: Path,
    *,
    readable: Sequence[Path] = (),
    backend: Backend | None = None,
    limits: Limits = LIMITS,
    quiet: bool = True,
) -> Iterator[Path]:
    """A path that runs `program` behind the walls, with the arguments that it is run with, for the length of the block.

    The program sees its libraries and what is `readable`; what it says on standard error is lost where it is `quiet`.
    It dies with the thread that started it. `SandboxMissing` where this machine has no walls: there is no other way.
    """
    walls = backend or choose()
    with ExitStack() as held:
        if isinstance(walls, Bubblewrap):
            files, argv = _by_bubblewrap(walls, program, readable, held)
            inside = f"{resource.RLIMIT_NPROC}:{limits.processes}"
        elif isinstance(walls, Sandlock | Container):
            files, argv = _by_launcher(walls, program, readable, limits, held)
            inside = ""
        else:
            raise TypeError(walls)
        if quiet:
            files[2] = os.devnull
        yield _script(files, limits, inside, argv, held)


def _by_bubblewrap(
    walls: Bubblewrap, program: Path, readable: Sequence[Path], held: ExitStack
) -> tuple[dict[int, str], list[str]]:
    options = [*NAMESPACES, "--ro-bind", str(program), INSIDE]
    for path in (*_libraries(program), *readable):
        options += ["--ro-bind", str(path), str(path)]
    options += ["--remount-ro", "/", "--chdir", "/", "--seccomp", str(FILTER)]
    options += ["--info-fd", str(start.STATUS), "--block-fd", str(start.GATE)]
    files = {
        FILTER: _kept(seccomp.program(alone=True), held),
        PLAN: _kept(b"".join(os.fsencode(option) + b"\0" for option in options), held),
    }
    return files, [str(walls.program), "--args", str(PLAN), "--", INSIDE]


def _by_launcher(
    walls: Sandlock | Container, program: Path, readable: Sequence[Path], limits: Limits, held: ExitStack
) -> tuple[dict[int, str], list[str]]:
    """By `launcher.py`, whose gate is open."""
    confinement = Confinement(argv=(str(program),), readable=(program, *readable), limits=limits, reads_only=True)
    scratch = held.enter_context(scratch_for(confinement))
    plan = launched.plan(confinement, scratch, walls.walls(confinement, scratch), STATUS, GATE)
    files = {STATUS: os.devnull, GATE: _kept(b"!", held), PLAN: _kept(plan, held)}
    return files, [*launched.LAUNCHER, str(PLAN)]


def _script(files: Mapping[int, str], limits: Limits, inside: str, argv: Sequence[str], held: ExitStack) -> Path:
    bounds = {**rlimits(limits)}
    bounds.pop(resource.RLIMIT_NPROC)  # would count all that this person runs
    opened = ",".join(f"{number}={path}" for number, path in files.items())
    limited = ",".join(f"{kind}:{bound}" for kind, bound in bounds.items())
    folders, bounds_of_group = cgroup.plan(limits, "@")
    groups = ",".join(map(str, folders))
    settings = ",".join(f"{file}:{bound}" for file, bound in bounds_of_group)
    command = [sys.executable, "-I", "-S", start.__file__, opened, limited, inside, groups, settings, *argv]
    return Path(_kept(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'.encode(), held))


def _kept(content: bytes, held: ExitStack) -> str:
    """A path at which `content` can be read, and run, by whoever may look into this process: no name on a disk."""
    written = memory_file(content, _MFD_EXEC)
    try:
        only_read = os.open(
            f"/proc/self/fd/{written}", os.O_RDONLY | os.O_CLOEXEC
        )  # what is open for writing is not run
    finally:
        os.close(written)
    held.callback(os.close, only_read)
    return f"/proc/{os.getpid()}/fd/{only_read}"


def _libraries(program: Path) -> list[Path]:
    """The loader and the shared libraries of an ELF program, as its own loader finds them."""
    loader = _loader(program)
    if loader is None:
        return []
    listed = subprocess.run(
        [loader, "--list", program], cwd="/", env={}, capture_output=True, text=True, check=True, timeout=30
    )
    words = (word for line in listed.stdout.splitlines() for word in line.split())
    return [loader, *sorted({Path(word) for word in words if word.startswith("/")} - {loader})]


def _loader(program: Path) -> Path | None:
    """The loader that a 64-bit ELF program names; `None` where it needs none."""
    content = program.read_bytes()
    if content[:5] != b"\x7fELF\x02":
        return None
    table, size, count = struct.unpack_from("<Q14xHH", content, 32)
    for at in range(table, table + size * count, size):
        kind, offset, length = struct.unpack_from("<I4xQ16xQ", content, at)
        if kind == _INTERPRETER:
            return Path(os.fsdecode(content[offset : offset + length].rstrip(b"\0")))
    return None
