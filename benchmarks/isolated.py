"""What a call in the isolated tier costs, warm and cold.

All is measured in rounds, in turns. The peer of a cold call is the bare program with the same walls: it starts the
interpreter, runs the same function on the same JSON, and prints the result; no limits, no filter, no supervision. The
peer of a warm one is a process without walls that waits and answers the same over a pipe, and keeps its state: what the
machine, as busy as it is, takes for two wake-ups.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Iterator
from pathlib import Path

from benchmarks.measure import Figure, Machine
from luxos.beings.function_source import signature_of
from luxos.runtime.code import Ask, Code, Given
from luxos.runtime.isolated import Isolated
from luxos.runtime.isolated.worker import COMMON, PYTHON
from luxos.runtime.sandbox.bubblewrap import Bubblewrap, arguments, host
from luxos.runtime.sandbox.choose import choose

SOURCE = "def vat(net, rate=23):\n    return net * (100 + rate) / 100\n"
CODE = Code("sha256:0", "vat", SOURCE, signature_of(SOURCE), "bench")
GIVEN = Given([100], {}, {"name": "vat", "attributes": {}})
WAITS = f"import json, sys\n{SOURCE}for line in sys.stdin:\n    print(json.dumps(vat(*json.loads(line))))\n"
ROUNDS, WARM = 12, 10
APART = 0.04
"""Seconds between two calls of one soul, in which its worker is made ready again."""


def figures(machine: Machine) -> Iterator[Figure]:
    """Yields the rows."""
    walls = choose()
    if not isinstance(walls, Bubblewrap):
        return
    with tempfile.TemporaryDirectory() as folder:
        bare, cold, spare, warm, series, waiting = asyncio.run(_measured(_command(walls), Path(folder)))
    yield Figure(
        "isolated call, warm",
        f"{warm * 1e3:.2f} ms",
        f"a process that waits, no walls: {waiting * 1e3:.2f} ms; in a series: {series * 1e3:.2f} ms",
        "< 1 ms",
        warm < 1e-3,
    )
    yield Figure(
        "isolated call, cold, nothing started ahead",
        f"{cold * 1e3:.1f} ms",
        f"bubblewrap and Python alone: {bare * 1e3:.1f} ms",
        "≤ 1.5 times",
        cold <= 1.5 * bare,
    )
    yield Figure(
        "isolated call, first of a soul, a worker started ahead",
        f"{spare * 1e3:.1f} ms",
        f"bubblewrap and Python alone: {bare * 1e3:.1f} ms",
        "≤ 1.5 times",
        spare <= 1.5 * bare,
    )


def _command(walls: Bubblewrap) -> list[str]:
    run = f"import json, sys\n{SOURCE}print(json.dumps(vat(*json.loads(sys.argv[1]))))"
    options = arguments(COMMON.around(0), None, host())
    return [str(walls.program), *options, "--", str(PYTHON), "-I", "-S", "-B", "-c", run, json.dumps(GIVEN.args)]


async def _measured(command: list[str], cache: Path) -> tuple[float, ...]:
    rows: dict[str, list[float]] = {name: [] for name in ("bare", "cold", "spare", "warm", "series", "waiting")}
    peer = await asyncio.create_subprocess_exec(sys.executable, "-ISuc", WAITS, stdin=PIPE, stdout=PIPE)
    for number in range(ROUNDS + 1):
        tier = Isolated(cache)
        rows["bare"].append(await _seconds(asyncio.to_thread(_bare, command)))
        rows["cold"].append(await _seconds(_call(tier, CODE)))
        await asyncio.sleep(0.3)  # the one that is started ahead is up
        other = Code(f"sha256:{number}", "vat", SOURCE, CODE.signature, "other")
        rows["spare"].append(await _seconds(_call(tier, other)))
        await asyncio.sleep(0.3)
        for _ in range(WARM):
            await asyncio.sleep(APART)
            rows["warm"].append(await _seconds(_call(tier, CODE)))
            await asyncio.sleep(APART)
            rows["waiting"].append(await _seconds(_asked(peer)))
        for _ in range(WARM):
            rows["series"].append(await _seconds(_call(tier, CODE)))
        await tier.close()
    peer.kill()
    await peer.communicate()
    return tuple(statistics.median(times[1:]) for times in rows.values())


def _bare(command: list[str]) -> None:
    said = subprocess.run(command, capture_output=True, check=True, env={}).stdout
    if json.loads(said) != 123.0:
        raise RuntimeError(said)


async def _call(tier: Isolated, code: Code) -> None:
    ended = await tier.call(code, GIVEN, _nothing, asyncio.get_running_loop().time() + 60)
    if ended.result != 123.0:
        raise RuntimeError(ended)


async def _asked(peer: asyncio.subprocess.Process) -> None:
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write(json.dumps(GIVEN.args).encode() + b"\n")
    if json.loads(await peer.stdout.readline()) != 123.0:
        raise RuntimeError


async def _nothing(ask: Ask) -> None:
    raise RuntimeError(ask)


async def _seconds(what: Awaitable[None]) -> float:
    began = time.perf_counter()
    await what
    return time.perf_counter() - began
