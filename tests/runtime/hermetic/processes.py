"""The processes below this one that run code, as `/proc` shows them."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def workers(below: int | None = None) -> list[int]:
    """Those in which Monty itself runs, behind the walls."""
    return [pid for pid in descendants(below or os.getpid()) if _read(pid, "comm").strip() == "program"]


def descendants(pid: int) -> list[int]:
    """All processes below a process."""
    found, waiting = [], [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def parent(pid: int) -> int:
    """The process that started it; 0 of one that is gone."""
    found = _stat(pid)
    return int(found[1]) if found else 0


def ticks(pid: int) -> int:
    """The processor time that it has used."""
    found = _stat(pid)
    return int(found[11]) if found else 0


def lives(pid: int) -> bool:
    """Whether it has not ended."""
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


async def until(reached: Callable[[], bool]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110 - of other processes
            await asyncio.sleep(0.02)


async def busy_worker() -> int:
    """The worker that computes from now on, once there is one."""
    before = {pid: ticks(pid) for pid in workers()}

    def busy() -> list[int]:
        return [pid for pid in workers() if ticks(pid) > before.get(pid, 0) + 5]

    await until(lambda: bool(busy()))
    return busy()[0]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _stat(pid: int) -> list[str]:
    return _read(pid, "stat").rpartition(")")[2].split()


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text()
    except OSError:
        return ""
