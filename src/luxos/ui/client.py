"""Asks LuxOS: the process in the background where one runs, else one that lives as long as the command."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from luxos.agent.reasoning import Defaults, Question, Reasoner
from luxos.config import Settings
from luxos.errors import reason_of
from luxos.i18n import language
from luxos.runtime.events import Listener
from luxos.ui.conditions import WorksAlone, conditions
from luxos.ui.errors import ConnectionLost, FolderUnfit, ServiceNotAnswering, check_text
from luxos.ui.wire import LONGEST_LINE, Peer, RemoteError, decode_event, peer, receive, send

_LONGEST_SOCKET = 107
"""Bytes that the operating system takes for the path of a socket."""
_PATIENCE = 10.0
"""Seconds in which the process in the background says whether it takes a request: it does nothing before that."""


def socket_path(settings: Settings) -> Path:
    """Where the background process of this data folder listens."""
    path = settings.home / "luxos.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]
    return Path(f"/tmp/luxos-{os.geteuid()}-{name}.sock")  # noqa: S108 - each side checks who the other one is


async def ask(
    settings: Settings, method: str, arguments: dict[str, Any], reasoner: Reasoner, listener: Listener
) -> dict[str, Any]:
    """The result of a method of `ui/methods/`; raises its `LuxError`."""
    cwd = _current_folder()
    request = {
        "method": method,
        "arguments": arguments,
        "cwd": str(cwd),
        "conditions": conditions(settings, os.environ),
    }
    async with connected(settings) as service:
        if service is not None:
            differs = await service.offer(request)
            if differs is None:
                return await service.follow(reasoner, listener)
            if differs:
                listener(WorksAlone(differs))
    return await _ask_here(settings, method, arguments, cwd, reasoner, listener)


async def tell(settings: Settings, method: str, patience: float = _PATIENCE) -> dict[str, Any] | None:
    """Asks the background process for `status` or `down`; `None` where none runs."""
    async with connected(settings, patience=patience) as service:
        if service is None or await service.offer({"method": method}) is not None:
            return None
        return await service.follow(Defaults(), lambda event: None)


class Service:
    """The process in the background, at the other end of one connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: Peer, patience: float
    ) -> None:
        self._reader, self._writer = reader, writer
        self._process, self._patience = process, patience

    async def offer(self, request: dict[str, Any]) -> str | None:
        """Sends a request. Gives `None` where it was accepted, else what differs there; "" where it is just ending."""
        send(self._writer, {**request, "language": language()})
        try:
            async with asyncio.timeout(self._patience):
                await self._writer.drain()
                answer = await receive(self._reader)
        except TimeoutError:
            raise ServiceNotAnswering(pid=self._process.pid) from None
        except (ConnectionLost, ConnectionError):
            return ""
        return None if "accepted" in answer else str(answer["differs"])

    async def follow(self, reasoner: Reasoner, listener: Listener) -> dict[str, Any]:
        """The result of the request that was accepted; tells its events and puts its questions meanwhile."""
        while True:
            line = await receive(self._reader)
            if "event" in line:
                listener(decode_event(line))
            elif "question" in line:
                question = Question(**{**line["question"], "choices": tuple(line["question"]["choices"])})
                answer = await reasoner.decide(question)
                send(self._writer, {"answer": answer.value, "by_person": answer.by_person})
            elif "error" in line:
                raise RemoteError(line["error"])
            else:
                result: dict[str, Any] = line["result"]
                return result


@asynccontextmanager
async def connected(
    settings: Settings, user: int | None = None, patience: float = _PATIENCE
) -> AsyncIterator[Service | None]:
    """The background process for the length of the block, `None` where none runs.

    A socket at which not `user` (else our own) listens is nobody's service: whoever it is would hear everything.
    """
    reader, writer = None, None
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_unix_connection(socket_path(settings), limit=LONGEST_LINE)
    if reader is None or writer is None:
        yield None
        return
    try:
        process = peer(writer)
        trusted = process.user == (os.geteuid() if user is None else user)
        yield Service(reader, writer, process, patience) if trusted else None
    finally:
        writer.close()


async def _ask_here(
    settings: Settings, method: str, arguments: dict[str, Any], cwd: Path, reasoner: Reasoner, listener: Listener
) -> dict[str, Any]:
    from luxos.boot import system
    from luxos.ui.methods import METHODS, Person

    async with system(settings) as opened:
        return await METHODS[method](opened, Person(cwd, reasoner, listener), **arguments)


def _current_folder() -> Path:
    try:
        cwd = Path.cwd()
    except OSError as error:
        raise FolderUnfit(reason=reason_of(error)) from error
    check_text(str(cwd))
    return cwd
