"""How long to wait before the next attempt: longer each time, by chance, so that those who failed do not meet again."""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Backoff:
    """Exponential, with full jitter: anything from 0 to `first` · 2ⁿ seconds, and never more than `most`."""

    first: float = 1.0
    most: float = 600.0
    chance: random.Random = field(default_factory=random.SystemRandom)

    def longest(self, attempt: int) -> float:
        """The most that may follow an attempt, which count from 1."""
        return min(self.most, self.first * 2.0 ** min(attempt - 1, 60))

    def wait(self, attempt: int) -> float:
        """Seconds after an attempt."""
        return self.chance.uniform(0.0, self.longest(attempt))
