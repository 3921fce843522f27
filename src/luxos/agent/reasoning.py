"""How open questions are decided: by a person, by a language model, or by a stated default.

A `Reasoner` is asked with the default at hand. The planner writes down every answer that no person gave as an
assumption, so that nothing is ever guessed silently.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Question:
    """What the sentence left open: `text` for a person, `default` if nobody knows better, and why that one."""

    key: str
    text: str
    default: str
    reason: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What was decided, and whether a person decided it."""

    value: str
    by_person: bool = False


@dataclass(frozen=True)
class Assumption:
    """A decision that no person made."""

    key: str
    value: str
    reason: str


class Reasoner(Protocol):
    """Decides a question."""

    async def decide(self, question: Question) -> Answer: ...


class Defaults:
    """The reasoner that needs no language model and nobody to ask: it takes the default."""

    async def decide(self, question: Question) -> Answer:
        return Answer(question.default)
