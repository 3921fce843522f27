"""Which calls are carried out at once, while the event loop waits: those that take no longer than being handed over.

Such a call has `QUICK` seconds. Where that is not enough it is begun again in a worker's thread, as any other: it has
done nothing but compute. Then neither its soul nor any other of its owner's is trusted for some time, longer each time.
"""

import time
from dataclasses import dataclass

from luxos.runtime.hermetic.monty import ResourceLimits

QUICK = 0.02
LONGEST = 0.2
"""Seconds after which a worker that does not answer is ended, whatever it was told."""
_SHORT = 0.003
"""Seconds of a call that was quick."""
_TRUSTED = 5
"""Quick calls without a break after which the next one is expected to be."""
_PENALTY = 4
"""By whose powers what a soul has to make up for grows."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 3600.0


def quick(limits: ResourceLimits) -> ResourceLimits:
    """The limits of a call that is carried out at once."""
    return {**limits, "max_feed_duration_secs": QUICK}


@dataclass
class Trust:
    """What souls of one owner are trusted with."""

    _until: float = 0.0
    _pause: float = _FIRST_PAUSE

    def given(self) -> bool:
        """Whether they may be carried out at once."""
        return time.monotonic() >= self._until

    def lose(self) -> None:
        """One of them was slow; the pauses grow."""
        self._until = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


@dataclass
class Pace:
    """How long a soul's calls take that ask for nothing."""

    trust: Trust
    asks: bool
    _quick: int = 0
    _lost: int = 0

    def is_quick(self) -> bool:
        """Whether the next call is expected to be."""
        return self._quick >= _TRUSTED and not self.asks and self.trust.given()

    def took(self, seconds: float) -> None:
        """Learns from a call."""
        self._quick = self._quick + 1 if seconds < _SHORT else min(self._quick, 0)

    def broke(self) -> None:
        """A call that was carried out at once had not enough time, or waited for something."""
        self._lost += 1
        self._quick = -(_PENALTY ** min(self._lost + 1, 7))
        self.trust.lose()
