"""The hermetic tier: functions that people, models and evolution wrote, in Monty, in workers behind walls."""

from functools import cached_property, partial
from pathlib import Path

from luxos.runtime.code import Answer, Code, Ended, Given
from luxos.runtime.hermetic import sealed
from luxos.runtime.hermetic.conversation import Conversation
from luxos.runtime.hermetic.monty import program
from luxos.runtime.hermetic.running import Running
from luxos.runtime.hermetic.source import read
from luxos.runtime.hermetic.workers import SIZE, Workers


class Hermetic:
    """A `Tier`; nothing is started before the first call. `home` is where the key of this installation is."""

    def __init__(self, home: Path, size: int = SIZE) -> None:
        self._home = home
        self._workers = Workers(program(), size)

    async def call(self, code: Code, given: Given, answer: Answer, deadline: float) -> Ended:
        """Calls a soul's function; see `Tier`. `CodeLost` where its process ended from outside."""
        talk = Conversation(read(code.source, code.signature), code.limits)
        first = partial(talk.start, args=given.args, kwargs=given.kwargs, this=given.this)
        return await self._running(code, talk, answer).run(first, deadline)

    async def go_on(self, code: Code, frozen: bytes, answer: Answer, deadline: float) -> Ended:
        """Goes on in the middle of a call, where its `Ask` was frozen; what it waited for is asked again.

        `SnapshotRefused` where it is not this soul's, of this Monty, and as it was sealed by this installation.
        """
        talk, state = sealed.unseal(self._key, code, read(code.source, code.signature), frozen)
        return await self._running(code, talk, answer).run(partial(talk.resume, state=state), deadline)

    async def close(self) -> None:
        """Ends all workers."""
        await self._workers.close()

    def _running(self, code: Code, talk: Conversation, answer: Answer) -> Running:
        return Running(self._workers, partial(self._seal, code), code, talk, answer)

    def _seal(self, code: Code, talk: Conversation, state: bytes) -> bytes:
        return sealed.seal(self._key, code, talk, state)

    @cached_property
    def _key(self) -> sealed.Key:
        return sealed.Key.of(self._home)
