"""Waits for descriptors, and calls who asked for them."""

import os
import select
import signal
from collections.abc import Callable


class Loop:
    """One thread's waiting."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._calls: dict[int, Callable[[], object]] = {}

    def watch(self, descriptor: int, call: Callable[[], object]) -> None:
        """Calls whenever there is something to read, or the other end is gone."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._calls[descriptor] = call

    def forget(self, descriptor: int) -> None:
        """Before the descriptor is closed."""
        self._epoll.unregister(descriptor)
        del self._calls[descriptor]

    def wait(self, seconds: float) -> None:
        """Waits at most so long, and makes the calls that are due."""
        for descriptor, _events in self._epoll.poll(seconds):
            if descriptor in self._calls:  # an earlier call may have forgotten it
                self._calls[descriptor]()

    def hear_signals(self, calls: dict[int, Callable[[], object]]) -> None:
        """Makes a signal's call in the loop, not in the middle of something."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in calls:
            signal.signal(number, lambda _number, _frame: None)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)

        def heard() -> None:
            for number in set(os.read(read, 4096)) & set(calls):
                calls[number]()

        self.watch(read, heard)
