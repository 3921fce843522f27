"""The terms of a promotion; a file of its own, for the command line needs no more of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """What a promotion has to meet."""

    calls: int = 20
    """Equal calls in the shadow, after which the alias moves."""
    slower: float = 1.5
    """How many times the time of the current soul the candidate may take, in most of them."""
    budget: float = 0.1
    """The part of the calls after that which may fail."""
    least: int = 20
    """Calls on which the budget counts before there are so many: with 20 and a tenth, the third failure is over it."""
    watched: int = 1000
    """Calls after which the promotion is over, and kept."""

    def allows(self, calls: int, failures: int) -> bool:
        """Whether so many failures of so many calls are within the budget."""
        return failures <= self.budget * max(calls, self.least)
