"""The hermetic tier: functions that people, models and evolution wrote, in Monty, in workers behind walls."""

import asyncio
import hashlib
from functools import partial
from pathlib import Path
from typing import Any

from luxos.runtime.code import Answer, Code, CodeLimits, Ended, Given, Method
from luxos.runtime.hermetic import sealed
from luxos.runtime.hermetic.confined import confined
from luxos.runtime.hermetic.conversation import Conversation
from luxos.runtime.hermetic.key import KeyFile
from luxos.runtime.hermetic.limits import monty_limits
from luxos.runtime.hermetic.monty import MontyError
from luxos.runtime.hermetic.prepared import Prepared
from luxos.runtime.hermetic.quick import Pace, Trust
from luxos.runtime.hermetic.running import Running, Turn
from luxos.runtime.hermetic.source import read
from luxos.runtime.hermetic.unsupported import Knowledge, Unsupported
from luxos.runtime.hermetic.worker import Worker
from luxos.runtime.hermetic.workers import SIZE, Confined, Workers
from luxos.runtime.sandbox.errors import SandboxFailed

_LOOKING = CodeLimits(seconds=10)
_NOBODY = ""
"""The owner of the worker that looks at sources and runs none."""
_KEPT = 256


class Hermetic:
    """A `Tier`; nothing is started before the first call. `home` is where the key of this installation is."""

    def __init__(self, home: Path, size: int = SIZE, confined: Confined = confined) -> None:
        self._key = KeyFile(home)
        self._workers = Workers(size, confined)
        self._knowledge = Knowledge()
        self._known: dict[tuple[str, str, CodeLimits, str | None], Prepared] = {}
        self._trust: dict[str, Trust] = {}
        self._looked_at: dict[bytes, tuple[Unsupported, ...]] = {}

    async def call(self, code: Code, given: Given, answer: Answer, deadline: float) -> Ended:
        """Calls a soul's function; see `Tier`. `CodeLost` where its process ended from outside."""
        talk = Conversation(self._prepared(code, given.method), code.limits)
        first = partial(talk.start, given=given)
        return await self._run(code, given, talk, answer, first, deadline)

    async def go_on(self, code: Code, given: Given, frozen: bytes, answer: Answer, deadline: float) -> Ended:
        """Goes on in the middle of a call, where its `Ask` was frozen; what it waited for is asked again.

        `SnapshotRefused` where it is not this call's, of this soul and this Monty, and as it was sealed by this
        installation, and where the instance of a method is not as the method found it.
        """
        prepared = self._prepared(code, given.method)
        talk, state = sealed.unseal(self._key.key(), code, given, prepared, frozen)
        return await self._run(code, given, talk, answer, partial(talk.resume, state=state), deadline)

    async def unsupported(self, source: str) -> tuple[Unsupported, ...]:
        """What a source that Python can parse uses, and Monty does not have; nothing of it is run."""
        key = hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest()
        known = self._looked_at.get(key)
        if known is None:
            known = self._looked_at[key] = await self._look_at(source)
            _forget(self._looked_at)
        return known

    async def close(self) -> None:
        """Ends all workers."""
        await self._workers.close()

    async def _look_at(self, source: str) -> tuple[Unsupported, ...]:
        worker = await self._workers.take(_NOBODY)
        try:
            return await worker.do(partial(self._looked, worker, source))
        except MontyError as error:
            raise SandboxFailed(reason=f"{error}".partition("\n")[0]) from error
        finally:
            self._workers.give(worker)

    def _looked(self, worker: Worker, source: str) -> tuple[Unsupported, ...]:
        return self._knowledge.look(worker.begin(_NOBODY, monty_limits(_LOOKING)), source)

    def _prepared(self, code: Code, method: Method | None = None) -> Prepared:
        """What is known of a soul; what came of its code in one owner's worker is never given to another's."""
        key = (code.soul_hash, code.owner, code.limits, method.name if method else None)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._learnt(code, method)
            _forget(self._known)
        return known

    def _learnt(self, code: Code, method: Method | None) -> Prepared:
        source = read(code.source, code.signature, method)
        return Prepared(source, Pace(self._trust.setdefault(code.owner, Trust()), source.asks))

    async def _run(
        self, code: Code, given: Given, talk: Conversation, answer: Answer, first: Turn, deadline: float
    ) -> Ended:
        running = Running(self._workers, partial(self._seal, code, given), code, talk, answer, given.freezes)
        try:
            return await running.run(first, deadline)
        except asyncio.CancelledError:
            given.cut(talk.said())
            raise

    def _seal(self, code: Code, given: Given, talk: Conversation, state: bytes) -> bytes:
        return sealed.seal(self._key.key(), code, given, talk, state)


def _forget(kept: dict[Any, Any]) -> None:
    """Forgets what was learnt first, where it is too much."""
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]
