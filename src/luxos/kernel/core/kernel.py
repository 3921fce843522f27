"""The kernel at work: one loop that hears deaths, notices, signals and orders."""

import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from luxos.kernel.core import events
from luxos.kernel.core.control import Control
from luxos.kernel.core.event_bus import EventBus
from luxos.kernel.core.logger import Logger, read_log
from luxos.kernel.core.loop import Loop
from luxos.kernel.core.processes import STANDBY, Life, begin
from luxos.kernel.core.supervisor import Supervisor
from luxos.kernel.core.systemd import Systemd
from luxos.kernel.core.watchdog import Watch
from luxos.kernel.manifest import read_manifest
from luxos.kernel.memory.context_memory import ContextMemory
from luxos.kernel.sentences import KernelError

_PR_SET_CHILD_SUBREAPER = 36
_LONGEST_WAIT = 1.0
_LATE = 0.2
"""Seconds by which a wake-up may come late before anything is made of it."""
_RECENT, _MOST_LINES = 1000, 100
_UPKEEP_EVERY = 10.0
_STANDBY_PAUSE, _STANDBY_SILENCE = 1.0, 10.0


class Kernel:
    """The kernel of a folder, whose lock this process holds."""

    def __init__(self, folder: str, manifest: str, killed: int | None = None) -> None:
        """`killed` is the kernel that hung before this one. Raises `KernelError`, `OSError`."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._folder, self._manifest, self._since = folder, manifest, time.monotonic()
        read = read_manifest(manifest, f"{folder}/manifest.json")
        self._loop = Loop()
        self._control = Control(f"{folder}/kernel.sock", self._loop, self._order)
        self._bus = EventBus(*events.ALL)
        self._recent: deque[tuple[int, Any]] = deque(maxlen=_RECENT)
        self._told = 0
        self._log = Logger(f"{folder}/kernel.log", events.SYNCED)
        self._bus.subscribe(events.ALL, self._log.write, 10_000, "drop_oldest")
        self._context = ContextMemory()
        self._supervisor = Supervisor(read.manifest, folder, self._loop, self._tell)
        self._supervisor.spared = lambda pid: self._standby is not None and self._standby.pid == pid
        self._watchdog = self._supervisor.watchdog
        self._standby: Life | None = None
        self._standby_after = 0.0 if read.manifest.standby else float("inf")
        self._upkeep_after = 0.0
        self._systemd = Systemd()
        for refusal in read.refusals:
            self._refuse(refusal)
        self._begin(killed)

    def _begin(self, killed: int | None) -> None:
        self._loop.hear_signals(
            {signal.SIGTERM: self._stop, signal.SIGINT: self._stop, signal.SIGCHLD: self._supervisor.reap}
        )
        self._restore()
        if killed is not None:
            self._tell(events.KernelReplaced(self._since, killed))
        self._tell(events.KernelStarted(self._since, os.getpid(), self._supervisor.adopt()))

    def _restore(self) -> None:
        try:
            self._context.restore(f"{self._folder}/context.json")
            mode = str(self._context.get("mode", self._watchdog.mode))
            if mode != self._watchdog.mode:
                self._watchdog.change_mode(mode, time.monotonic())
        except KernelError as refusal:
            self._refuse(refusal)

    def run(self) -> None:
        """Supervises until it is told to stop, and everything has ended."""
        while not self._watchdog.finished:
            self._turn()
        self._tell(events.KernelStopped(time.monotonic(), os.getpid()))
        self._bus.close(2.0)
        self._supervisor.close()
        self._control.close()

    def _turn(self) -> None:
        before = time.monotonic()
        due = self._watchdog.deadline(before)
        pause = _LONGEST_WAIT if due is None else min(_LONGEST_WAIT, due - before)
        self._loop.wait(pause)
        now = time.monotonic()
        if (late := now - before - pause) > _LATE:
            self._tell(events.KernelLate(now, late))
            self._watchdog.late(late)
            self._supervisor.spared_heard += late
            self._loop.wait(0)  # the wait that was late may have ended with its time, not with what has come
        self._watchdog.tick(now)
        self._keep_standby(now)
        if now >= self._upkeep_after:
            self._upkeep_after = now + _UPKEEP_EVERY
            self._supervisor.upkeep()
        self._systemd.tell(self._watchdog.settled)

    def _stop(self) -> None:
        self._systemd.stopping()
        if self._standby is not None:
            self._standby.send(signal.SIGKILL)  # before the lock is free
        self._watchdog.stop(time.monotonic())

    # The standby

    def _keep_standby(self, now: float) -> None:
        if self._standby is not None and now - self._supervisor.spared_heard > _STANDBY_SILENCE:
            self._standby.send(signal.SIGKILL)
        elif self._standby is None and now >= self._standby_after and not self._watchdog.stopping:
            self._begin_standby(now)

    def _begin_standby(self, now: float) -> None:
        self._standby_after = now + _STANDBY_PAUSE
        self._supervisor.spared_heard = now
        room = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        command = [sys.executable, "-I", "-S", room, self._folder, self._manifest, f"--standby={os.getpid()}"]
        try:
            self._standby = begin(command, {**os.environ, STANDBY: self._folder}, f"{self._folder}/kernel.out")
        except OSError as error:
            self._refuse(KernelError("component.system", component="standby", reason=error.strerror))
            return
        self._loop.watch(self._standby.descriptor, self._standby_ended)

    def _standby_ended(self) -> None:
        assert self._standby is not None  # noqa: S101 - its descriptor was watched
        self._loop.forget(self._standby.descriptor)
        self._standby.close()
        self._standby = None

    # What is told

    def _tell(self, event: object) -> None:
        self._told += 1
        self._recent.append((self._told, event))
        self._bus.publish(event)

    def _refuse(self, error: KernelError) -> None:
        self._tell(events.Refused(time.monotonic(), error.code, error.fields))

    # What is ordered

    def _order(self, do: str, fields: dict[str, Any]) -> object:
        orders: dict[str, Callable[..., object]] = {
            "ping": self._ping,
            "status": self._status,
            "log": self._read_log,
            "events": self._events,
            "restart": self._restart,
            "mode": self._mode,
            "snapshot": self._snapshot,
            "stop": self._stop,
        }
        if do not in orders:
            raise KernelError("order.unknown", order=do, choices=", ".join(orders))
        try:
            return orders[do](**fields)
        except (TypeError, ValueError, ArithmeticError):
            raise KernelError("order.fields", order=do) from None
        except OSError as error:
            raise KernelError("order.disk", order=do, reason=error.strerror) from None

    def _ping(self) -> object:
        return {"pid": os.getpid()}

    def _status(self) -> object:
        now = time.monotonic()
        return {
            "pid": os.getpid(),
            "seconds": now - self._since,
            "mode": self._watchdog.mode,
            "safe": self._watchdog.safe,
            "stopping": self._watchdog.stopping,
            "standby": self._standby and self._standby.pid,
            "lost": self._log.lost,
            "zones": [
                {"name": zone.name, "components": [self._row(watch, now) for watch in watches]}
                for zone, watches in self._watchdog.zones
            ],
        }

    def _row(self, watch: Watch, now: float) -> object:
        life = self._supervisor.lives.get(watch.name)
        return {
            "name": watch.name,
            "phase": "dead" if watch.fallen else watch.phase,
            "seconds": now - watch.since,
            "pid": life and life.pid,
            "restarts": watch.restarts,
        }

    def _read_log(self, most: int = _MOST_LINES) -> object:
        return read_log(f"{self._folder}/kernel.log", max(0, min(int(most), _MOST_LINES)))

    def _events(self, after: int = 0) -> object:
        newer = [(number, event) for number, event in self._recent if number > after]
        return [{"number": number, "event": type(event).__name__, **event._asdict()} for number, event in newer[:100]]

    def _restart(self, name: str) -> object:
        self._watchdog.restart(name, time.monotonic())
        return None

    def _mode(self, mode: str) -> object:
        self._watchdog.change_mode(mode, time.monotonic())
        self._context.put("mode", mode)
        return self._snapshot()

    def _snapshot(self) -> object:
        self._context.save(f"{self._folder}/context.json")
        return {"values": len(self._context)}
