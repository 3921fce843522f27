"""The watchdog in a world of its own: each rule of OTP's, and any order of deaths, silences and orders."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.plugins.sampling import examples

from luxos.kernel.core.watchdog import Watchdog
from luxos.kernel.manifest import Component, Manifest, Zone
from luxos.kernel.sentences import KernelError

READY, HEARTBEAT, SHUTDOWN, PERIOD = 5.0, 2.0, 3.0, 60.0


def component(name: str, restart: str = "permanent", heartbeat: float = 0.0) -> Component:
    return Component(name, ["true"], restart, READY, heartbeat, SHUTDOWN, {})


def manifest(*zones: tuple[str, Sequence[Component]], mode: str = "active", intensity: int = 5) -> Manifest:
    named = [Zone(f"zone-{place}", zone[0], intensity, PERIOD, list(zone[1])) for place, zone in enumerate(zones)]
    return Manifest(mode, False, named)


class World:
    """Processes that do what the test says; it is the hands of one watchdog."""

    def __init__(self, plan: Manifest) -> None:
        self.now = 100.0
        self.living: dict[str, bool] = {}
        """Name: whether it was asked to end."""
        self.dying: list[str] = []
        self.done: list[str] = []
        self.told: list[Any] = []
        self.absent: set[str] = set()
        self.dog = Watchdog(plan, self, lambda: 1.0)

    def start(self, component: Component) -> bool:
        assert component.name not in self.living, "two lives at once"
        for _zone, zone in self.dog.zones:
            names = [watch.name for watch in zone]
            if component.name in names and zone[0].zone.strategy != "one_for_one":
                before = zone[: names.index(component.name)]
                assert {watch.phase for watch in before} <= {"ready", "ended"}, "before those before it"
        self.done.append(f"+{component.name}")
        if component.name in self.absent:
            return False
        self.living[component.name] = False
        return True

    def end(self, name: str) -> None:
        assert self.living[name] is False, "asked twice"
        self.living[name] = True
        self.done.append(f"-{name}")

    def kill(self, name: str) -> None:
        assert name in self.living
        assert name not in self.dying, "killed twice"
        self.dying.append(name)
        self.done.append(f"!{name}")

    def tell(self, event: object) -> None:
        self.told.append(event)

    def says(self, name: str, ready: bool = True) -> None:
        self.dog.heard(name, ready, self.now)
        self.dog.tick(self.now)

    def dies(self, name: str, status: int | None = 1) -> None:
        del self.living[name]
        if name in self.dying:
            self.dying.remove(name)
        self.dog.died(name, status, self.now)
        self.dog.tick(self.now)

    def wait(self, seconds: float) -> None:
        """Lets time go by as the kernel's loop does: from deadline to deadline."""
        until = self.now + seconds
        for _ in range(10_000):
            self.dog.tick(self.now)
            due = self.dog.deadline(self.now)
            if due is None or due > until:
                break
            self.now = due
        else:
            raise AssertionError("it never rests")
        self.now = until
        self.dog.tick(self.now)

    def obey(self) -> None:
        """Processes that were asked to end, or killed, do so."""
        while names := [name for name, asked in self.living.items() if asked or name in self.dying]:
            self.dies(names[0], -9 if names[0] in self.dying else 0)

    def all_ready(self) -> None:
        for watch in self.dog.all:
            self.wait(0)
            if watch.name in self.living:
                self.says(watch.name)

    def phases(self) -> dict[str, str]:
        return {watch.name: watch.phase for watch in self.dog.all}

    def events(self) -> list[str]:
        return [type(event).__name__ for event in self.told]


def ready(*zones: tuple[str, Sequence[Component]], mode: str = "active", intensity: int = 5) -> World:
    world = World(manifest(*zones, mode=mode, intensity=intensity))
    world.all_ready()
    world.done.clear()
    world.told.clear()
    return world


ABC = [component("a"), component("b"), component("c")]


