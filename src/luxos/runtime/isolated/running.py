"""One call on its way: what the code asks for is answered, what it prints is kept, its time is measured."""

import asyncio
from typing import Any

from luxos.errors import LuxError
from luxos.i18n import _
from luxos.runtime.code import Answer, Ask, Code, Ended, Given
from luxos.runtime.errors.calls import ArgumentsUnfit
from luxos.runtime.isolated import failures
from luxos.runtime.isolated.line import BrokenLine, Line
from luxos.runtime.isolated.slots import Slot
from luxos.runtime.said import over_limit
from luxos.runtime.values import Unfit, plain

ASKS = 100_000
"""How often a call may ask anything of LuxOS."""
ROOM = 1 << 20
"""Bytes of a frame beside the result."""
TASK = 1 << 10
"""Bytes that an open ask takes here beside what it says."""
FLOOD = 1 << 30
"""Bytes of output that end a call."""


class HungUp(Exception):
    """The line was hung up before the call said how it ended."""


class Running:
    """A call: run once. While it waits for what it asked for it takes no slot, and its time stands still."""

    def __init__(self, code: Code, answer: Answer, line: Line, slot: Slot) -> None:
        self._code, self._answer, self._line, self._slot = code, answer, line, slot
        self._loop = asyncio.get_running_loop()
        self._most = 2 * max(code.limits.result, code.limits.memory) + ROOM
        self._over: asyncio.Future[Any] = self._loop.create_future()
        self._refused: dict[int, LuxError] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0
        self._asked = 0
        self._held = 0
        self._printed = bytearray()
        self._seen = 0
        self._left = code.limits.seconds
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0

    async def run(self, given: Given) -> Ended:
        """Runs to the end; raises what `Tier` says, or `HungUp`."""
        self._line.start(self._most, self._on_frame, self._on_end, self._on_output)
        self._go()
        try:
            return self._told(await self._answered(given), given)
        except LuxError as error:
            self._line.drain()
            error.printed = self.said()
            raise
        except asyncio.CancelledError:
            self._line.drain()
            given.cut(self.said())
            raise

    async def _answered(self, given: Given) -> dict[str, Any]:
        """The last frame."""
        try:
            self._send_call(given)
            return await self._over  # type: ignore[no-any-return]
        finally:
            self._stand()
            await self._break_off()

    def _told(self, frame: dict[str, Any], given: Given) -> Ended:
        if "result" not in frame:
            raise failures.told(self._code, frame, self._refused)
        self._line.drain()
        return Ended(frame["result"], self.said(), _state(frame, given, self._code))

    def _send_call(self, given: Given) -> None:
        call = {"args": list(given.args), "kwargs": dict(given.kwargs), "self": dict(given.this)}
        if (method := given.method) is not None:
            told = {
                "of": method.of,
                "name": method.name,
                "state": dict(method.state),
                "declared": list(method.declared),
            }
            call["method"] = told
        try:
            self._line.send(call)
        except (ValueError, TypeError, RecursionError) as error:
            raise ArgumentsUnfit(who=self._code.name, reason=str(error)[:300].removesuffix(".")) from error

    def _on_frame(self, frame: Any, size: int) -> None:
        if self._over.done():
            return
        if not isinstance(frame, dict):
            raise BrokenLine
        frame = self._looked_at(frame)
        if "name" in frame:
            self._on_ask(frame, size)
        else:
            self._over.set_result(frame)

    def _looked_at(self, frame: dict[str, Any]) -> dict[str, Any]:
        """What code wrote past its end of the line may be JSON to Python, and to nobody else."""
        try:
            return {name: plain(value, self._most)[0] for name, value in frame.items()}
        except Unfit as unfit:
            raise BrokenLine from unfit

    def _on_ask(self, frame: dict[str, Any], size: int) -> None:
        name, number, args, kwargs = (frame.get(part) for part in ("name", "ask", "args", "kwargs"))
        known = name in ("execution", "summon") and type(number) is int and number == self._asked
        if not (known and isinstance(args, list) and isinstance(kwargs, dict)):
            raise BrokenLine
        self._held += size + TASK
        if self._asked >= ASKS:
            self._fail(over_limit(self._code, "asks", ASKS))
            return
        if self._held > self._code.limits.memory + ROOM:
            self._fail(over_limit(self._code, "memory"))
            return
        self._asked += 1
        if self._open == 0:
            self._stand()
            self._slot.lend()
        self._open += 1
        task = asyncio.create_task(self._fulfil(Ask(str(name), args, kwargs, self._asked - 1), size))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fulfil(self, ask: Ask, size: int) -> None:
        answer: dict[str, Any]
        try:
            answer = {"answer": ask.number, "value": await self._answer(ask)}
        except LuxError as error:
            self._refused[ask.number] = error
            answer = {"answer": ask.number, "refused": str(error)}
        except Exception as error:  # a defect of ours
            self._fail(error)
            return
        if self._open == 1:
            await self._slot.back()
            self._go()
        self._open -= 1
        self._held -= size + TASK
        try:
            self._line.send(answer)
        except (ValueError, TypeError, RecursionError) as error:
            self._fail(error)
        if self._line.unsent > self._code.limits.memory:  # it asks, and does not read
            self._fail(over_limit(self._code, "memory"))

    def _on_end(self, error: Exception | None) -> None:
        self._fail(failures.broken(self._code) if isinstance(error, BrokenLine) else HungUp())

    def _on_output(self, data: bytes) -> None:
        self._seen += len(data)
        self._printed += data[: max(0, self._code.limits.output - len(self._printed))]
        if self._seen > FLOOD:
            self._fail(over_limit(self._code, "output"))

    def said(self) -> str:
        """What it printed, with a last line that tells what was dropped."""
        text = self._printed.decode(errors="replace")
        dropped = self._seen - len(self._printed)
        return text + "\n" + _("({count} bytes more were dropped)").format(count=dropped) if dropped else text

    def _fail(self, error: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(error)

    def _go(self) -> None:
        """Has its time run."""
        if self._timer is not None:
            return
        self._since = self._loop.time()
        out = lambda: self._fail(over_limit(self._code, "seconds"))  # noqa: E731
        self._timer = self._loop.call_later(max(0.0, self._left), out)

    def _stand(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._left -= self._loop.time() - self._since

    async def _break_off(self) -> None:
        """Ends what is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._over.cancel()


def _state(frame: dict[str, Any], given: Given, code: Code) -> dict[str, Any] | None:
    """The attributes of the instance that a call told: those that are declared, and no others."""
    if given.method is None:
        return None
    state = frame.get("state")
    if not isinstance(state, dict) or not state.keys() <= set(given.method.declared):
        raise failures.broken(code)
    return state
