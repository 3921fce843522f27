"""The bus: order, bounds and policies, subscribers that raise or hang, types."""

import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.sampling import examples

from luxos.kernel.core.event_bus import EventBus, Full, UnknownTopic


class Began(NamedTuple):
    number: int


class Ended(NamedTuple):
    number: int


class Hung:
    """A subscriber that takes its first batch and goes on only when it is let go."""

    def __init__(self) -> None:
        self.took, self.go = threading.Event(), threading.Event()
        self.events: list[object] = []

    def __call__(self, batch: list[object]) -> None:
        self.events += batch
        self.took.set()
        self.go.wait(20)


@pytest.fixture
def hung() -> Iterator[Hung]:
    handler = Hung()
    yield handler
    handler.go.set()


def fill(bus: EventBus, handler: Hung, count: int) -> None:
    """The first event is in the subscriber's hands, and `count` more wait."""
    bus.publish(Began(-1))
    assert handler.took.wait(5)
    for number in range(count):
        bus.publish(Began(number))


@settings(max_examples=examples(30))
@given(
    st.lists(st.tuples(st.sampled_from([Began, Ended]), st.integers(1, 4)), max_size=40),
    st.integers(1, 8),
)
def test_whatever_the_bound_all_come_in_the_order_of_their_publishing(
    batches: list[tuple[type[Began] | type[Ended], int]], limit: int
) -> None:
    bus = EventBus(Began, Ended)
    both: list[object] = []
    one: list[object] = []
    bus.subscribe([Began, Ended], both.extend, limit, "block", 20)
    bus.subscribe([Ended], one.extend, limit, "block", 20)
    published: list[Began | Ended] = []
    for topic, size in batches:
        events = [topic(len(published) + number) for number in range(size)]
        published += events
        if size <= limit and size > 1:
            bus.publish_all(events, topic)
        else:
            for event in events:
                bus.publish(event)
    assert bus.close(20)
    assert both == published
    assert one == [event for event in published if type(event) is Ended]


def test_events_of_several_threads_keep_the_order_of_each() -> None:
    bus = EventBus(Began)
    got: list[object] = []
    subscription = bus.subscribe([Began], got.extend, 50, "block", 20)

    def publish(first: int) -> None:
        for number in range(first, first + 2000):
            bus.publish(Began(number))

    threads = [threading.Thread(target=publish, args=[start * 10_000]) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bus.close(20)
    assert len(got) == subscription.handled == 8000
    for start in range(4):
        own = [event for event in got if isinstance(event, Began) and event.number // 10_000 == start]
        assert own == sorted(own)


def test_a_publisher_never_runs_a_subscribers_code() -> None:
    bus = EventBus(Began)
    ran: list[int] = []
    bus.subscribe([Began], lambda _batch: ran.append(threading.get_ident()), 10, "refuse")
    bus.publish(Began(1))
    bus.close(20)
    assert ran
    assert threading.get_ident() not in ran


def test_one_that_raises_or_exits_gets_the_next_batch_and_harms_nobody() -> None:
    bus = EventBus(Began)
    seen: list[object] = []

    def raising(batch: list[object]) -> None:
        seen.extend(batch)
        raise (SystemExit if len(seen) % 2 else RuntimeError)

    got: list[object] = []
    subscription = bus.subscribe([Began], raising, 100, "block")
    bus.subscribe([Began], got.extend, 100, "block")
    for number in range(50):
        bus.publish(Began(number))
        time.sleep(0)
    assert bus.close(20)
    assert seen == got == [Began(number) for number in range(50)]
    assert subscription.failed > 0


def test_one_that_hangs_holds_up_neither_the_others_nor_the_publisher(hung: Hung) -> None:
    bus = EventBus(Began)
    got: list[object] = []
    stuck = bus.subscribe([Began], hung, 10, "drop_oldest")
    bus.subscribe([Began], got.extend, 100_000, "block")
    fill(bus, hung, 1000)
    assert not bus.close(0.2)
    assert len(got) == 1001
    assert stuck.dropped == 990
    hung.go.set()
    assert bus.close(20)
    assert hung.events == [Began(-1), *[Began(number) for number in range(990, 1000)]]


def test_drop_oldest_keeps_the_newest_of_a_batch_larger_than_its_bound(hung: Hung) -> None:
    bus = EventBus(Began)
    subscription = bus.subscribe([Began], hung, 3, "drop_oldest")
    fill(bus, hung, 2)
    bus.publish_all([Began(number) for number in range(10, 20)], Began)
    hung.go.set()
    assert bus.close(20)
    assert hung.events[1:] == [Began(17), Began(18), Began(19)]
    assert subscription.dropped == 9


def test_refuse_refuses_all_of_a_batch_and_keeps_what_waits(hung: Hung) -> None:
    bus = EventBus(Began)
    got: list[object] = []
    bus.subscribe([Began], hung, 3, "refuse")
    bus.subscribe([Began], got.extend, 100, "block")
    fill(bus, hung, 2)
    with pytest.raises(Full):
        bus.publish_all([Began(10), Began(11)], Began)
    bus.publish(Began(2))
    with pytest.raises(Full):
        bus.publish(Began(3))
    hung.go.set()
    assert bus.close(20)
    assert hung.events[1:] == [Began(0), Began(1), Began(2)]
    assert got[-1] == Began(3)


def test_block_waits_for_room_and_no_longer_than_it_may(hung: Hung) -> None:
    bus = EventBus(Began)
    bus.subscribe([Began], hung, 2, "block", patience=0.05)
    fill(bus, hung, 2)
    with pytest.raises(Full):
        bus.publish(Began(3))
    with pytest.raises(Full):
        bus.publish_all([Began(number) for number in range(5)], Began)
    threading.Timer(0.01, hung.go.set).start()
    bus.subscribe([Began], lambda _batch: None, 2, "block")
    for _ in range(200):
        try:
            bus.publish(Began(4))
            break
        except Full:
            continue
    assert bus.close(20)
    assert hung.events[-1] == Began(4)


def test_only_declared_types_and_known_policies() -> None:
    bus = EventBus(Began)
    with pytest.raises(UnknownTopic):
        bus.publish(Ended(1))
    with pytest.raises(UnknownTopic):
        bus.subscribe([Ended], print, 1, "refuse")
    with pytest.raises(ValueError, match="lose"):
        bus.subscribe([Began], print, 1, "lose")
    bus.publish(Began(1))
    assert bus.close()


def test_a_flood_of_a_million_stays_within_its_bound(hung: Hung) -> None:
    bus = EventBus(Began)
    subscription = bus.subscribe([Began], hung, 1000, "drop_oldest")
    fill(bus, hung, 0)
    batch = [Began(number) for number in range(1000)]
    for _ in range(1000):
        bus.publish_all(batch, Began)
    assert len(subscription._waiting) == 1000
    assert subscription.dropped == 999_000
