"""An environment with the libraries that LuxOS is measured beside; it is thrown away with the benchmark's home."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Machine
from luxos.persistence.database import Database

_LOCK = Path(__file__).parents[1] / "requirements" / "bench.txt"
Ask = Callable[[int, int], Awaitable[float]]
"""Seconds that so many callers take for so many steps, or tasks, each."""


def python_with_peers(machine: Machine) -> str:
    """The Python of that environment, made at the first call."""
    folder = machine.home / "peers"
    python = str(folder / "bin" / "python")
    if not folder.exists():
        machine.run(sys.executable, "-m", "venv", str(folder))
        machine.run(
            python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--require-hashes", "-r", str(_LOCK)
        )
    return python


@asynccontextmanager
async def peer(machine: Machine, database: Database, script: str) -> AsyncIterator[Ask]:
    """Asks the other process, which has a database of its own on the server."""
    name = script.removesuffix(".py")
    await database.pool.execute(f"CREATE DATABASE {name}")
    process = await asyncio.create_subprocess_exec(
        python_with_peers(machine),
        str(Path(__file__).with_name(script)),
        database.address.named(name).url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    ask, answers = process.stdin, process.stdout

    async def seconds(callers: int, each: int) -> float:
        ask.write(json.dumps({"callers": callers, "each": each}).encode() + b"\n")
        found: Any = json.loads(await answers.readline())
        return float(found)

    yield seconds
    ask.close()
    await process.wait()
