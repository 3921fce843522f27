"""The background process of `luxos up`: keeps the database open and the language model of Polish warm, and serves
`ui/methods/` to the same user's commands over a local socket.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luxos.agent.reasoning import Answer, Question
from luxos.beings.awareness import fold_pending
from luxos.boot import System, system
from luxos.config import Settings
from luxos.errors import LuxError, reason_of
from luxos.i18n import speaking
from luxos.nlp import understand
from luxos.persistence.locks import open_lock_file, try_lock
from luxos.runtime.sealing import seal
from luxos.runtime.tasks.cluster import check_cluster
from luxos.ui.client import socket_path, tell
from luxos.ui.conditions import conditions
from luxos.ui.defects import defect
from luxos.ui.errors import ConnectionLost, ServiceCannotListen
from luxos.ui.methods import METHODS, Person
from luxos.ui.wire import LONGEST_LINE, encode_error, encode_event, peer, receive, send
from luxos.ui.working import heard, keep, working
from luxos.version import __version__

_POLL = 0.05
_SEAL_EVERY = 30.0


async def serve(settings: Settings, ready: Callable[[], None]) -> dict[str, Any] | None:
    """Serves until it is told to stop, and calls `ready` when the socket answers.

    Where another process serves, or is about to, nothing is done: gives what that one says of itself.
    """
    with _lock_file(settings) as lock:
        while not try_lock(lock, exclusive=True):
            if (running := await tell(settings, "status")) is not None:
                return running
            await asyncio.sleep(_POLL)
        await _serve_alone(settings, ready)
    return None


async def _serve_alone(settings: Settings, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    with heard(signal.SIGTERM, stop.set):
        async with system(settings) as opened:
            await check_cluster(settings)
            await opened.runtime()
            with contextlib.suppress(LuxError):
                await fold_pending()
            await asyncio.to_thread(understand, "Zbuduj aplikację")
            await asyncio.to_thread(dict, METHODS)  # each is loaded now, and no command waits for it
            service = _Service(opened, stop)
            path = socket_path(settings)
            server = await _listen(service, path)
            beside = [asyncio.create_task(_seal_often(opened))]
            beside += [asyncio.create_task(keep(opened, work)) for work in working(opened)]
            ready()
            try:
                await stop.wait()
            finally:
                server.close()
                path.unlink(missing_ok=True)
                await service.finish()
                await _end(beside)


async def _end(beside: Sequence[asyncio.Task[None]]) -> None:
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)


async def _seal_often(opened: System) -> None:
    """Seals now and then what has ended, of this process and of those that died; looks what is due of promotions."""
    while True:
        with contextlib.suppress(LuxError):
            runtime = await opened.runtime()
            await runtime.runs.seal()
            await seal(runtime.database)
            await runtime.following.look_at_all()
        await asyncio.sleep(_SEAL_EVERY)


async def _listen(service: "_Service", path: Path) -> asyncio.Server:
    try:
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(service.answer, path, limit=LONGEST_LINE)
        path.chmod(0o600)
    except OSError as error:
        raise ServiceCannotListen(path=path, reason=reason_of(error)) from error
    return server


@contextmanager
def _lock_file(settings: Settings) -> Iterator[int]:
    """The file whose lock the one process holds that serves this data folder, for its life."""
    path = settings.home / "luxos.sock.lock"
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = open_lock_file(path)
    except OSError as error:
        raise ServiceCannotListen(path=path, reason=reason_of(error)) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Service:
    def __init__(self, opened: System, stop: asyncio.Event) -> None:
        self._system, self._stop = opened, stop
        self._conditions = conditions(opened.settings, os.environ)
        self._calls: set[asyncio.Task[None]] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection; when the person goes away, what was done for them is stopped."""
        try:
            if peer(writer).user != os.geteuid():
                return
            request = await receive(reader)
            line = _Line(reader, writer)
            call = asyncio.create_task(self._call(request, line))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            gone = asyncio.create_task(line.hear())
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

    async def _call(self, request: dict[str, Any], line: "_Line") -> None:
        with speaking(str(request.get("language"))), contextlib.suppress(ConnectionError):
            try:
                line.send(await self._answer(request, line))
            except LuxError as error:
                line.send(encode_error(error))
            except ConnectionError:
                raise
            except Exception as error:
                line.send(encode_error(defect(error)))
            await line.writer.drain()

    async def _answer(self, request: dict[str, Any], line: "_Line") -> dict[str, Any]:
        """The last line for a request: its result, or what keeps us from doing it as the person would."""
        method = _OWN.get(request["method"])
        if method is not None:
            line.send({"accepted": True})
            return {"result": method(self._stop)}
        wanted = request["conditions"]
        for name, value in self._conditions.items():
            if wanted[name] != value:
                return {"differs": name}
        line.send({"accepted": True})
        person = Person(Path(request["cwd"]), line, lambda event: line.send(encode_event(event)))
        return {"result": await METHODS[request["method"]](self._system, person, **request["arguments"])}


class _Line:
    """The line to a person: they are the reasoner at its other end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, line: dict[str, Any]) -> None:
        """Sends a line."""
        send(self.writer, line)

    async def hear(self) -> None:
        """Takes the person's answers until they go away."""
        with contextlib.suppress(ConnectionLost):
            while True:
                self._answers.put_nowait(await receive(self._reader))

    async def decide(self, question: Question) -> Answer:
        """Asks the person."""
        self.send({"question": {**vars(question), "choices": list(question.choices)}})
        await self.writer.drain()
        answer = await self._answers.get()
        return Answer(str(answer["answer"]), bool(answer["by_person"]))


def _status(_stop: asyncio.Event) -> dict[str, Any]:
    return {"status": "up", "pid": os.getpid(), "version": __version__}


def _down(stop: asyncio.Event) -> dict[str, Any]:
    stop.set()
    return {"status": "down", "pid": os.getpid()}


_OWN: dict[str, Callable[[asyncio.Event], dict[str, Any]]] = {"status": _status, "down": _down}
"""What is asked of the process itself, whatever the conditions."""
