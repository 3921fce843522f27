"""A kernel as a process, with components that say what becomes of them, and a checker of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import luxos.kernel
from luxos.kernel.core.control import ask, connect
from luxos.kernel.sentences import KernelError

ROOM = Path(luxos.kernel.__file__).parent
MEMBER = Path(__file__).parent / "kernel_member.py"
CARELESS = """
import runpy, sys
from luxos.kernel.core import {module} as module
module.{name} = {instead}
sys.argv[0] = {room!r}
from luxos.kernel.__main__ import main
sys.exit(main(sys.argv[1:]))
"""

DIES = """
import os, signal, sys
from luxos.kernel.core import lives, supervisor
calls = 0
def dying(call):
    def called(*arguments, **named):
        global calls
        calls += 1
        here = calls == {point}
        if here and {when!r} == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*arguments, **named)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return called
lives.save = dying(lives.save)
supervisor.begin = dying(supervisor.begin)
from luxos.kernel.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def member(name: str, *does: str, **fields: object) -> dict[str, Any]:
    """A component that does what is said (see `kernel_member.py`)."""
    command = ["{python}", "-I", "-S", str(MEMBER), name, *does]
    return {"name": name, "command": command, "shutdown": 2, "ready": 20, **fields}


def manifest(*components: dict[str, Any], strategy: str = "one_for_one", **fields: Any) -> dict[str, Any]:
    zone = {"name": "zone", "strategy": strategy, "intensity": 1000, "components": list(components)}
    return {"mode": "active", "zones": [zone], **fields}


class Kernels:
    """The kernels of one folder, one after the other."""

    def __init__(self, folder: Path, plan: dict[str, Any]) -> None:
        self.folder, self.plan = folder, folder.parent / f"{folder.name}.yaml"
        self.plan.write_text(json.dumps(plan))
        self.words = folder.parent / "stderr.txt"
        self._begun: list[subprocess.Popen[bytes]] = []

    def begin(
        self,
        *arguments: str,
        careless: tuple[str, str, str] | None = None,
        dies: tuple[int, str] | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.Popen[bytes]:
        """`careless`: a module, a name in it, and what stands there instead; `dies`: the point, `before` or `after`."""
        program = ["-I", "-S", str(ROOM)]
        if careless is not None:
            module, name, instead = careless
            program = ["-c", CARELESS.format(module=module, name=name, instead=instead, room=str(ROOM))]
        if dies is not None:
            program = ["-c", DIES.format(point=dies[0], when=dies[1])]
        with self.words.open("ab") as words:
            process = subprocess.Popen(
                [sys.executable, *program, str(self.folder), str(self.plan), *arguments],
                stderr=words,
                env={**os.environ, "LUXOS_LANG": "en", **environment},
            )
        self._begun.append(process)
        return process

    def ask(self, do: str, seconds: float = 20.0, **fields: object) -> Any:
        with connect(str(self.folder / "kernel.sock"), seconds) as connection:
            return ask(connection, do, **fields)

    def status(self) -> dict[str, Any] | None:
        """What the kernel says, if one answers."""
        with suppress(OSError):
            found: dict[str, Any] = self.ask("status")
            return found
        return None

    def rows(self) -> dict[str, dict[str, Any]]:
        status = self.status()
        return {row["name"]: row for zone in status["zones"] for row in zone["components"]} if status else {}

    def pids(self) -> dict[str, int]:
        return {name: row["pid"] for name, row in self.rows().items()}

    def phases(self) -> set[str]:
        return {row["phase"] for row in self.rows().values()}

    def until_ready(self) -> dict[str, int]:
        until(lambda: self.phases() == {"ready"}, self.rows)
        return self.pids()

    def until_replaced(self, name: str, pid: int) -> int:
        until(lambda: self.pids().get(name, pid) not in {pid, None} and self.phases() == {"ready"}, self.rows)
        return self.pids()[name]

    def lines(self) -> list[str]:
        """What the components have written of themselves."""
        path = self.folder / "members.txt"
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the log, once it has what the kernel has told until now: a thread writes it."""
        with suppress(OSError, KernelError):
            newest = self._newest()
            end = time.monotonic() + 5
            while not any(newest.items() <= line.items() for line in self.ask("log", most=5)):
                if time.monotonic() > end:
                    break
                time.sleep(0.01)
        with suppress(FileNotFoundError):
            lines = (self.folder / "kernel.log").read_text().splitlines()
            return [event for line in lines if (event := json.loads(line))["event"] == name]
        return []

    def _newest(self) -> dict[str, Any]:
        newest: dict[str, Any] = {}
        while found := self.ask("events", after=newest.get("number", 0)):
            newest = found[-1]
        return {field: value for field, value in newest.items() if field not in {"at", "number"}}

    def left(self) -> list[str]:
        """Processes of this folder's kernels and of their components, and of what these began."""
        return [" ".join(words) for _pid, words in self._of_this_folder()]

    def _of_this_folder(self) -> Iterator[tuple[int, list[str]]]:
        mark = f"NOTIFY_SOCKET={self.folder}/notices.sock".encode()
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                if not process.name.isdigit() or int(process.name) == os.getpid():
                    continue
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                carried = (process / "environ").read_bytes().split(b"\0")
                if mark in carried or any(word.startswith(str(self.folder)) for word in words):
                    yield int(process.name), words

    def end_all(self) -> None:
        while found := list(self._of_this_folder()):
            for pid, _words in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
            for process in self._begun:
                process.poll()
        for process in self._begun:
            process.wait(20)


@contextmanager
def kernels(folder: Path, plan: dict[str, Any]) -> Iterator[Kernels]:
    """Kernels whose processes are gone after the test, however it ended."""
    found = Kernels(folder, plan)
    try:
        yield found
    finally:
        found.end_all()


def until(condition: Callable[[], object], otherwise: Callable[[], object] = lambda: "", seconds: float = 30.0) -> None:
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether the process is there, and no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def zombies(parent: int) -> list[int]:
    """The dead children that a process did not let go of."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit():
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                if fields[0] == "Z" and int(fields[1]) == parent:
                    found.append(int(process.name))
    return found
