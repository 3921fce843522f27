"""What goes over the local socket, from a command to the background process and back: one JSON object a line.

Request: `{"method", "arguments", "cwd", "language", "version"}`. Answers: `{"event": name, "data": {...}}` any number
of times, `{"question": {...}}` (answered by `{"answer", "by_person"}`), at the end `{"result"}` or `{"error"}`.
"""

import asyncio
import json
from dataclasses import asdict
from typing import Any

from luxos.agent import events as agent_events
from luxos.errors import Exit, LuxError
from luxos.i18n import N_
from luxos.runtime import events as runtime_events

LONGEST_LINE = 64 * 1024 * 1024

_EVENTS = {
    kind.__name__: kind
    for kind in (
        agent_events.Understood,
        agent_events.Planned,
        agent_events.RunStarted,
        runtime_events.StepStarted,
        runtime_events.StepProgress,
        runtime_events.StepFinished,
    )
}


class ConnectionLost(LuxError):
    """The other side of the socket went away."""

    code = "ui.connection_lost"
    exit_code = Exit.ENVIRONMENT
    message = N_("The connection to the LuxOS in the background was lost. `luxos runs` shows what became of the run.")


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
    """An event as the line that carries it."""
    return {"event": type(event).__name__, "data": asdict(event)}


def decode_event(line: dict[str, Any]) -> object:
    """The event that a line carries."""
    return _EVENTS[line["event"]](**line["data"])


def encode_error(error: LuxError) -> dict[str, Any]:
    """An error as the line that carries it."""
    return {"error": {**error.as_json(), "exit_code": int(error.exit_code)}}


def send(writer: asyncio.StreamWriter, line: dict[str, Any]) -> None:
    """Puts a line on its way; the caller drains."""
    writer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


async def receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next line; `ConnectionLost` at the end, and for what is no JSON object."""
    try:
        line = json.loads(await reader.readuntil(b"\n"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError) as error:
        raise ConnectionLost() from error
    if not isinstance(line, dict):
        raise ConnectionLost()
    return line
