"""What one call may take: each limit ends it with a clear error, and the next call runs."""

import asyncio
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of
from tests.runtime.hermetic.processes import busy_worker, lives, parent, until, workers

from luxos.runtime.code import Ask
from luxos.runtime.errors.code import CodeLost, CodeOverLimit
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.hermetic.worker import THREAD

ENDLESS = "def f():\n    while True: pass"
FINE = "def f():\n    return 1"


@pytest.mark.parametrize(
    ("body", "limit", "limits"),
    [
        ("while True: pass", "seconds", {"seconds": 0.3}),
        ("x = 3\n    while True: x = x * x", "seconds", {"seconds": 0.3, "memory": 512 << 20}),
        ("while True: print('x' * 1000)", "seconds", {"seconds": 0.3}),
        ("import time\n    time.sleep(3600)", "seconds", {"seconds": 2}),
        ("try:\n        while True: pass\n    except BaseException: return 1", "seconds", {"seconds": 0.3}),
        ("return 7 ** (10 ** 9)", "memory", {}),
        ("return [0] * 10 ** 9", "memory", {}),
        ("x = 'a'\n    while True: x = x + x", "memory", {}),
        ("x = [0]\n    for i in range(40): x = [x, x]\n    return x", "memory", {"memory": 8 << 20}),
        ("try: x = [0] * 10 ** 9\n    except BaseException: return 1", "memory", {}),
        ("for i in range(100): execution('x' * 500000)", "memory", {"memory": 8 << 20}),
        ("return await f()", "recursion", {}),
    ],
)
async def test_code_that_wants_too_much_is_ended(call: Calls, body: str, limit: str, limits: dict[str, Any]) -> None:
    with pytest.raises(CodeOverLimit) as caught:
        await call(code_of(f"async def f():\n    {body}\n", **limits))
    assert caught.value.details["limit"] == limit
    assert await call(FINE) == 1


async def test_names_that_are_not_there_are_looked_up_so_often_only(
    call: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luxos.runtime.hermetic.limits.ASKS", 200)
    with pytest.raises(CodeOverLimit) as caught:
        await call("def f():\n    while True:\n        try: nothing\n        except NameError: pass")
    assert caught.value.details["limit"] == "asks"


async def test_what_is_printed_over_the_limit_is_dropped_and_told(call: Calls) -> None:
    ended = await call.ended(code_of("def f():\n    for i in range(10): print('ż' * 50)\n    return 1", output=150))
    assert ended.result == 1
    assert ended.printed.startswith("ż" * 50 + "\n" + "ż" * 24)
    assert "860" in ended.printed.splitlines()[-1]


async def test_waiting_takes_no_time_of_the_code(call: Calls) -> None:
    async def slow(_ask: Ask) -> Any:
        await asyncio.sleep(0.5)
        return 1

    assert await call(code_of("def f():\n    return execution('x')", seconds=0.3), answer=slow) == 1


async def test_code_that_sleeps_holds_up_nobody(call: Calls) -> None:
    nap = "import asyncio\n\nasync def g():\n    await asyncio.sleep(0.3)\n    return 1\n\n"
    nap += "async def function():\n    return await asyncio.gather(g(), g(), g(), g(), g(), g(), g(), g())\n"
    began = time.monotonic()
    assert await asyncio.gather(*(call(nap) for _ in range(6))) == [[1] * 8] * 6
    assert time.monotonic() - began < 0.3 * 8 * 6 / 2  # one after the other they would take all of it


@pytest.mark.parametrize("body", ["while True: pass", "import time\n    time.sleep(20)", "return execution('x')"])
async def test_the_deadline_ends_code_whatever_it_does(call: Calls, body: str) -> None:
    async def never(_ask: Ask) -> Any:
        await asyncio.sleep(3600)

    with pytest.raises(CodeOverLimit) as caught:
        await call(f"def f():\n    {body}", answer=never, seconds=0.3)
    assert caught.value.details["limit"] == "deadline"
    assert await call(FINE) == 1


async def test_who_cancels_a_call_leaves_nothing_running(call: Calls) -> None:
    running = asyncio.create_task(call(ENDLESS))
    busy = await busy_worker()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not lives(busy))
    assert await call(FINE) == 1


@pytest.mark.parametrize("how", ["def f():\n    return ", "async def f():\n    return await "])
async def test_cancelling_reaches_what_was_asked_for(call: Calls, how: str) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def answer(_ask: Ask) -> Any:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    running = asyncio.create_task(call(f"{how}execution('x')", answer=answer))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


@pytest.mark.parametrize("what", ["program", "walls"])
async def test_a_worker_that_is_killed_is_told_and_replaced(call: Calls, what: str) -> None:
    running = asyncio.create_task(call(ENDLESS))
    busy = await busy_worker()
    os.kill(busy if what == "program" else parent(parent(busy)), signal.SIGKILL)
    with pytest.raises(CodeLost):
        await running
    await until(lambda: not lives(busy))
    assert await call(FINE) == 1


async def test_a_worker_that_dies_while_nobody_uses_it_is_no_error(call: Calls) -> None:
    assert await call(FINE) == 1
    await until(lambda: len(workers()) == 1)
    (worker,) = workers()
    walls = parent(parent(worker))
    os.kill(worker, signal.SIGKILL)
    await until(lambda: not lives(walls))  # they hold its standard input
    assert await call(FINE) == 1


async def test_a_worker_that_is_stopped_is_ended(call: Calls) -> None:
    running = asyncio.create_task(call(code_of(ENDLESS, seconds=1.0)))
    busy = await busy_worker()
    os.kill(busy, signal.SIGSTOP)
    with pytest.raises(CodeOverLimit):
        await running
    await until(lambda: not lives(busy))
    assert await call(FINE) == 1


async def test_nothing_is_left_of_a_tier_that_was_closed(tmp_path: Path) -> None:
    tier = Hermetic(tmp_path)
    assert await Calls(tier)(FINE) == 1
    assert workers()
    assert _threads()
    await tier.close()
    await until(lambda: not workers() and not _threads())


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


async def test_after_calls_that_were_cut_off_at_any_moment_the_next_one_runs(call: Calls) -> None:
    """A process that was ended for one call is never given to the next one."""
    busy = code_of("def f(n):\n    x = 0\n    while x < n: x += 1\n    return execution('a', x)")

    async def answer(_ask: Ask) -> int:
        await asyncio.sleep(0.002)
        return 7

    chance = random.Random(20261127)  # noqa: S311 - it only has to be mixed
    for _moment in range(60):
        cut_off = [asyncio.create_task(call.ended(busy, [n], answer=answer)) for n in (0, 100, 20_000)]
        await asyncio.sleep(chance.uniform(0, 0.02))
        for each in cut_off:
            each.cancel()
        await asyncio.wait(cut_off)
        assert [
            each.result for each in await asyncio.gather(*(call.ended(busy, [5], answer=answer) for _ in range(3)))
        ] == [7] * 3
