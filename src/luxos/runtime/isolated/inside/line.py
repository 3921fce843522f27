"""The line between a call and LuxOS: frames of JSON on one descriptor, four bytes of length before each."""

from __future__ import annotations

import json
import os
import sys
from _thread import RLock

from .fit import checked

TYPE_CHECKING = False  # as `typing` has it, which is not imported
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType
    from typing import Any

LENGTH = 4
_AWAITS = 0x80 | 0x200
"""The flags of a coroutine, and of an asynchronous generator."""
_PART_OF_IT = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
ROOM = 1 << 19
"""Bytes of a frame beside its values."""


def encoded(frame: Mapping[str, Any]) -> bytes:
    """A frame as it is sent."""
    return json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class Line:
    """Used by one call; `most` are the bytes of what is asked."""

    def __init__(self, descriptor: int, most: int) -> None:
        self._descriptor, self._most = descriptor, most
        self._asked = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._futures: dict[int, Any] = {}
        self._lock = RLock()
        self._listens = False
        self.refused: dict[int, BaseException] = {}
        """What LuxOS refused, by the ask."""

    def send(self, frame: Mapping[str, Any]) -> None:
        """Sends a whole frame."""
        data = encoded(frame)
        rest = memoryview(len(data).to_bytes(LENGTH, "big") + data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def receive(self) -> Any:
        """The next frame; the process ends where there is none, for nobody waits for it."""
        return json.loads(self._read(int.from_bytes(self._read(LENGTH), "big")))

    def _read(self, length: int) -> bytes:
        parts = []
        while length:
            part = os.read(self._descriptor, min(length, 1 << 20))
            if not part:
                os._exit(0)
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def functions(self) -> dict[str, Any]:
        """What code calls; in an `async` function they give something to await."""

        def execution(*args: Any, **kwargs: Any) -> Any:
            """Calls a being."""
            return self._wish("execution", args, kwargs, sys._getframe(1))

        def summon(*args: Any, **kwargs: Any) -> Any:
            """Makes a being."""
            return self._wish("summon", args, kwargs, sys._getframe(1))

        return {"execution": execution, "summon": summon}

    def _wish(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], caller: FrameType | None) -> Any:
        args, kwargs = checked([args, kwargs], self._most, name)
        while caller is not None and caller.f_code.co_name in _PART_OF_IT:
            caller = caller.f_back
        if caller is not None and caller.f_code.co_flags & _AWAITS:
            return self._awaited(name, args, kwargs)
        with self._lock:
            number = self._ask(name, args, kwargs)
            while number not in self._answers:
                self._hear()
            return self._given(number, self._answers.pop(number))

    async def _awaited(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        import asyncio

        loop = asyncio.get_running_loop()
        with self._lock:
            if not self._listens:
                self._listens = True
                loop.add_reader(self._descriptor, self._hear)
            number = self._ask(name, args, kwargs)
            future = self._futures[number] = loop.create_future()
        return self._given(number, await future)

    def _ask(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
        number, self._asked = self._asked, self._asked + 1
        self.send({"ask": number, "name": name, "args": args, "kwargs": kwargs})
        return number

    def _hear(self) -> None:
        """One answer, for whoever waits for it."""
        answer = self.receive()
        future = self._futures.pop(answer["answer"], None)
        if future is None:
            self._answers[answer["answer"]] = answer
        elif not future.done():
            future.get_loop().call_soon_threadsafe(_settle, future, answer)

    def _given(self, number: int, answer: Mapping[str, Any]) -> Any:
        if "refused" in answer:
            self.refused[number] = RuntimeError(answer["refused"])
            raise self.refused[number]
        return answer["value"]


def _settle(future: Any, answer: Mapping[str, Any]) -> None:
    if not future.done():
        future.set_result(answer)
