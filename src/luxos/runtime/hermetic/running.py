"""One call on its way: turns of the code in a worker, and between them what it asked for."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from luxos.errors import LuxError
from luxos.runtime.code import Answer, Ask, Code, Ended
from luxos.runtime.hermetic.conversation import Conversation, Done, Nap, OverLimit, Reply, Waits, Wish
from luxos.runtime.hermetic.failures import over_limit, translated
from luxos.runtime.hermetic.limits import monty_limits
from luxos.runtime.hermetic.monty import UNSENT, MontyCrashedError, MontyError, MontyRuntimeError, MontySession
from luxos.runtime.hermetic.quick import quick
from luxos.runtime.hermetic.worker import Worker
from luxos.runtime.hermetic.workers import Workers
from luxos.runtime.threads import finished
from luxos.runtime.values import Unfit

Turn = Callable[[MontySession], Waits | Done]
Seal = Callable[[Conversation, bytes], bytes]
"""Makes of a conversation, and Monty's state of it, what can be gone on with elsewhere."""


class Running:
    """A call: run once, from its beginning or from its middle."""

    def __init__(
        self,
        workers: Workers,
        seal: Seal,
        code: Code,
        talk: Conversation,
        answer: Answer,
        freezes: Callable[[], bool] = lambda: False,
    ) -> None:
        self._workers, self._seal, self._code, self._talk, self._answer = workers, seal, code, talk, answer
        self._freezes = freezes
        self._limits = monty_limits(code.limits)
        self._quick = quick(self._limits)
        self._worker: Worker | None = None
        self._frozen: bytes | None = None
        """The state of code that waits, where somebody asked for it, or will."""
        self._moving = asyncio.Lock()
        """Held while the worker is at work for this call."""
        self._waiting = False
        self._tasks: dict[int, asyncio.Task[Reply]] = {}
        self._refused: list[LuxError] = []

    async def run(self, first: Turn, deadline: float) -> Ended:
        """Runs to the end."""
        timer = asyncio.timeout_at(deadline)
        try:
            async with timer:
                return await self._run(first)
        except TimeoutError:
            if not timer.expired():
                raise
            late = over_limit(self._code, "deadline")
            late.printed = self._talk.said()
            raise late from None

    async def _run(self, first: Turn) -> Ended:
        try:
            now = self._at_once(first) or await self._turn(first)
            while isinstance(now, Waits):
                replies = await self._replies(now)
                now = await self._turn(partial(self._hear, replies))
            return Ended(now.result, self._talk.said(), now.state)
        except (MontyError, OverLimit, Unfit, RecursionError) as error:
            told = translated(error, self._code, self._talk.source, self._refused)
            told.printed = self._talk.said()
            raise told from error
        finally:
            if self._tasks or self._moving.locked():
                await finished(self._break_off())
            if self._worker is not None:
                self._give_back(self._worker)

    def _at_once(self, first: Turn) -> Done | None:
        """The whole call, here and now, where it is expected to be quick; `None` where it has to be begun otherwise."""
        pace = self._talk.prepared.pace
        worker = self._workers.quick(self._code.owner, self._quick) if pace.is_quick() else None
        if worker is None:
            return None
        began, now, crashed = time.perf_counter(), None, False
        try:
            now = first(worker.begin(self._code.owner, self._quick))
        except MontyCrashedError:
            crashed = True
        except MontyRuntimeError as error:
            if not isinstance(error.exception(), TimeoutError):
                raise
        finally:
            pace.took(time.perf_counter() - began)
            worker.later(worker.end) if crashed else worker.end()
        if isinstance(now, Done):
            return now
        pace.broke()
        self._talk.forget()
        return None

    def _give_back(self, worker: Worker) -> None:
        self._worker, prepared = None, self._talk.prepared
        if prepared.is_to_be_measured():
            worker.later(worker.end)
            worker.later(partial(prepared.measure, worker, self._code.owner, self._limits))
        self._workers.give(worker)

    async def _turn(self, turn: Turn) -> Waits | Done:
        """One turn, in the worker that holds the code's state, or in another one that is given it."""
        async with self._moving:
            frozen, self._frozen = self._frozen, None
            if self._worker is not None:
                return await self._worker.do(partial(self._taken, turn, self._worker.session))
            worker = self._worker = await self._workers.take(self._code.owner, first=frozen is not None)
            return await worker.do(partial(self._turn_in, worker, frozen, turn))

    def _turn_in(self, worker: Worker, frozen: bytes | None, turn: Turn) -> Waits | Done:
        try:
            return self._begun_in(worker, frozen, turn)
        except MontyCrashedError as error:
            if UNSENT not in str(error):
                raise
        return self._begun_in(worker, frozen, turn)  # it had died before it was told anything

    def _begun_in(self, worker: Worker, frozen: bytes | None, turn: Turn) -> Waits | Done:
        session = worker.begin(self._code.owner, self._limits)
        if frozen is not None:
            self._talk.load(session, frozen)
        began = time.perf_counter()
        now = self._taken(turn, session)
        if isinstance(now, Done) and frozen is None:
            self._talk.prepared.pace.took(time.perf_counter() - began)
        return now

    def _taken(self, turn: Turn, session: MontySession) -> Waits | Done:
        """Takes a turn, and the state after it where that will be asked for: later, it takes two changes of thread."""
        now = turn(session)
        if isinstance(now, Waits) and self._freezes():
            with suppress(MontyError):  # whoever asks for it will hear what is wrong
                self._frozen = self._talk.dump()
        return now

    def _hear(self, replies: Mapping[int, Reply], _session: MontySession) -> Waits | Done:
        return self._talk.hear(replies)

    async def _replies(self, now: Waits) -> Mapping[int, Reply]:
        """Replies to at least one of the wishes; the worker is lent meanwhile."""
        self._waiting = True
        self._workers.lend(self, self._give_up)
        try:
            if now.only:
                ((call, wish),) = now.wishes.items()
                return {call: await self._fulfilled(wish)}
            for call in now.wishes.keys() - self._tasks.keys():
                self._tasks[call] = asyncio.create_task(self._fulfilled(now.wishes[call]))
            calls = {self._tasks[call]: call for call in now.wishes}
            done, _pending = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            return {calls[task]: self._tasks.pop(calls[task]).result() for task in done}
        finally:
            self._waiting = False
            self._workers.keep(self)

    async def _fulfilled(self, wish: Wish) -> Reply:
        if isinstance(wish, Nap):
            await asyncio.sleep(wish.seconds)
            return {"return_value": None}
        try:
            ask = Ask(wish.name, wish.args, wish.kwargs, wish.number, partial(self._freeze, wish.number))
            return {"return_value": await self._answer(ask)}
        except LuxError as error:
            self._refused.append(error)
            return {"exception": RuntimeError(str(error))}

    async def _freeze(self, number: int) -> bytes | None:
        """The code's state, sealed; `None` where it has got its answer, or has ended, meanwhile."""
        async with self._moving:
            if (self._worker is None and self._frozen is None) or not self._talk.is_open(number):
                return None
            if self._frozen is None and self._worker is not None:
                self._frozen = await finished(self._worker.begun(self._talk.dump))
            assert self._frozen is not None  # noqa: S101 - it was made above
            return self._seal(self._talk, self._frozen)

    async def _give_up(self) -> None:
        """Gives the worker back, for code that waits does not need it."""
        async with self._moving:
            worker = self._worker
            if worker is None or not self._waiting:
                return self._workers.call_back()
            try:
                self._frozen = self._frozen or await worker.begun(self._talk.dump)
            except MontyError:  # it ended; the call will notice
                return self._workers.call_back()
            self._worker = None
        self._workers.give(worker)
        return None

    async def _break_off(self) -> None:
        """Ends what is still on its way."""
        if self._moving.locked() and self._worker is not None:
            self._worker.kill()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        async with self._moving:
            pass
