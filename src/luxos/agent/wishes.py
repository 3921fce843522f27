"""What a person wants beside what the sentence says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wishes:
    """The options of `luxos do`; what is not given is taken from the sentence."""

    name: str | None = None
    folder: str | None = None
    stack: str | None = None
    fields: str | None = None
