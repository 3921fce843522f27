"""The background process of `luxos up`: keeps the database open and the language model of Polish warm, and serves
`ui/methods.py` to the same user's commands over a local socket.
"""

import asyncio
import contextlib
import os
import socket
import struct
from pathlib import Path
from typing import Any

from luxos import __version__
from luxos.agent.reasoning import Answer, Question
from luxos.boot import System, system
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.i18n import speaking
from luxos.nlp import understand
from luxos.ui.defects import defect
from luxos.ui.methods import METHODS, Person
from luxos.ui.wire import LONGEST_LINE, ConnectionLost, encode_error, encode_event, receive, send


async def serve(settings: Settings, path: Path, ready: Any) -> None:
    """Serves until it is told to stop; calls `ready()` when the socket answers."""
    stop = asyncio.Event()
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with system(settings) as opened:
        await opened.runtime()
        await asyncio.to_thread(understand, "Zbuduj aplikację")
        service = _Service(opened, stop)
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(service.answer, path, limit=LONGEST_LINE)
        path.chmod(0o600)
        ready()
        try:
            await stop.wait()
        finally:
            server.close()
            path.unlink(missing_ok=True)
            await service.finish()


class _Service:
    def __init__(self, opened: System, stop: asyncio.Event) -> None:
        self._system, self._stop = opened, stop
        self._calls: set[asyncio.Task[None]] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection; when the person goes away, what was done for them is stopped."""
        try:
            if _peer(writer) != os.getuid():
                return
            request = await receive(reader)
            call = asyncio.create_task(self._call(request, reader, writer))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            gone = asyncio.create_task(_until_gone(reader, writer))
            await asyncio.wait({call, gone}, return_when=asyncio.FIRST_COMPLETED)
            for task in (call, gone):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await call
        except ConnectionLost:
            pass
        finally:
            writer.close()

    async def finish(self) -> None:
        """Stops what is still being done, in a state from which it can be resumed."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _call(self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with speaking(str(request.get("language"))):
            try:
                send(writer, {"result": await self._result(request, reader, writer)})
            except LuxError as error:
                send(writer, encode_error(error))
            except ConnectionError:
                return
            except Exception as error:
                send(writer, encode_error(defect(error)))
            with contextlib.suppress(ConnectionError):
                await writer.drain()

    async def _result(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, Any]:
        if request["method"] == "status":
            return {"status": "up", "pid": os.getpid(), "version": __version__}
        if request["method"] == "down":
            self._stop.set()
            return {"status": "down", "pid": os.getpid()}
        person = Person(Path(request["cwd"]), _Remote(reader, writer), lambda event: send(writer, encode_event(event)))
        return await METHODS[request["method"]](self._system, person, **request["arguments"])


class _Remote:
    """The reasoner on the other side of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def decide(self, question: Question) -> Answer:
        send(self._writer, {"question": {**vars(question), "choices": list(question.choices)}})
        await self._writer.drain()
        answer = await receive(self._reader)
        return Answer(str(answer["answer"]), bool(answer["by_person"]))


async def _until_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not (reader.at_eof() or writer.transport.is_closing()):  # noqa: ASYNC110 - streams tell nobody of their end
        await asyncio.sleep(0.2)


def _peer(writer: asyncio.StreamWriter) -> int:
    """The user id of the process on the other side, as the operating system knows it."""
    connection = writer.get_extra_info("socket")
    _pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)
