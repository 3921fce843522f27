"""What follows from a death, a silence, or an order. No process, no clock, no file is in it: it is told, and it tells.

Each change of the world is a call; `tick` then does the next thing that is due: end what has to go, from the last to
the first; start what has to come, from the first to the last.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from luxos.kernel.core.events import (
    ComponentDied,
    ComponentHung,
    ComponentLate,
    ComponentReady,
    ComponentStopped,
    KernelSafe,
    ModeChanged,
    ZoneFailing,
)
from luxos.kernel.manifest import Component, Manifest, Zone
from luxos.kernel.sentences import KernelError

DOWN, STARTING, READY, STOPPING, DYING, ENDED = "down", "starting", "ready", "stopping", "dying", "ended"
_ALIVE = (STARTING, READY, STOPPING, DYING)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 30.0


class Hands(Protocol):
    """What is done with processes. None of it waits; what comes of it is told to the watchdog."""

    def start(self, component: Component) -> bool:
        """Begins a life; whether that could be done."""

    def end(self, name: str) -> None:
        """Asks it to end (SIGTERM)."""

    def kill(self, name: str) -> None:
        """Ends it, with all that it began (SIGKILL)."""

    def tell(self, event: object) -> None:
        """Publishes what happened."""


class Watch:
    """What is known of one component."""

    def __init__(self, component: Component, zone: Zone) -> None:
        self.component, self.zone, self.name = component, zone, component.name
        self.phase = DOWN
        self.since = self.heard = 0.0
        """Since when it is in its phase; when something was last heard of it."""
        self.not_before = 0.0
        self.restarts = self.falls = 0
        """Lives after the first; deaths since it was last ready for the zone's period."""
        self.started = self.was_ready = self.adopted = False
        self.leaves = self.again = False
        """Whether it has to stop; whether it starts again after that."""
        self.killed = self.accused = self.fallen = False
        """Killed while stopping; silent and said so; dead, and left so in passive mode."""

    @property
    def alive(self) -> bool:
        return self.phase in _ALIVE

    @property
    def settled(self) -> bool:
        """Whether those behind it have nothing to wait for at the first start."""
        return self.was_ready or self.phase == ENDED

    def enter(self, phase: str, now: float) -> None:
        self.phase, self.since, self.heard = phase, now, now
        self.killed = self.accused = False

    def deadline(self) -> float | None:
        """When something is due unless it is heard of before."""
        if self.phase == STARTING:
            return None if self.accused else self.since + self.component.ready
        if self.phase == READY:
            return self.heard + self.component.heartbeat if self.component.heartbeat and not self.accused else None
        if self.phase == STOPPING:
            return None if self.killed else self.since + self.component.shutdown
        return None


