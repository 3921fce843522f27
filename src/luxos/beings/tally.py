"""What is counted of calls: how many, how many failed, and how long they took. Tallies add up, and are integers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

_FINE = 4
"""How many buckets each doubling of the time has, so that a time is told within an eighth."""
_MICROSECOND = timedelta(microseconds=1)


def bucket(microseconds: int) -> int:
    """The number of the bucket of a time; each bucket is at most a quarter as wide as its times are long."""
    if microseconds < _FINE:
        return max(microseconds, 0)
    exponent = microseconds.bit_length() - 1
    return _FINE * (exponent - 1) + ((microseconds >> (exponent - 2)) & (_FINE - 1))


def middle(number: int) -> int:
    """The middle of a bucket's times, in microseconds."""
    return (_lowest(number) + _lowest(number + 1) - 1) // 2


def _lowest(number: int) -> int:
    if number < _FINE:
        return number
    return (_FINE + number % _FINE) << (number // _FINE - 1)


@dataclass
class Tally:
    """Calls that ended, those of them that failed, and in which buckets their times fall."""

    calls: int = 0
    failures: int = 0
    times: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Self:
        """What `as_json` gave; what is no number there counts nothing, and `recompute` tells of it."""
        latency = known.get("latency")
        histogram = latency.get("histogram") if isinstance(latency, Mapping) else None
        items = histogram.items() if isinstance(histogram, Mapping) else ()
        times = Counter({int(number): whole(count) for number, count in items if number.isdecimal()})
        return cls(whole(known.get("calls")), whole(known.get("failures")), times)

    def count(self, status: str, started_at: str, finished_at: str) -> None:
        """Counts one attempt; the moments are ISO texts."""
        took = (datetime.fromisoformat(finished_at) - datetime.fromisoformat(started_at)) // _MICROSECOND
        self.calls += 1
        self.failures += status != "done"
        self.times[bucket(took)] += 1

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.calls + other.calls, self.failures + other.failures, self.times + other.times)

    def percentile(self, percent: int) -> int | None:
        """The time, in microseconds, that so many of a hundred calls did not exceed, within an eighth."""
        total, seen = self.times.total(), 0
        for number in sorted(self.times):
            seen += self.times[number]
            if 100 * seen >= percent * total:
                return middle(number)
        return None

    @property
    def trust(self) -> float:
        """How surely the next call is done, by Laplace: (calls that were done + 1) / (calls + 2)."""
        return round((self.calls - self.failures + 1) / (self.calls + 2), 4)

    def as_json(self) -> dict[str, Any]:
        """As it stands in `self_awareness`; times in microseconds, the histogram by numbers of buckets."""
        histogram = {str(number): self.times[number] for number in sorted(self.times)}
        latency = {"p50": self.percentile(50), "p95": self.percentile(95), "histogram": histogram}
        return {"calls": self.calls, "failures": self.failures, "latency": latency, "trust": self.trust}


def whole(value: Any) -> int:
    """An integer as it is; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
