"""How soon the kernel is there, how little it takes, and how soon what died is back."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import luxos.kernel
from benchmarks.measure import Figure, Machine
from luxos.kernel.core.control import ask, connect
from luxos.kernel.core.event_bus import EventBus

_ROOM = Path(luxos.kernel.__file__).parent
_BARE = (sys.executable, "-I", "-S", "-c", "pass")
_EVENTS = 400_000
_DAY = 86_400
_WORKER = """
import os, socket, sys
def say(words):
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.connect(os.environ["NOTIFY_SOCKET"])
    notices.send(words)
if "LUXOS_SPARE" in os.environ:
    say(b"SPARE=1")
    os.read(0, 1) or sys.exit()
if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
say(b"READY=1")
while True:
    client, _ = server.accept()
    if client.recv(10) == b"day":
        for _ in range(86400):
            say(b"WATCHDOG=1")
    client.send(b"good")
    client.close()
"""


class _Beat(NamedTuple):
    number: int


class _Kernel:
    """A kernel with one worker, which answers on a socket."""

    def __init__(self, folder: Path, standby: bool, spare: bool = False) -> None:
        self.folder, self.worker = folder, folder / "worker.sock"
        folder.mkdir()
        command = ["{python}", "-I", "-S", "-c", _WORKER, str(self.worker)]
        zone = {"name": "zone", "period": 0.1, "components": [{"name": "worker", "command": command, "spare": spare}]}
        self._plan = folder / "plan.yaml"
        self._plan.write_text(json.dumps({"standby": standby, "zones": [zone]}))

    def begin(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-I", "-S", str(_ROOM), str(self.folder), str(self._plan)])

    def status(self) -> dict[str, Any] | None:
        with suppress(OSError), connect(str(self.folder / "kernel.sock"), 5.0) as connection:
            found: dict[str, Any] = ask(connection, "status")
            return found
        return None

    def watches(self, but: int = 0) -> int | None:
        """The process of a kernel, other than `but`, that has its worker ready."""
        status = self.status()
        if status is None or status["pid"] == but:
            return None
        return status["pid"] if status["zones"][0]["components"][0]["phase"] == "ready" else None

    def worker_pid(self) -> int:
        status = self.status()
        assert status is not None
        return int(status["zones"][0]["components"][0]["pid"])

    def answers(self, question: bytes = b"hello") -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.worker))
            client.send(question)
            return client.recv(10) == b"good"
        return False

    def stop(self) -> None:
        with suppress(OSError), connect(str(self.folder / "kernel.sock"), 5.0) as connection:
            ask(connection, "stop")
        _until(lambda: self.status() is None)


@contextmanager
def _running(machine: Machine, name: str, standby: bool = False, spare: bool = False) -> Iterator[_Kernel]:
    kernel = _Kernel(machine.home / name, standby, spare)
    process = kernel.begin()
    try:
        _until(kernel.watches)
        yield kernel
    finally:
        kernel.stop()
        process.wait(20)


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    yield _ready(machine)
    yield from _memory(machine)
    yield from _bus()
    yield _worker(machine, spare=False)
    yield _worker(machine, spare=True)
    yield _standby(machine)
    yield _without_standby(machine)


def _ready(machine: Machine) -> Figure:
    kernel = _Kernel(machine.home / "ready", standby=False)
    bare, took = [], []
    for _round in range(15):
        bare.append(_seconds(lambda: subprocess.run(_BARE, check=True)))
        began = time.perf_counter()
        process = kernel.begin()
        _until(kernel.status, 0.0005)
        took.append(time.perf_counter() - began)
        kernel.stop()
        process.wait(20)
    ratio = statistics.median(took[1:]) / statistics.median(bare)
    measured = f"{statistics.median(took[1:]) * 1000:.0f} ms = {ratio:.1f}×"
    beside = f"`python -I -S -c pass` {statistics.median(bare) * 1000:.0f} ms"
    return Figure("kernel: its control socket answers", measured, beside, "10×", ratio <= 10)


def _memory(machine: Machine) -> Iterator[Figure]:
    with _running(machine, "memory", standby=True) as kernel:
        _until(lambda: (kernel.status() or {}).get("standby"))
        time.sleep(0.5)
        status = kernel.status()
        assert status is not None
        alone, both = _pss(status["pid"]), _pss(status["pid"]) + _pss(status["standby"])
        bare = _bare_pss()
        beside = f"`python -I -S` {bare:.1f} MiB"
        yield Figure("kernel: memory (PSS)", f"{alone:.1f} MiB", beside, "25 MiB", alone < 25)
        yield Figure("kernel: memory with its standby", f"{both:.1f} MiB", beside, "40 MiB", both < 40)
        assert kernel.answers(b"day")
        after = _pss(status["pid"])
        grown = f"{after - alone:+.2f} MiB"
        yield Figure(f"kernel: memory after {_DAY} heartbeats", grown, f"{alone:.1f} MiB", "+1 MiB", after < alone + 1)


def _bus() -> Iterator[Figure]:
    alone, idle = [], []
    for _round in range(7):
        alone.append(_events_a_second(0))
        idle.append(_events_a_second(1000))
    ratio = statistics.median(alone) / statistics.median(idle)
    measured = f"{statistics.median(alone):,.0f} a second"
    yield Figure("kernel: bus between two threads", measured, "", "500,000", statistics.median(alone) >= 500_000)
    yield Figure("kernel: the same, 1,000 idle topics", f"{ratio:.2f}×", "without them", "1.2×", ratio <= 1.2)


def _events_a_second(idle: int) -> float:
    bus = EventBus(_Beat, *(type(f"Idle{number}", (), {}) for number in range(idle)))
    got: list[int] = []
    bus.subscribe([_Beat], lambda batch: got.append(len(batch)), 10_000, "block", 10)
    event, publish = _Beat(1), bus.publish
    began = time.perf_counter()
    for _ in range(_EVENTS):
        publish(event)
    assert bus.close(30)
    took = time.perf_counter() - began
    assert sum(got) == _EVENTS
    return _EVENTS / took


def _worker(machine: Machine, spare: bool) -> Figure:
    with _running(machine, f"worker-{spare}", spare=spare) as kernel:
        bare, took = [], []
        for _round in range(40):
            bare.append(_seconds(lambda: subprocess.run(_BARE, check=True)))
            _until(kernel.watches)
            time.sleep(0.5)  # longer than the zone's period: each death is a first one; and the spare is warm
            os.kill(kernel.worker_pid(), signal.SIGKILL)
            took.append(_until(kernel.answers, 0.0002))
    kind, most = ("a warm spare", 5) if spare else ("cold", 40)
    return _p95(f"kernel: worker killed, next good answer ({kind})", took, bare, most)


def _standby(machine: Machine) -> Figure:
    took = []
    with _running(machine, "standby", standby=True) as kernel:
        for _round in range(20):
            _until(lambda: (kernel.status() or {}).get("standby"))
            time.sleep(1.2)  # the new standby has to be there, and waits
            pid = kernel.watches()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            took.append(_until(partial(kernel.watches, pid), 0.0005))
    return _p95("kernel: killed, its standby supervises", took, [], 50)


def _without_standby(machine: Machine) -> Figure:
    took, bare = [], []
    with _running(machine, "alone") as kernel:
        for _round in range(20):
            bare.append(_seconds(lambda: subprocess.run(_BARE, check=True)))
            pid = kernel.watches()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            _until(lambda: kernel.status() is None, 0.0005)
            process = kernel.begin()
            took.append(_until(partial(kernel.watches, pid), 0.0005))
        kernel.stop()
        process.wait(20)
    return _p95("kernel: killed, started again, supervises", took, bare, 300)


def _p95(what: str, took: list[float], bare: list[float], most: float) -> Figure:
    ranked = sorted(seconds * 1000 for seconds in took)
    worst = ranked[int(len(ranked) * 0.95)]
    beside = f"`python -I -S -c pass` {statistics.median(bare) * 1000:.0f} ms" if bare else ""
    return Figure(
        what, f"p95 {worst:.1f} ms, median {statistics.median(ranked):.1f}", beside, f"{most} ms", worst < most
    )


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _until(condition: Callable[[], object], pause: float = 0.005) -> float:
    """Waits until it is so; gives the seconds that it took."""
    began = time.perf_counter()
    while not condition():
        assert time.perf_counter() - began < 30
        time.sleep(pause)
    return time.perf_counter() - began


def _pss(pid: int) -> float:
    """MiB of memory, what is shared counted by its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _bare_pss() -> float:
    command = [*_BARE[:-1], "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = _pss(process.pid)
        process.kill()
    return found