class Watchdog:
    """Watches the components of a manifest. All moments are seconds of one clock that never goes back."""

    def __init__(self, manifest: Manifest, hands: Hands, jitter: Callable[[], float]) -> None:
        """`jitter` gives numbers from 0 to 1."""
        self._hands, self._jitter = hands, jitter
        self.mode = manifest.mode
        self.zones = [(zone, [Watch(component, zone) for component in zone.components]) for zone in manifest.zones]
        self.all = [watch for _zone, watches in self.zones for watch in watches]
        self._named = {watch.name: watch for watch in self.all}
        self._deaths: dict[str, deque[float]] = {zone.name: deque() for zone in manifest.zones}
        self.safe = self.stopping = False

    # What it is told

    def adopt(self, name: str, ready: bool, now: float) -> None:
        """A life that an earlier kernel began goes on."""
        watch = self._named[name]
        watch.enter(READY if ready else STARTING, now)
        watch.started, watch.was_ready, watch.adopted = True, ready, True

    def heard(self, name: str, ready: bool, now: float) -> None:
        """The component has said that it lives, or that it is `ready`."""
        watch = self._named[name]
        watch.heard, watch.accused = now, watch.accused and watch.phase == STARTING
        if watch.phase == STARTING and (ready or watch.adopted):  # its word may have gone to the kernel before
            self._hands.tell(ComponentReady(now, name, now - watch.since))
            watch.enter(READY, now)
            watch.was_ready = True

    def died(self, name: str, status: int | None, now: float) -> None:
        """Its process, and all that it began, is gone; `status` is as in `ComponentDied`."""
        watch = self._named[name]
        if watch.phase == STOPPING:
            self._hands.tell(ComponentStopped(now, name, watch.killed))
            self._gone(watch, now)
            return
        self._hands.tell(ComponentDied(now, name, status))
        rested = watch.phase == READY and now - watch.since >= watch.zone.period
        watch.falls = 1 if rested else watch.falls + 1
        leaves = watch.leaves
        wanted = watch.component.restart == "permanent" or (watch.component.restart == "transient" and status != 0)
        if leaves:
            self._gone(watch, now)
        else:
            watch.enter(ENDED, now)
            watch.fallen = wanted and self.mode == "passive"
        if wanted and self.mode != "passive" and not self.stopping and not self.safe:
            self._fell(watch, now)

    def late(self, seconds: float) -> None:
        """We ourselves were held up for so long; what was said meanwhile may not have come through."""
        for watch in self.all:
            watch.since += seconds
            watch.heard += seconds

    # What it is ordered

    def restart(self, name: str, now: float) -> None:
        """Stops it, and those that fall with it, and starts them again. Raises `KernelError`."""
        if name not in self._named:
            raise KernelError("component.unknown", name=name, choices=", ".join(self._named))
        if self.safe or self.stopping:
            raise KernelError("kernel.not_now")
        watch = self._named[name]
        watch.not_before, watch.falls = now, 0
        for other in self._falls_with(watch):
            self._bring_back(other, now, forced=other is watch)

    def change_mode(self, mode: str, now: float) -> None:
        """Another mode from now on; ends a safe state. Raises `KernelError`."""
        if mode not in {"passive", "active", "strict"}:
            raise KernelError("mode.unknown", mode=mode)
        if self.stopping:
            raise KernelError("kernel.not_now")
        self.mode = mode
        self._hands.tell(ModeChanged(now, mode))
        for watch in self.all:
            watch.accused = False
            if self.safe or (watch.fallen and mode != "passive"):
                watch.falls = 0
                self._bring_back(watch, now)
        if self.safe:
            self.safe = False
            for deaths in self._deaths.values():
                deaths.clear()

    def stop(self, now: float) -> None:
        """Ends all, from the last to the first."""
        self.stopping = True
        self._all_leave(now)

    @property
    def finished(self) -> bool:
        """Whether it was told to stop, and nothing lives any more."""
        return self.stopping and not any(watch.alive for watch in self.all)

    def is_ready(self, name: str) -> bool:
        """Whether it has said so, in this life."""
        return self._named[name].phase == READY

    def is_over(self, name: str) -> bool:
        """Whether it does not come back by itself."""
        return self._named[name].phase == ENDED

    def component(self, name: str) -> Component:
        return self._named[name].component

    @property
    def settled(self) -> bool:
        """Whether all have been ready once, or have ended."""
        return all(watch.settled for watch in self.all)

    # What it does

    def tick(self, now: float) -> None:
        """Does what is due."""
        for watch in self.all:
            self._look(watch, now)
        zones = [watches for _zone, watches in self.zones]
        for group in [self.all] if self.stopping or self.safe else zones:
            self._end_last(group, now)
        for place, watch in enumerate(self.all):
            if watch.phase == DOWN and watch.not_before <= now and self._may_start(place, watch):
                self._start(watch, now)

    def deadline(self, now: float) -> float | None:
        """When `tick` has something to do if nothing happens before; None is never."""
        moments = [moment for watch in self.all if (moment := watch.deadline()) is not None]
        moments += [
            watch.not_before
            for place, watch in enumerate(self.all)
            if watch.phase == DOWN and self._may_start(place, watch)
        ]
        return max(now, min(moments)) if moments else None

    def _look(self, watch: Watch, now: float) -> None:
        until = watch.deadline()
        if until is None or now < until:
            return
        if watch.phase == STOPPING:
            watch.killed = True
            self._hands.kill(watch.name)
            return
        silent = ComponentLate if watch.phase == STARTING else ComponentHung
        self._hands.tell(silent(now, watch.name, now - watch.heard))
        if self.mode == "passive":
            watch.accused = True
        else:
            watch.enter(DYING, now)
            self._hands.kill(watch.name)

    def _end_last(self, group: list[Watch], now: float) -> None:
        """The last of those that leave is asked to end, once; those before it wait until it is gone."""
        for watch in reversed(group):
            if watch.leaves and watch.alive:
                if watch.phase in {STARTING, READY}:
                    watch.enter(STOPPING, now)
                    self._hands.end(watch.name)
                return

    def _may_start(self, place: int, watch: Watch) -> bool:
        if self.stopping or self.safe or not all(other.settled for other in self.all[:place]):
            return False
        if watch.zone.strategy == "one_for_one":
            return True
        return not any(other.leaves and other.alive for other in self._zone_of(watch)) and all(
            other.phase in {READY, ENDED} for other in self._before(watch)
        )

    def _start(self, watch: Watch, now: float) -> None:
        watch.restarts += watch.started
        watch.started, watch.adopted, watch.fallen = True, False, False
        watch.enter(STARTING, now)
        if not self._hands.start(watch.component):
            self.died(watch.name, None, now)

    def _fell(self, watch: Watch, now: float) -> None:
        """Brings back what fell, unless its zone falls too often."""
        deaths, zone = self._deaths[watch.zone.name], watch.zone
        deaths.append(now)
        while deaths[0] < now - zone.period:
            deaths.popleft()
        if len(deaths) > zone.intensity:
            if len(deaths) == zone.intensity + 1:
                self._hands.tell(ZoneFailing(now, zone.name, len(deaths)))
            if self.mode == "strict":
                self._become_safe(zone, now)
                return
            while len(deaths) > zone.intensity + 1:
                deaths.popleft()
        for other in self._falls_with(watch):
            self._bring_back(other, now)
            other.not_before = now + self._pause(watch.falls)

    def _become_safe(self, zone: Zone, now: float) -> None:
        self.safe = True
        self._hands.tell(KernelSafe(now, zone.name))
        self._all_leave(now)

    def _all_leave(self, now: float) -> None:
        for watch in self.all:
            watch.leaves, watch.again = watch.alive, False
            if watch.phase == DOWN:
                watch.enter(ENDED, now)

    def _bring_back(self, watch: Watch, now: float, forced: bool = False) -> None:
        """It starts again, after it was stopped if it lives. What is temporary does not, unless that is `forced`."""
        again = forced or watch.component.restart != "temporary"
        if watch.alive:
            watch.leaves, watch.again = True, again
        elif again:
            watch.enter(DOWN, now)

    def _gone(self, watch: Watch, now: float) -> None:
        watch.enter(DOWN if watch.again else ENDED, now)
        watch.leaves = watch.again = False

    def _pause(self, falls: int) -> float:
        """No pause at first, then one that doubles; never two of the same length, so that not all come at once."""
        if falls <= 1:
            return 0.0
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(falls - 2, 20)) * (1 + self._jitter()) / 2

    def _falls_with(self, watch: Watch) -> list[Watch]:
        zone = self._zone_of(watch)
        if watch.zone.strategy == "one_for_all":
            return zone
        return zone[zone.index(watch) :] if watch.zone.strategy == "rest_for_one" else [watch]

    def _before(self, watch: Watch) -> Iterator[Watch]:
        for other in self._zone_of(watch):
            if other is watch:
                return
            yield other

    def _zone_of(self, watch: Watch) -> list[Watch]:
        return next(watches for zone, watches in self.zones if zone is watch.zone)
