"""The kernel's own bus: typed events from one thread to others, in order, bounded, and nobody waits for a subscriber.

A subscriber that raises, or hangs, has a full queue of its own, and nothing else comes of it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

Handler = Callable[[list[object]], object]
"""Takes a batch of events, the oldest first."""
POLICIES = ("block", "drop_oldest", "refuse")


class Full(Exception):
    """A queue that refuses, or that blocked for as long as it may, has no room."""


class UnknownTopic(Exception):
    """An event of a type that was not declared."""


class Subscription:
    """One subscriber: its queue, its thread, and what became of its events.

    At most `limit` events wait, and at most as many more are in the subscriber's hands.
    """

    def __init__(self, handler: Handler, limit: int, policy: str, patience: float) -> None:
        if policy not in POLICIES:
            raise ValueError(policy)
        self._handler, self._limit, self._policy, self._patience = handler, limit, policy, patience
        self._waiting: deque[object] = deque()
        self._lock = threading.Lock()
        self._filled, self._emptied = threading.Condition(self._lock), threading.Condition(self._lock)
        self._sleeps = self._closed = False
        self._full = 0
        """How many publishers wait for room."""
        self.dropped = self.failed = 0
        self.handled = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, event: object) -> None:
        """Puts the event in. Raises `Full`."""
        with self._lock:
            if len(self._waiting) >= self._limit:
                self._make_room(1)
            self._waiting.append(event)
            if self._sleeps:
                self._wake()

    def put_all(self, events: Sequence[object]) -> None:
        """Puts the events in, all of them or none; `drop_oldest` counts these among the old. Raises `Full`."""
        with self._lock:
            if len(self._waiting) + len(events) > self._limit:
                self._make_room(len(events))
            self._waiting.extend(events[-self._limit :])
            if self._sleeps:
                self._wake()

    def _wake(self) -> None:
        self._sleeps = False
        self._filled.notify()

    def _make_room(self, wanted: int) -> None:
        if self._policy == "drop_oldest":
            surplus = len(self._waiting) + wanted - self._limit
            self.dropped += surplus
            for _ in range(min(surplus, len(self._waiting))):
                self._waiting.popleft()
        elif self._policy == "refuse" or wanted > self._limit or not self._wait_for_room(wanted):
            raise Full

    def _wait_for_room(self, wanted: int) -> bool:
        self._full += 1
        try:
            return self._emptied.wait_for(lambda: len(self._waiting) + wanted <= self._limit, self._patience)
        finally:
            self._full -= 1

    def _take(self) -> deque[object]:
        with self._lock:
            while not self._waiting and not self._closed:
                self._sleeps = True
                self._filled.wait()
            batch, self._waiting = self._waiting, deque()
            if self._full:
                self._emptied.notify_all()
        return batch

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._handler(list(batch))
            except BaseException:  # be it SystemExit: the next batch comes
                self.failed += 1
            self.handled += len(batch)

    def close(self, seconds: float) -> bool:
        """Lets the subscriber take what waits; whether it did so in time."""
        with self._lock:
            self._closed = True
            self._filled.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()


class EventBus:
    """Takes events of declared types to those who subscribed to them. `publish` runs nobody's code."""

    def __init__(self, *topics: type) -> None:
        self._subscribers: dict[type, tuple[Subscription, ...]] = dict.fromkeys(topics, ())

    def subscribe(
        self, topics: Sequence[type], handler: Handler, limit: int, policy: str, patience: float = 1.0
    ) -> Subscription:
        """Calls the handler, in a thread of its own, with batches of these events, in the order of their publishing.

        Where `limit` events wait: `block` waits for at most `patience` seconds, then refuses; `drop_oldest` drops
        and counts; `refuse` raises `Full`.
        """
        for topic in topics:
            self._of(topic)
        subscription = Subscription(handler, limit, policy, patience)
        for topic in topics:
            self._subscribers[topic] += (subscription,)
        return subscription

    def publish(self, event: object) -> None:
        """Puts the event into the queue of each subscriber to its type. Raises `Full`, `UnknownTopic`."""
        refused: Full | None = None
        for subscription in self._of(type(event)):
            try:
                subscription.put(event)
            except Full as full:
                refused = full
        if refused is not None:
            raise refused

    def publish_all(self, events: Sequence[object], topic: type) -> None:
        """Puts a batch of events of one type into the queues. Raises `Full`, `UnknownTopic`."""
        refused: Full | None = None
        for subscription in self._of(topic):
            try:
                subscription.put_all(events)
            except Full as full:
                refused = full
        if refused is not None:
            raise refused

    def _of(self, topic: type) -> tuple[Subscription, ...]:
        try:
            return self._subscribers[topic]
        except KeyError:
            raise UnknownTopic(topic.__name__) from None

    def close(self, seconds: float = 1.0) -> bool:
        """Lets all subscribers take what waits, `seconds` together; whether all did."""
        until = time.monotonic() + seconds
        subscriptions = {subscription for topic in self._subscribers.values() for subscription in topic}
        closed = [subscription.close(max(0, until - time.monotonic())) for subscription in subscriptions]
        return all(closed)
