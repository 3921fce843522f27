"""The wrapper that heeds what others want of a run that this process holds: that it pauses, moves, or is cancelled.

A run that is to pause does so at its next safe point: nothing runs but code that waits for what it called, and what
had been called before has ended. One that is to move is cut off at once, for what was cut off is made again elsewhere,
and code that waits goes on where it waits. Neither happens while something acts outside of this machine. A run that is
cancelled is cut off whatever it does, with every call of every call.

A call that waits for another one of which only a person can say whether it happened is cut off as it is, too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal
from uuid import UUID

from luxos.errors import LuxError
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.runs import RunCancelled, RunGivenUp, RunMoved, RunPaused, StepUnknown
from luxos.runtime.faultpoints import reach
from luxos.runtime.scope import Tree

Wish = Literal["pause", "move", "cancel"]
_ERRORS: dict[Wish, type[RunGivenUp]] = {"pause": RunPaused, "move": RunMoved, "cancel": RunCancelled}
_OUTSIDE = "external"


class Heed:
    """What is wanted of one run, and which of its calls are on their way."""

    def __init__(self, run: UUID) -> None:
        self.run = run
        self.wanted: Wish | None = None
        self.is_followed = False
        """Whether somebody follows the run, and is to hear of its end."""
        self.over = asyncio.Event()
        """Set when something is wanted, and no call is on its way any more."""
        self._cuts: set[asyncio.Timeout] = set()
        self._asking: set[asyncio.Timeout] = set()
        """Of them, those that cannot go on before a person has answered."""
        self._outermost = 0
        self._waits_for: dict[str, int] = {}
        """Of each step that waits, how many calls of its own it waits for."""
        self._working: set[str] = set()
        """The steps whose code has begun, and which have not ended."""
        self._busy = 0
        """How many of them do not wait for a call of their own."""
        self._outside = 0

    @property
    def goes_on(self) -> bool:
        """Whether what is cut off is to be gone on with later, here or elsewhere."""
        return self.wanted in ("pause", "move")

    @property
    def status(self) -> str | None:
        """What the run is where it was given up as wanted; nothing where nothing is wanted."""
        return None if self.wanted is None else _ERRORS[self.wanted].status

    def error(self) -> RunGivenUp:
        """What is said to whoever made the calls that are not made any more."""
        assert self.wanted is not None  # noqa: S101 - only then it is asked
        return _ERRORS[self.wanted](run=str(self.run)[:8])

    def want(self, wish: Wish) -> None:
        """Says what is wanted; a run that was cancelled stays so."""
        if self.wanted != "cancel":
            self.wanted = wish
        self._look()

    def ask(self, tree: Tree, error: LuxError) -> None:
        """A tree of calls cannot go on before a person has answered; it is cut off once nothing acts outside."""
        tree.asks = tree.asks or error
        if tree.cut is not None:
            self._asking.add(tree.cut)
        self._look()

    def begin(self, cut: asyncio.Timeout) -> None:
        """An outermost call begins, which can be cut off."""
        self._cuts.add(cut)
        self._outermost += 1

    def end(self, cut: asyncio.Timeout) -> None:
        """It has ended."""
        self._cuts.discard(cut)
        self._asking.discard(cut)
        self._outermost -= 1
        self._look()

    def act(self, by: int) -> None:
        """One call more (1) or less (-1) may act outside of this machine."""
        self._outside += by

    def work(self, step: str) -> None:
        """The code of a step begins; before that, it may have waited for others."""
        if step not in self._working:
            self._working.add(step)
            self._busy += 1

    def rest(self, step: str) -> None:
        """A step has ended, and is on record."""
        if step in self._working:
            self._working.discard(step)
            self._busy -= 1
        if self.wanted is not None or self._asking:
            self._look()

    def wait(self, step: str) -> None:
        """A step waits for one call more."""
        waits = self._waits_for.get(step, 0)
        self._waits_for[step] = waits + 1
        self._busy -= not waits

    def go_on(self, step: str) -> None:
        """A step waits for one call less."""
        waits = self._waits_for.pop(step) - 1
        if waits:
            self._waits_for[step] = waits
        else:
            self._busy += 1

    async def safe_point(self) -> None:
        """Where the run can be given up: then it does not return."""
        if self.wanted is not None and not self._outside:
            self._look()
            await asyncio.get_running_loop().create_future()

    def _look(self) -> None:
        """Cuts off what is on its way, where it is to be and can be."""
        if self._asking and not self._outside:
            asking, self._asking = self._asking, set()
            self._cut(asking)
        if self.wanted is None:
            return
        if not self._outermost:
            self.over.set()
        elif self.wanted == "cancel" or not (self._outside or (self.wanted == "pause" and self._busy)):
            reach("run.cutting")
            cuts, self._cuts = self._cuts, set()
            self._cut(cuts)

    def _cut(self, cuts: set[asyncio.Timeout]) -> None:
        self._cuts -= cuts
        for cut in cuts:
            cut.reschedule(asyncio.get_running_loop().time())


def heeded(handler: Handler, heed: Heed, keep: Callable[[Call], object]) -> Handler:
    """Calls `handler` until the run is given up; then whoever made the outermost calls gets a `RunGivenUp`.

    `keep` has an outermost call on record that is to be made later.
    """
    watched = _watched(handler, heed)
    outermost, inside = _outermost(watched, heed, keep), _inside(watched, heed)

    def handle(call: Call) -> Awaitable[Outcome]:
        return (outermost if call.parent is None else inside)(call)

    return handle


def _outermost(handler: Handler, heed: Heed, keep: Callable[[Call], object]) -> Handler:
    """Can be cut off, and tells its caller why."""

    async def handle(call: Call) -> Outcome:
        if heed.wanted is not None:
            raise heed.error()
        try:
            async with asyncio.timeout(None) as cut:
                heed.begin(cut)
                call.scope.tree.cut = cut
                try:
                    return await handler(call)
                finally:
                    heed.end(cut)
        except TimeoutError:
            if not cut.expired():
                raise
            if heed.wanted is None and (asks := call.scope.tree.asks) is not None:
                raise asks from None
            if heed.goes_on:
                keep(call)
            raise heed.error() from None

    return handle


def _inside(handler: Handler, heed: Heed) -> Handler:
    """Begins, and gives what came of it, where the run goes on only."""

    async def handle(call: Call) -> Outcome:
        assert call.parent is not None  # noqa: S101 - it is an inner call
        heed.wait(call.parent)
        try:
            if heed.wanted is not None:
                await heed.safe_point()
            try:
                outcome = await handler(call)
            except StepUnknown as error:
                heed.ask(call.scope.tree, error)
                await asyncio.get_running_loop().create_future()
                raise
            except LuxError:
                await heed.safe_point()
                raise
            if heed.wanted is not None:
                await heed.safe_point()
            return outcome
        finally:
            heed.go_on(call.parent)

    return handle


def _watched(handler: Handler, heed: Heed) -> Handler:
    """Is known to be on its way until it has ended."""

    async def handle(call: Call) -> Outcome:
        acts = call.effects == _OUTSIDE
        heed.act(acts)
        try:
            return await handler(call)
        finally:
            heed.act(-acts)
            heed.rest(call.step)

    return handle


def working(handler: Handler, heed: Heed) -> Handler:
    """Says of each call of `handler`, the innermost one, that its code begins."""

    def handle(call: Call) -> Awaitable[Outcome]:
        heed.work(call.step)
        return handler(call)

    return handle
