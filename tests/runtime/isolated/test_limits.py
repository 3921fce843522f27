"""What one call may take, and what hostile code does to it: its own call fails clearly, and the next one runs."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of
from tests.runtime.hermetic.processes import descendants, lives, until

from luxos.errors import LuxError
from luxos.runtime.code import Ask
from luxos.runtime.errors.code import CodeFailed, CodeLost, CodeOverLimit
from luxos.runtime.isolated import Isolated
from luxos.runtime.isolated import worker as workers

FINE = "def f():\n    return 1"


@pytest.mark.parametrize(
    ("body", "limit", "limits"),
    [
        ("while True: pass", "seconds", {"seconds": 0.3}),
        ("try:\n        while True: pass\n    except BaseException: return 1", "seconds", {"seconds": 0.3}),
        ("import time\n    time.sleep(60)", "seconds", {"seconds": 0.3}),
        ("import signal, os\n    os.kill(os.getpid(), signal.SIGSTOP)", "seconds", {"seconds": 0.3}),
        ("return [0] * 10 ** 9", "memory", {}),
        ("x = 'a'\n    while True: x = x + x", "memory", {}),
        ("import mmap\n    return len(mmap.mmap(-1, 1 << 30))", None, {}),
        ("for i in range(100): execution('x' * 500000)", "memory", {"memory": 8 << 20}),
        ("return f()", "recursion", {}),
    ],
)
async def test_code_that_wants_too_much_is_ended(
    call: Calls, body: str, limit: str | None, limits: dict[str, Any]
) -> None:
    with pytest.raises(CodeOverLimit if limit else CodeFailed) as caught:
        await call(code_of(f"{'async ' if 'execution' in body else ''}def f():\n    {_gathered(body)}\n", **limits))
    assert limit is None or caught.value.details["limit"] == limit
    assert await call(FINE) == 1


def _gathered(body: str) -> str:
    if "execution" not in body:
        return body
    return "import asyncio\n    await asyncio.gather(*(execution('x' * 500000) for i in range(100)))"


async def test_the_deadline_holds_while_it_waits(call: Calls) -> None:
    async def waits(_ask: Ask) -> Any:
        await asyncio.sleep(60)

    with pytest.raises(CodeOverLimit) as caught:
        await call("def f():\n    return execution('x')", answer=waits, seconds=0.5)
    assert caught.value.details["limit"] == "deadline"


async def test_waiting_takes_no_time_of_the_code(call: Calls) -> None:
    async def slow(_ask: Ask) -> Any:
        await asyncio.sleep(0.6)
        return 1

    assert await call(code_of("def f():\n    return execution('x')", seconds=0.4), answer=slow) == 1


async def test_what_is_printed_over_the_limit_is_dropped_and_told(call: Calls) -> None:
    ended = await call.ended(code_of("def f():\n    for i in range(10): print('ż' * 50)\n    return 1", output=150))
    assert ended.result == 1
    assert ended.printed.startswith("ż" * 50 + "\n" + "ż" * 24)
    assert "860" in ended.printed.splitlines()[-1]


HOSTILE = {
    "closes every descriptor": "import os\n    os.closerange(0, 256)\n    return 1",
    "ends without a word": "import os\n    os._exit(0)",
    "is killed": "import os\n    os.kill(os.getpid(), 9)",
    "crashes": "import ctypes\n    ctypes.string_at(0)",
    "kills its parent": "import os\n    os.kill(os.getppid(), 9)\n    os.kill(1, 9)\n    os.kill(-1, 9)",
    "stops its parent": "import os\n    os.kill(os.getppid(), 19)\n    os.kill(1, 19)\n    os.kill(os.getpid(), 9)",
    "writes garbage": "found(b'garbage' * 1000)",
    "writes half a frame": "found(b'\\0\\0\\1\\0{')",
    "writes a huge length": "found(b'\\xff\\xff\\xff\\xff')",
    "writes what is no JSON": "found(b'\\0\\0\\0\\3NaN')",
    "writes deep JSON": "found((100000).to_bytes(4, 'big') + b'[' * 100000)",
    "answers with no result": "found(frame({}))",
    "fails with nonsense": "found(frame({'failed': [1]}))",
    "asks out of turn": "found(frame({'ask': 7, 'name': 'execution', 'args': [], 'kwargs': {}}))",
    "asks for something else": "found(frame({'ask': 0, 'name': 'open', 'args': [], 'kwargs': {}}))",
    "asks with no list": "found(frame({'ask': 0, 'name': 'execution', 'args': 1, 'kwargs': {}}))",
    "lets through what was never refused": "found(frame({'failed': {'type': 1}, 'ask': 12}))",
}
FOUND = """
import json, os, stat

def frame(value):
    data = json.dumps(value).encode()
    return len(data).to_bytes(4, "big") + data

def found(data):
    for number in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, data)
        except OSError:
            pass
    os._exit(0)

def function():
    {body}
