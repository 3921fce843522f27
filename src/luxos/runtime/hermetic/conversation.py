"""What code and LuxOS say to each other during one call, turn by turn; all of it is done in the worker's thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from luxos.i18n import _
from luxos.runtime.code import CodeLimits, Given
from luxos.runtime.hermetic.monty import (
    FIRST,
    FunctionSnapshot,
    FutureSnapshot,
    MontyComplete,
    MontySession,
    NameLookupSnapshot,
    SyncSnapshot,
)
from luxos.runtime.hermetic.prepared import Prepared
from luxos.runtime.hermetic.source import ARGS, DECLARED, KWARGS, STATE, THIS, Source
from luxos.runtime.values import Unfit, plain

SLEEPS = ("time.sleep", "asyncio.sleep")
Reply = dict[str, Any]
"""A `return_value` or an `exception`, as Monty takes it."""
FUTURE: Any = {"future": ...}


@dataclass(frozen=True)
class Asked:
    """The code called `execution` or `summon`, as its ask of this number."""

    number: int
    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True)
class Nap:
    """The code wants to sleep."""

    seconds: float


Wish = Asked | Nap


@dataclass(frozen=True)
class Waits:
    """The code waits for one of these, by Monty's numbers of the calls; with `only`, for that and nothing else."""

    wishes: Mapping[int, Wish]
    only: bool = False


@dataclass(frozen=True)
class Done:
    """The code has ended; `state` is there where it was a method."""

    result: Any
    state: Mapping[str, Any] | None = None


class OverLimit(Exception):
    """A limit that we hold, by its name in `CodeLimits`, or `asks`, or `sleep`."""


def execution(*_args: Any, **_kwargs: Any) -> None:
    """What the name means where the code reads it without a call; Monty keeps its name only."""


def summon(*_args: Any, **_kwargs: Any) -> None:
    """As `execution`."""


HOST = {function.__name__: function for function in (execution, summon)}
"""All that code can call of ours."""