def test_each_waits_for_the_one_before_it_across_zones() -> None:
    world = World(manifest(("one_for_one", ABC), ("one_for_all", [component("d")])))
    for number, name in enumerate("abcd"):
        world.wait(1)
        assert world.done == [f"+{each}" for each in "abcd"[: number + 1]]
        world.says(name, ready=False)
        world.wait(1)
        assert len(world.done) == number + 1
        world.says(name)
    assert set(world.phases().values()) == {"ready"}
    assert world.dog.settled


def test_they_stop_in_reverse_each_when_the_one_behind_is_gone() -> None:
    world = ready(("one_for_one", ABC), ("one_for_one", [component("d")]))
    world.dog.stop(world.now)
    for number, name in enumerate("dcba"):
        world.wait(1)
        assert world.done == [f"-{each}" for each in "dcba"[: number + 1]]
        world.dies(name, 0)
    assert world.dog.finished


def test_one_that_does_not_stop_in_its_time_is_killed() -> None:
    world = ready(("one_for_one", ABC[:1]))
    world.dog.stop(world.now)
    world.wait(SHUTDOWN - 0.1)
    assert world.done == ["-a"]
    world.wait(0.1)
    assert world.done == ["-a", "!a"]
    world.wait(100)
    world.obey()
    assert world.dog.finished
    assert world.events() == ["ComponentStopped"]
    assert world.told[0].killed


@pytest.mark.parametrize(
    ("strategy", "falls", "done"),
    [
        ("one_for_one", "b", "+b"),
        ("rest_for_one", "b", "-c +b +c"),
        ("rest_for_one", "a", "-c -b +a +b +c"),
        ("rest_for_one", "c", "+c"),
        ("one_for_all", "b", "-c -a +a +b +c"),
        ("one_for_all", "c", "-b -a +a +b +c"),
    ],
)
def test_who_falls_with_whom(strategy: str, falls: str, done: str) -> None:
    world = ready((strategy, ABC), (strategy, [component("d")]))
    world.dies(falls)
    world.obey()
    world.all_ready()
    assert " ".join(world.done) == done
    assert set(world.phases().values()) == {"ready"}


@pytest.mark.parametrize(
    ("restart", "status", "comes_back"),
    [
        ("permanent", 0, True),
        ("permanent", 1, True),
        ("transient", 0, False),
        ("transient", 1, True),
        ("transient", -9, True),
        ("transient", None, True),
        ("temporary", 0, False),
        ("temporary", 1, False),
    ],
)
def test_who_comes_back(restart: str, status: int | None, comes_back: bool) -> None:
    world = ready(("one_for_all", [component("a", restart), component("b")]))
    world.dies("a", status)
    world.obey()
    assert ("+a" in world.done) == ("-b" in world.done) == comes_back


def test_a_temporary_neighbour_is_stopped_and_does_not_come_back() -> None:
    world = ready(("one_for_all", [component("a"), component("b", "temporary")]))
    world.dies("a")
    world.obey()
    world.all_ready()
    assert world.done == ["-b", "+a"]
    assert world.phases() == {"a": "ready", "b": "ended"}


def test_pauses_double_up_to_their_bound_and_begin_anew_after_a_quiet_period() -> None:
    world = ready(("one_for_one", ABC[:1]), intensity=1000)
    pauses = []
    for _ in range(12):
        world.dies("a")
        fell = world.now
        while "a" not in world.living:
            world.wait(0.05)
        pauses.append(round(world.now - fell, 1))
        world.says("a")
    assert pauses == [0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]
    world.wait(PERIOD)
    world.dies("a")
    assert "a" in world.living


def test_jitter_is_between_half_and_whole() -> None:
    world = ready(("one_for_one", ABC[:1]))
    world.dog._jitter = lambda: 0.0
    world.dies("a")
    world.dies("a")
    world.wait(0.049)
    assert world.living == {}
    world.wait(0.002)
    assert "a" in world.living


