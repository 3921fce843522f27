"""Does with processes what the watchdog says, and tells it what became of them."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from functools import partial

from luxos.kernel.core.events import ComponentAdopted, ComponentStarted, Refused
from luxos.kernel.core.lives import Lives
from luxos.kernel.core.loop import Loop
from luxos.kernel.core.notices import Notices
from luxos.kernel.core.output import bound
from luxos.kernel.core.processes import (
    Life,
    begin,
    carries,
    command_of,
    end_carriers,
    end_strays,
    end_unknown,
    environment_of,
    reap,
)
from luxos.kernel.core.spares import Spares
from luxos.kernel.core.watchdog import Watchdog
from luxos.kernel.manifest import Component, Manifest
from luxos.kernel.sentences import KernelError


class Supervisor:
    """The components of a manifest as processes. It is the watchdog's hands."""

    def __init__(self, manifest: Manifest, folder: str, loop: Loop, tell: Callable[[object], None]) -> None:
        """Raises `OSError`."""
        self.tell, self._loop, self._folder = tell, loop, folder
        self.lives: dict[str, Life] = {}
        self.spared: Callable[[int], bool] = lambda _pid: False
        """Children of this process that are nobody's life, and stay: the standby."""
        self.spared_heard = 0.0
        """When something was last heard of it."""
        self._register = Lives(f"{folder}/lives.json")
        self._notices = Notices(f"{folder}/notices.sock")
        self._spares = Spares(loop, self._begin_spare)
        self.watchdog = Watchdog(manifest, self, _between_0_and_1)
        loop.watch(self._notices.fileno(), self._hear)

    def adopt(self) -> int:
        """Takes over what an earlier kernel left, or ends it where it is not wanted; how many live on."""
        now = time.monotonic()
        found: dict[str, tuple[Life, bool]] = {}
        try:
            found = self._register.adopt({watch.name for watch in self.watchdog.all})
        except KernelError as torn:
            self.tell(Refused(now, torn.code, torn.fields))
        end_unknown(self._folder, self._notices.path, {life.nonce for life, _ready in found.values()})
        for name, (life, ready) in found.items():
            self._hold(name, life)
            self.tell(ComponentAdopted(now, name, life.pid))
            self.watchdog.adopt(name, ready, now)
        return len(found)

    def reap(self) -> None:
        """Lets go of what came to us from dead parents, and has ended."""
        with contextlib.suppress(OSError):  # no descriptor is left: next time
            reap(self._is_ours)

    def upkeep(self) -> None:
        """Now and then: what the components print stays within its bounds, and their spares are there."""
        for name in self.lives:
            self._note(name, bound, self._output(name))
        for watch in self.watchdog.all:
            if self.watchdog.is_ready(watch.name):
                self._note(watch.name, self._spares.keep, watch.component)

    def close(self) -> None:
        """When nothing lives any more."""
        self._loop.forget(self._notices.fileno())
        self._notices.close()

    # The watchdog's hands

    def start(self, component: Component) -> bool:
        name = component.name
        try:
            life = self._spares.take(name) or self._begin(component)
        except OSError as error:
            self._not_done(name, error)
            return False
        self._hold(name, life)
        self._note(name, self._register.begun, name, life)
        self.tell(ComponentStarted(time.monotonic(), name, life.pid))
        return True

    def _begin(self, component: Component, reads: int | None = None) -> Life:
        environment = environment_of(component, os.urandom(16).hex(), self._notices.path, spare=reads is not None)
        return begin(command_of(component), environment, self._output(component.name), reads)

    def _begin_spare(self, component: Component, reads: int) -> Life:
        return self._begin(component, reads)

    def _output(self, name: str) -> str:
        return f"{self._folder}/{name}.out"

    def end(self, name: str) -> None:
        self.lives[name].send(signal.SIGTERM)

    def kill(self, name: str) -> None:
        self.lives[name].send(signal.SIGKILL)

    # What becomes of them

    def _hold(self, name: str, life: Life) -> None:
        self.lives[name] = life
        self._loop.watch(life.descriptor, partial(self._ended, name))

    def _ended(self, name: str) -> None:
        life = self.lives.pop(name)
        self._loop.forget(life.descriptor)
        status = life.close()
        self._note(name, self._end_rest, life)
        self._note(name, self._register.ended, name)
        self.watchdog.died(name, status, time.monotonic())
        if self.watchdog.is_over(name):
            self._spares.end(name)

    def _end_rest(self, dead: Life) -> None:
        """Ends what a dead component began, and left to us, or to somebody else if another kernel began it."""
        if dead.child:
            end_strays(lambda pid: self._is_ours(pid) or any(carries(pid, life.nonce) for life in self._living()))
        else:
            end_carriers(dead.nonce)

    def _hear(self) -> None:
        names = {life.pid: name for name, life in self.lives.items()}
        for pid, lines in self._notices.take():
            if pid in names and lines & {"READY=1", "WATCHDOG=1"}:
                self._said(names[pid], "READY=1" in lines)
            elif self.spared(pid):
                self.spared_heard = time.monotonic()
            else:
                self._spares.hear(pid, lines)

    def _said(self, name: str, ready: bool) -> None:
        before = self.watchdog.is_ready(name)
        self.watchdog.heard(name, ready, time.monotonic())
        if self.watchdog.is_ready(name) and not before:
            self._note(name, self._register.ready, name)
            self._note(name, self._spares.keep, self.watchdog.component(name))

    def _is_ours(self, pid: int) -> bool:
        return self.spared(pid) or any(life.pid == pid for life in self._living())

    def _living(self) -> list[Life]:
        return [*self.lives.values(), *self._spares.lives]

    def _note(self, component: str, action: Callable[..., None], *arguments: object) -> None:
        """Does what may fail for the disk's or the system's sake, and is no reason not to go on."""
        try:
            action(*arguments)
        except OSError as error:
            self._not_done(component, error)

    def _not_done(self, component: str, error: OSError) -> None:
        reason = error.strerror or str(error)
        self.tell(Refused(time.monotonic(), "component.system", {"component": component, "reason": reason}))


def _between_0_and_1() -> float:
    return int.from_bytes(os.urandom(2)) / 0xFFFF