@dataclass
class Conversation:
    """One call. After each turn the code waits, or is done; `dump` gives its state while it waits."""

    prepared: Prepared
    limits: CodeLimits
    asks: int = 0
    open: dict[int, Wish] = field(default_factory=dict)
    """What the code asked for and has got no answer to yet."""
    printed: list[str] = field(default_factory=list)
    room: int = 0
    """Bytes that it may still print; below zero, those that were dropped."""
    slept: float = 0.0
    is_method: bool = False
    _snapshot: Any = None
    _sizes: dict[int, int] = field(default_factory=dict)
    _held: int = 0
    """Bytes of all that is asked for and not answered, which lies outside of the sandbox."""

    def __post_init__(self) -> None:
        self.room = self.limits.output

    def forget(self) -> None:
        """Is as before the first turn."""
        self.asks, self.open, self.printed, self.room, self.slept = 0, {}, [], self.limits.output, 0.0
        self._snapshot, self._sizes, self._held = None, {}, 0

    @property
    def source(self) -> Source:
        """What runs."""
        return self.prepared.source

    def start(self, session: MontySession, given: Given) -> Waits | Done:
        """The first turn."""
        text = self.prepared.begin(session)
        inputs: dict[str, Any] = {ARGS: list(given.args), KWARGS: dict(given.kwargs)}
        if self.source.uses_self:
            inputs[THIS] = given.this
        if given.method is not None:
            inputs |= {STATE: dict(given.method.state), DECLARED: list(given.method.declared)}
            self.is_method = True
        return self._on(session.feed_start(text, inputs=inputs, print_callback=self._print))

    def load(self, session: MontySession, state: bytes) -> None:
        """Takes the place in which `dump` was called, in another session."""
        self._snapshot = session.load_snapshot(state, print_callback=self._print)

    def resume(self, session: MontySession, state: bytes) -> Waits:
        """The first turn of a call that goes on in its middle."""
        self.load(session, state)
        return self.waits()

    def dump(self) -> bytes:
        """The state of code that waits."""
        return bytes(self._snapshot.dump())

    def hear(self, replies: Mapping[int, Reply]) -> Waits | Done:
        """Goes on with what the code waited for."""
        for call in replies:
            del self.open[call]
            self._held -= self._sizes.pop(call, 0)
        if isinstance(self._snapshot, FutureSnapshot):
            return self._on(self._snapshot.resume(cast(Any, replies)))
        return self._on(self._snapshot.resume(replies[self._snapshot.call_id]))

    def is_open(self, number: int) -> bool:
        """Whether the ask of this number has got no answer yet."""
        return any(isinstance(wish, Asked) and wish.number == number for wish in self.open.values())

    def waits(self) -> Waits:
        """What the code waits for now."""
        if isinstance(self._snapshot, FutureSnapshot):
            return Waits({call: self.open[call] for call in self._snapshot.pending_call_ids})
        call = self._snapshot.call_id
        return Waits({call: self.open[call]}, only=True)

    def _on(self, snapshot: SyncSnapshot) -> Waits | Done:
        """Answers what needs nobody else."""
        while True:
            self._snapshot = snapshot
            if isinstance(snapshot, MontyComplete):
                self._snapshot = None
                return self._done(snapshot.output)
            if isinstance(snapshot, FutureSnapshot):
                return self.waits()
            if isinstance(snapshot, NameLookupSnapshot):
                known = HOST.get(snapshot.variable_name)
                snapshot = snapshot.resume(value=known) if known else snapshot.resume()
                continue
            reply = self._called(snapshot)
            if reply is None:
                return self.waits()
            snapshot = snapshot.resume_not_handled() if reply is _NOT_OURS else snapshot.resume(reply)

    def _done(self, output: Any) -> Done:
        most = self.limits.result
        if not self.is_method:
            return Done(plain(output, most)[0])
        result, state = output
        if type(state) is not dict:  # the source put something else in the place of what we call
            raise Unfit((), "kind", type(state).__name__)
        try:
            kept = plain(state, most)[0]
        except Unfit as unfit:
            unfit.where = f"self{unfit.where}"
            raise
        return Done(plain(result, most)[0], kept)

    def _called(self, snapshot: FunctionSnapshot) -> Any:
        """What a call of a function of ours is answered at once; `None` where the code has to wait."""
        if snapshot.is_os_function:
            if snapshot.function_name not in SLEEPS:
                return _NOT_OURS
            self.open[snapshot.call_id] = self._nap(snapshot)
            at_once = snapshot.function_name == "time.sleep" or snapshot.allow_eager_await
            return None if at_once else FUTURE
        if snapshot.function_name not in HOST:
            return {"exception": NameError(f"name {snapshot.function_name!r} is not defined")}
        try:
            self.open[snapshot.call_id] = self._ask(snapshot)
        except Unfit as unfit:
            where = f"{snapshot.function_name}: {unfit.where}"
            return {"exception": TypeError(f"{where.removesuffix(': ')}: {unfit.what}")}
        position = snapshot.position
        inside = position.filename == FIRST
        return FUTURE if inside and self.source.awaits(position.start) else None

    def _ask(self, snapshot: FunctionSnapshot) -> Asked:
        (args, kwargs), size = plain((snapshot.args, snapshot.kwargs), self.limits.memory, ghosts=True)
        self._sizes[snapshot.call_id] = size
        self._held += size
        if self._held > self.limits.memory:
            raise OverLimit("memory")
        self.asks += 1
        return Asked(self.asks - 1, str(snapshot.function_name), args, kwargs)

    def _nap(self, snapshot: FunctionSnapshot) -> Nap:
        seconds = max(0.0, float(snapshot.args[0]))
        self.slept += seconds
        if self.slept > self.limits.seconds:
            raise OverLimit("sleep")
        return Nap(seconds)

    def _print(self, _stream: str, text: str) -> None:
        size = len(text.encode())
        if size <= self.room:
            self.printed.append(text)
        elif self.room > 0:
            self.printed.append(text.encode()[: self.room].decode(errors="ignore"))
        self.room -= size

    def said(self) -> str:
        """What the code printed, with a last line that tells what was dropped."""
        text = "".join(self.printed)
        return text if self.room >= 0 else text + "\n" + _("({count} bytes more were dropped)").format(count=-self.room)


_NOT_OURS = object()
