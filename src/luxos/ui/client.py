"""Asks LuxOS: the process in the background where one runs, else one that lives as long as the command."""

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Any

from luxos import __version__
from luxos.agent.reasoning import Question, Reasoner
from luxos.config import Settings
from luxos.i18n import language
from luxos.runtime.events import Listener
from luxos.ui.wire import LONGEST_LINE, RemoteError, decode_event, receive, send

_LONGEST_SOCKET = 107
"""Bytes that the operating system takes for the path of a socket."""


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
    """The result of a method of `ui/methods.py`; raises its `LuxError`."""
    connection = await _connect(settings)
    if connection is None:
        return await _ask_here(settings, method, arguments, reasoner, listener)
    reader, writer = connection
    try:
        return await _ask_there(reader, writer, method, arguments, reasoner, listener)
    finally:
        writer.close()


async def tell(settings: Settings, method: str) -> dict[str, Any] | None:
    """Asks the background process for `status` or `down`; `None` where none runs."""
    from luxos.agent.reasoning import Defaults

    connection = await _connect(settings)
    if connection is None:
        return None
    reader, writer = connection
    try:
        return await _ask_there(reader, writer, method, {}, Defaults(), lambda event: None)
    finally:
        writer.close()


async def _connect(settings: Settings) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    try:
        return await asyncio.open_unix_connection(socket_path(settings), limit=LONGEST_LINE)
    except OSError:
        return None


async def _ask_here(
    settings: Settings, method: str, arguments: dict[str, Any], reasoner: Reasoner, listener: Listener
) -> dict[str, Any]:
    from luxos.boot import system
    from luxos.ui.methods import METHODS, Person

    async with system(settings) as opened:
        return await METHODS[method](opened, Person(Path.cwd(), reasoner, listener), **arguments)


async def _ask_there(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    method: str,
    arguments: dict[str, Any],
    reasoner: Reasoner,
    listener: Listener,
) -> dict[str, Any]:
    place = {"cwd": str(Path.cwd()), "language": language(), "version": __version__, "pid": os.getpid()}
    send(writer, {"method": method, "arguments": arguments, **place})
    await writer.drain()
    while True:
        line = await receive(reader)
        if "event" in line:
            listener(decode_event(line))
        elif "question" in line:
            question = Question(**{**line["question"], "choices": tuple(line["question"]["choices"])})
            answer = await reasoner.decide(question)
            send(writer, {"answer": answer.value, "by_person": answer.by_person})
            await writer.drain()
        elif "error" in line:
            raise RemoteError(line["error"])
        else:
            result: dict[str, Any] = line["result"]
            return result