def test_a_silence_longer_than_the_heartbeat_is_a_death() -> None:
    world = ready(("one_for_one", [component("a", heartbeat=HEARTBEAT), component("b")]))
    for _ in range(5):
        world.wait(HEARTBEAT - 0.1)
        world.says("a", ready=False)
    assert world.done == []
    world.wait(HEARTBEAT)
    assert world.done == ["!a"]
    world.obey()
    world.all_ready()
    assert world.done == ["!a", "+a"]
    assert world.events() == ["ComponentHung", "ComponentDied", "ComponentReady"]


def test_one_that_is_not_ready_in_its_time_is_dead() -> None:
    world = World(manifest(("one_for_one", ABC)))
    world.wait(READY - 0.1)
    world.says("a", ready=False)
    world.wait(0.1)
    assert world.done == ["+a", "!a"]
    world.obey()
    assert world.done == ["+a", "!a", "+a"]


def test_where_we_were_held_up_ourselves_nobody_is_accused() -> None:
    world = ready(("one_for_one", [component("a", heartbeat=HEARTBEAT)]))
    world.now += 86400
    world.dog.late(86400)
    world.dog.tick(world.now)
    assert world.done == []
    world.wait(HEARTBEAT)
    assert world.done == ["!a"]


def test_one_that_cannot_be_begun_is_tried_again_after_pauses() -> None:
    world = World(manifest(("one_for_one", ABC[:1])))
    world.absent.add("a")
    world.wait(1.0)
    assert world.done == ["+a"] * 5  # after 0, 0.1, 0.2 and 0.4 seconds
    world.absent.clear()
    world.wait(1.0)
    assert "a" in world.living


def test_passive_records_and_does_nothing_until_it_is_active() -> None:
    world = ready(("one_for_all", [component("a", heartbeat=HEARTBEAT), *ABC[1:]]), mode="passive")
    world.dies("b")
    world.wait(100)
    world.says("a", ready=False)
    world.wait(100)
    assert world.done == []
    assert world.events() == ["ComponentDied", "ComponentHung", "ComponentHung"]
    world.dog.change_mode("active", world.now)
    world.wait(0)
    world.obey()
    world.all_ready()
    assert set(world.phases().values()) == {"ready"}


@pytest.mark.parametrize("within", [True, False])
def test_strict_is_safe_after_too_many_deaths_in_a_period(within: bool) -> None:
    world = ready(("one_for_one", ABC[:2]), ("one_for_one", ABC[2:]), mode="strict", intensity=2)
    for _ in range(3):
        world.dies("a")
        world.wait(1 if within else PERIOD / 2 + 1)
        world.all_ready()
    world.obey()
    assert world.dog.safe == within
    assert ("KernelSafe" in world.events()) == within
    if within:
        assert world.living == {}
        with pytest.raises(KernelError):
            world.dog.restart("a", world.now)
        world.dog.change_mode("strict", world.now)
        world.all_ready()
        assert set(world.phases().values()) == {"ready"}


def test_active_goes_on_and_says_once_that_a_zone_fails_while_another_serves() -> None:
    world = ready(("one_for_one", ABC[:1]), ("rest_for_one", ABC[1:]), intensity=3)
    for _ in range(8):
        world.dies("b")
        world.obey()
        world.wait(6.5)
        world.all_ready()
    assert world.events().count("ZoneFailing") == 1
    assert "-a" not in world.done
    assert not world.dog.safe


def test_an_operator_restarts_one_and_those_that_fall_with_it() -> None:
    world = ready(("rest_for_one", [component("a"), component("b", "temporary"), component("c")]))
    world.dog.restart("b", world.now)
    world.wait(0)
    world.obey()
    world.all_ready()
    assert world.done == ["-c", "-b", "+b", "+c"]
    assert "ZoneFailing" not in world.events()
    for wrong in ("x", ""):
        with pytest.raises(KernelError, match="a, b, c"):
            world.dog.restart(wrong, world.now)
    with pytest.raises(KernelError, match="brave"):
        world.dog.change_mode("brave", world.now)


