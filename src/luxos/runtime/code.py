"""Code that runs behind walls: what of a being the tiers are given, and what it may ask for while it runs."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from luxos.beings.function_source import Signature


@dataclass(frozen=True)
class CodeLimits:
    """How much one call may take; what it calls has limits of its own, within the same deadline."""

    seconds: float = 30.0
    """Of running, the time in which it waits for what it asked for not counted."""
    memory: int = 64 << 20
    """Bytes of its heap (hermetic), or of its processes (isolated)."""
    output: int = 1 << 20
    """Bytes that it may print; what is over is dropped and told."""
    result: int = 16 << 20
    """Bytes of its result as JSON."""
    recursion: int = 500
    """Frames on top of each other."""


@dataclass(frozen=True)
class Code:
    """The code of one soul, read once per hash. Two owners never share anything that code could change."""

    soul_hash: str
    name: str
    source: str
    signature: Signature
    owner: str
    limits: CodeLimits = CodeLimits()
    requirements: tuple[str, ...] = ()
    """Locked packages, `name==version --hash=sha256:…`, that it needs; isolated only."""
    hosts: tuple[str, ...] = ()
    """Named hosts (`name:port`) that it may reach; isolated only."""


@dataclass(frozen=True)
class Method:
    """A method of an instance, called in the place of the source's function.

    Every tier does the same: it makes an object of the class without running `__init__` or `__new__`, sets its
    attributes from `state`, calls the method, and gives back in `Ended.state` those of `declared` that it then has.
    """

    of: str
    """The class, as the source names it."""
    name: str
    state: Mapping[str, Any]
    declared: Collection[str]
    """The attributes that are kept; others are gone when the call has ended."""
    is_async: bool = False


@dataclass(frozen=True)
class Given:
    """What one call is given: JSON values, bound to the signature and checked; `this` is what code sees as `self`."""

    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    this: Mapping[str, Any] = field(default_factory=dict)
    """`soul`, `name`, `soul_hash`, `attributes`, `tags`, `energy_level`, `owner`."""
    method: Method | None = None
    place: str = ""
    """Which call it is, of all that are ever made: a frozen state of it goes on in this place only."""
    cut: Callable[[str], object] = field(default=lambda printed: None, compare=False)
    """Told what the code had printed, where the call is cancelled."""
    freezes: Callable[[], bool] = field(default=lambda: False, compare=False)
    """Says whether the state of the code will be asked for when it asks for something next; called in any thread."""


@dataclass(frozen=True)
class Ask:
    """Code behind walls calls `execution(…)` or `summon(…)`, and waits."""

    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    number: int
    """Which of the call's asks it is, from 0, in the order in which the code made them."""
    freeze: "Freeze | None" = None
    """Gives the state of the code, sealed, from which it can go on in another process; `None` where it cannot."""


Freeze = Callable[[], Awaitable[bytes | None]]
"""The state while the code waits; `None` when the ask has been answered meanwhile."""
Answer = Callable[[Ask], Awaitable[Any]]
"""Gives the JSON value that was asked for, or raises a `LuxError`, which the code sees as `RuntimeError(message)`."""


@dataclass(frozen=True)
class Ended:
    """How a call ended: its result, a JSON value, and what it printed."""

    result: Any
    printed: str = ""
    state: Mapping[str, Any] | None = None
    """The attributes of the instance, where a method was called."""


class Tier(Protocol):
    """A way to run code. `deadline` is a moment of the event loop's clock.

    Raises, with what was printed, `CodeFailed` (the code's own error, with its line), `CodeOverLimit` (time, memory,
    recursion, result), `ResultUnfit` (no JSON), or what an answer raised and the code let through. Cancelling ends the
    code at once.
    """

    async def call(self, code: Code, given: Given, answer: Answer, deadline: float) -> Ended: ...
