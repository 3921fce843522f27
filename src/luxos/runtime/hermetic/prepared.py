"""How a soul's call is begun the fastest: its source fed anew, or a session restored into which it was fed before.

Reading a long source takes longer than restoring what came of it, and a short one does not. Which it is, is measured
once for each soul, after a few calls. Only what does nothing but define is prepared: nobody can tell the difference.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from luxos.runtime.hermetic.monty import MontyError, MontySession, ResourceLimits
from luxos.runtime.hermetic.quick import Pace, Trust
from luxos.runtime.hermetic.source import Source
from luxos.runtime.hermetic.worker import Worker

_ENOUGH = 3
"""Calls after which it is worth looking."""
_LARGEST = 256 << 10
"""Bytes of a state that is kept."""
_AGAIN = 5


@dataclass
class Prepared:
    """What is known of one soul of one owner, under its limits."""

    source: Source
    pace: Pace = field(default_factory=lambda: Pace(Trust(), asks=True))
    state: bytes | None = None
    _calls: int = 0

    def is_to_be_measured(self) -> bool:
        """Whether now is the time; asked once for each call."""
        self._calls += 1
        return self._calls == _ENOUGH and self.source.only_defines

    def begin(self, session: MontySession) -> str:
        """The text that is to be fed, after what had to be restored was."""
        if self.state is None:
            return self.source.text
        session.load_session(self.state)
        return self.source.call

    def measure(self, worker: Worker, owner: str, limits: ResourceLimits) -> None:
        """In the worker's thread: keeps a state where restoring it is the faster way."""
        try:
            state, reading = _fed(worker.begin(owner, limits), self.source.own)
            loading = min(_loaded(worker, owner, limits, state) for _ in range(_AGAIN))
        except (MontyError, RuntimeError):  # the call itself will tell
            return
        if loading < reading and len(state) <= _LARGEST:
            self.state = state


def _fed(session: MontySession, source: str) -> tuple[bytes, float]:
    """The state after a source, and the seconds that reading it took, which any feed takes not counted."""
    began = time.perf_counter()
    session.feed_run(source, print_callback=_ignored)
    fed = time.perf_counter() - began
    state = bytes(session.dump())
    return state, fed - min(_fed_nothing(session) for _ in range(_AGAIN))


def _fed_nothing(session: MontySession) -> float:
    began = time.perf_counter()
    session.feed_run("0")
    return time.perf_counter() - began


def _loaded(worker: Worker, owner: str, limits: ResourceLimits, state: bytes) -> float:
    worker.end()
    session = worker.begin(owner, limits)
    began = time.perf_counter()
    session.load_session(state)
    return time.perf_counter() - began


def _ignored(_stream: str, _text: str) -> Any:
    """What defines only prints nothing."""