def test_an_adopted_one_that_was_starting_is_ready_with_its_next_word() -> None:
    world = World(manifest(("one_for_one", ABC[:2])))
    world.living["a"] = world.living["b"] = False
    world.dog.adopt("a", True, world.now)
    world.dog.adopt("b", False, world.now)
    world.says("b", ready=False)
    assert world.phases() == {"a": "ready", "b": "ready"}
    assert world.done == []


class Lives(RuleBasedStateMachine):
    """Any order of events; the world asserts that nobody has two lives, is asked twice, or killed twice."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        restarts = st.sampled_from(["permanent", "transient", "temporary"])
        strategies = st.sampled_from(["one_for_one", "rest_for_one", "one_for_all"])
        names = iter("abcdef")
        zones = [
            (
                data.draw(strategies),
                [component(next(names), data.draw(restarts), HEARTBEAT) for _ in range(data.draw(st.integers(1, 3)))],
            )
            for _ in range(2)
        ]
        self.world = World(manifest(*zones, intensity=data.draw(st.integers(0, 3))))
        self.forced: set[str] = set()

    @rule(data=st.data(), status=st.sampled_from([0, 1, -9, None]))
    def dies(self, data: st.DataObject, status: int | None) -> None:
        if self.world.living:
            self.world.dies(data.draw(st.sampled_from(sorted(self.world.living))), status)

    @rule(data=st.data(), is_ready=st.booleans())
    def says(self, data: st.DataObject, is_ready: bool) -> None:
        if self.world.living:
            self.world.says(data.draw(st.sampled_from(sorted(self.world.living))), is_ready)

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 40.0]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)

    @rule()
    def obey(self) -> None:
        self.world.obey()

    @rule(mode=st.sampled_from(["passive", "active", "strict"]))
    def change_mode(self, mode: str) -> None:
        self.world.dog.change_mode(mode, self.world.now)
        self.world.wait(0)

    @rule(name=st.sampled_from("abcdef"))
    def restart(self, name: str) -> None:
        try:
            self.world.dog.restart(name, self.world.now)
            self.forced.add(name)
        except KernelError:
            return
        self.world.wait(0)

    @rule(name=st.sampled_from("abcdef"))
    def can_or_cannot_be_begun(self, name: str) -> None:
        self.world.absent ^= {name}

    @invariant()
    def what_is_temporary_starts_once_unless_somebody_says_so(self) -> None:
        for watch in self.world.dog.all:
            if watch.component.restart == "temporary" and watch.name not in self.forced:
                assert self.world.done.count(f"+{watch.name}") <= 1

    @invariant()
    def its_view_is_the_world(self) -> None:
        assert {watch.name for watch in self.world.dog.all if watch.alive} == set(self.world.living)

    @invariant()
    def safe_starts_nothing(self) -> None:
        if self.world.dog.safe:
            assert all(watch.leaves or watch.phase in {"stopping", "ended"} for watch in self.world.dog.all)

    def teardown(self) -> None:
        """However it went: once all behave, all that must be there is there, and it ends in order."""
        world = self.world
        world.absent.clear()
        world.dog.change_mode("active", world.now)
        for _ in range(20):
            world.wait(0)
            world.obey()
            world.all_ready()
            for _ in range(20):
                world.wait(HEARTBEAT / 1.5)
                for name in sorted(world.living):
                    world.says(name, ready=True)
        for watch in world.dog.all:
            if watch.component.restart == "permanent":
                assert watch.phase == "ready", world.phases()
        world.dog.stop(world.now)
        world.wait(0)
        world.done.clear()
        living = [watch.name for watch in world.dog.all if watch.alive]
        for name in reversed(living):
            assert world.living == {each: each == name for each in living[: living.index(name) + 1]}
            world.dies(name, 0)
            world.wait(0)
        assert world.dog.finished


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=examples(40, 1000), stateful_step_count=40, deadline=None)