"""


@pytest.mark.parametrize("how", HOSTILE)
async def test_hostile_code_harms_its_own_call_only(call: Calls, how: str) -> None:
    source = FOUND.replace("{body}", HOSTILE[how])
    with pytest.raises((CodeLost, CodeFailed)):
        await call(source)
    assert await asyncio.gather(
        call(FINE), call(source.replace("def function():", "def function():\n    return 2"))
    ) == [1, 2]


async def test_code_that_asks_and_never_reads_is_ended(call: Calls) -> None:
    body = "for n in range(200): put(frame({'ask': n, 'name': 'execution', 'args': [], 'kwargs': {}}))"
    source = FOUND.replace("    os._exit(0)\n", "").replace("def found(", "def put(").replace("{body}", body)

    async def large(_ask: Ask) -> Any:
        return "x" * 1_000_000

    with pytest.raises(CodeOverLimit) as caught:
        await call(code_of(source + "    import time\n    time.sleep(60)\n", memory=32 << 20), answer=large)
    assert caught.value.details["limit"] == "memory"


async def test_a_result_that_it_writes_itself_is_its_result(call: Calls) -> None:
    assert await call(FOUND.replace("{body}", "found(frame({'result': 5}))")) == 5


async def test_what_it_starts_is_dead_before_the_next_call(call: Calls) -> None:
    source = (
        "import os, time\ndef f():\n    for n in range(5):\n        if os.fork() == 0:\n            os.setsid()\n"
        "            if os.fork() == 0: time.sleep(600)\n            time.sleep(600)\n"
        "    return len([name for name in os.listdir('/proc') if name.isdigit()])\n"
    )
    counts = []
    for _ in range(3):
        counts.append(await call(source))
        await asyncio.sleep(0.2)
    assert max(counts) <= 12, counts
    assert len(descendants(os.getpid())) < 20


async def test_a_fork_bomb_is_ended(call: Calls) -> None:
    with pytest.raises(LuxError):
        await call(code_of("import os\ndef f():\n    while True: os.fork()", seconds=1))
    assert await call(FINE) == 1
    assert len(descendants(os.getpid())) < 20


async def test_a_worker_that_hangs_is_replaced(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "GRACE", 0.5)
    source = code_of("import time\ndef f():\n    time.sleep(1)\n    return 1", seconds=3)
    under_way = asyncio.create_task(call(source))
    await until(lambda: len(_pythons()) >= 2)
    stopped = _pythons()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(CodeOverLimit):
        await under_way
    assert not any(map(lives, stopped))
    assert await call(FINE) == 1


def _kill(pids: Iterable[int]) -> None:
    """A worker may have ended since, as its own parent did."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_a_worker_that_is_killed_is_told_and_replaced(call: Calls) -> None:
    slow = "import time\ndef f():\n    time.sleep(20)"
    under_way = asyncio.create_task(call(slow))
    await until(lambda: len(_pythons()) >= 2)
    _kill(_pythons())
    with pytest.raises(CodeLost):
        await under_way
    assert await call(FINE) == 1
    await asyncio.sleep(0.1)
    _kill(_pythons())  # those that wait
    await asyncio.sleep(0.1)
    assert await call(FINE) == 1


async def test_cancelling_ends_the_code(call: Calls) -> None:
    under_way = asyncio.create_task(call("def f():\n    while True: pass"))
    await asyncio.sleep(0.5)
    began = time.monotonic()
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert time.monotonic() - began < 5
    assert await call(FINE) == 1


async def test_closing_leaves_no_process(tmp_path: Path) -> None:
    others = set(descendants(os.getpid()))  # of tests before this one: the session's server, say
    tier = Isolated(tmp_path)
    await Calls(tier)(FINE)
    await asyncio.sleep(0.2)
    ours = set(descendants(os.getpid())) - others
    assert _pythons()
    await tier.close()
    assert not [pid for pid in ours if lives(pid)]


def test_killing_luxos_leaves_no_process(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from tests.runtime.hermetic.conftest import Calls
        from luxos.runtime.isolated import Isolated
        async def main():
            call = Calls(Isolated(Path(sys.argv[1])))
            await call("def f():\\n    return 1")
            print("up", flush=True)
            await call("import os\\ndef f():\\n    os.fork()\\n    while True: pass")
        asyncio.run(main())
    """)
    luxos = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert luxos.stdout is not None
    assert luxos.stdout.readline() == b"up\n"
    time.sleep(0.5)
    ours = descendants(luxos.pid)
    assert len(ours) >= 4
    luxos.kill()
    luxos.wait()
    luxos.stdout.close()
    until_dead = time.monotonic() + 10
    while any(map(lives, ours)) and time.monotonic() < until_dead:
        time.sleep(0.05)
    assert not [pid for pid in ours if lives(pid)]


def _pythons() -> list[int]:
    """The workers and their children, without the walls' own processes."""
    return [
        pid for pid in descendants(os.getpid()) if b"inside.worker" in (line := _line(pid)) and b"--args" not in line
    ]


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
