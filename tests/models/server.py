"""A server that speaks the API of chat completions on this machine, for tests: what it answers is said beforehand."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def said(text: str | None, reason: str = "stop") -> Answer:
    """The answer of a model that says this."""
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text}}
    told = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return raw(json.dumps(told).encode())


def code(source: str) -> Answer:
    """The answer of a model that gives code, and talks beside it."""
    return said(f"Here it is:\n```python\n{source}```\nIt is faster.")


def raw(body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    """An answer byte for byte; `length` is what it says of itself."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        told = {"content-type": "application/json", "content-length": str(len(body) if length is None else length)}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in told.items()), "connection: close"]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    """An answer that never ends."""
    writer.write(b"HTTP/1.1 200 Said\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    """No answer at all, for as long as anybody waits."""
    await asyncio.sleep(3600)


async def slow(writer: asyncio.StreamWriter) -> None:
    """An answer a byte at a time."""
    writer.write(b"HTTP/1.1 200 Said\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def broken_off(writer: asyncio.StreamWriter) -> None:
    """The connection ends before an answer."""


@dataclass
class Served:
    """A running server: where it is, and what it was asked."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncIterator[Served]:
    """Gives the answers one after the other; the last one again and again."""
    left = list(answers)
    served = Served("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            size = next(int(line.split(":")[1]) for line in head.lower().split("\r\n") if "content-length" in line)
            served.heads.append(head)
            served.asked.append(json.loads(await reader.readexactly(size)))
            await (left.pop(0) if len(left) > 1 else left[0])(writer)
        except OSError:
            return
        finally:
            writer.close()

    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
