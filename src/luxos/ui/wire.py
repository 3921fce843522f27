"""What goes over the local socket, from a command to the background process and back: one JSON object a line.

Request: `{"method", "arguments", "cwd", "language", "conditions"}`. First answer: `{"accepted": true}`, or
`{"differs": "version" | "settings"}` and the end. Then `{"event": name, "data": {...}}` any number of times,
`{"question": {...}}` (answered by `{"answer", "by_person"}`), at the end `{"result"}` or `{"error"}`.
"""

import asyncio
import json
import socket
import struct
from typing import Any, NamedTuple

from luxos.agent import events as agent_events
from luxos.amounts import size
from luxos.errors import Exit, LuxError
from luxos.runtime import events as runtime_events
from luxos.ui.errors import ConnectionLost, LineTooLong

LONGEST_LINE = 64 * 1024 * 1024

_EVENTS = {
    kind.__name__: kind
    for kind in (
        agent_events.Understood,
        agent_events.Planned,
        agent_events.RunStarted,
        runtime_events.CallBegun,
        runtime_events.StepStarted,
        runtime_events.StepProgress,
        runtime_events.StepFinished,
        runtime_events.StepNoted,
        runtime_events.Noted,
        runtime_events.StepSeen,
        runtime_events.Printed,
    )
}


class Peer(NamedTuple):
    """The process on the other side, as the operating system knows it."""

    pid: int
    user: int


class RemoteError(LuxError):
    """An error that the background process has put into words already."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__()
        self._error = error
        self.code = str(error["code"])  # type: ignore[misc] # it carries the code of the other side
        self.exit_code = Exit(error["exit_code"])  # type: ignore[misc] # and its exit code

    def __str__(self) -> str:
        return str(self._error["message"])

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in self._error.items() if key != "exit_code"}


def encode_event(event: Any) -> dict[str, Any]:
    """An event as the line that carries it; the result of a step stays behind, it is in the run's records."""
    data = vars(event)
    return {"event": type(event).__name__, "data": {**data, "result": None} if "result" in data else data}


def decode_event(line: dict[str, Any]) -> object:
    """The event that a line carries."""
    return _EVENTS[line["event"]](**line["data"])


def encode_error(error: LuxError) -> dict[str, Any]:
    """An error as the line that carries it."""
    return {"error": {**error.as_json(), "exit_code": int(error.exit_code)}}


def send(writer: asyncio.StreamWriter, line: dict[str, Any]) -> None:
    """Puts a line on its way; the caller drains. `LineTooLong` where the other side would not take it."""
    encoded = json.dumps(line).encode() + b"\n"
    if len(encoded) > LONGEST_LINE:
        raise LineTooLong(size=size(len(encoded)), most=size(LONGEST_LINE))
    writer.write(encoded)


async def receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next line; `ConnectionLost` at the end, and for what is no JSON object."""
    try:
        line = json.loads(await reader.readuntil(b"\n"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError) as error:
        raise ConnectionLost() from error
    if not isinstance(line, dict):
        raise ConnectionLost()
    return line


def peer(writer: asyncio.StreamWriter) -> Peer:
    """Who is on the other side."""
    connection = writer.get_extra_info("socket")
    pid, user, _group = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Peer(pid, user)
