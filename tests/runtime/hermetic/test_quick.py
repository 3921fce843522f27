"""Calls that are carried out at once: they end as any other, whatever the soul does when it is trusted."""

import math
import os
import signal
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of, last
from tests.runtime.hermetic.processes import parent, until, workers
from tests.runtime.hermetic.test_separation import LEAVE, SECRET, TAKE

from luxos.runtime.code import Code
from luxos.runtime.errors.code import CodeFailed, CodeOverLimit, ResultUnfit
from luxos.runtime.hermetic.limits import monty_limits
from luxos.runtime.hermetic.quick import quick

SOURCE = """
def function(what):
    print(what)
    if what == 'loop':
        while True: pass
    if what == 'long':
        x = 0
        while x < 9000000: x += 1
        return x
    if what == 'huge':
        x = 3
        while True: x = x * x
    if what == 'memory':
        return [0] * 10 ** 9
    if what == 'sleep':
        import time
        time.sleep(0.05)
        return 'slept'
    if what == 'ask':
        return eval("execu" + "tion('x', 1)")
    if what == 'bad':
        return lambda: 1
    if what == 'error':
        raise ValueError(what)
    return what
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has much else to do, a quick call takes long too."""
    monkeypatch.setattr("luxos.runtime.hermetic.quick._SHORT", 60.0)
    monkeypatch.setattr("luxos.runtime.hermetic.quick.QUICK", 0.2)
    monkeypatch.setattr("luxos.runtime.hermetic.workers.LONGEST", 2.0)


def code(**limits: Any) -> Code:
    return code_of(SOURCE, **{"seconds": 1.0, **limits})


async def trusted(call: Calls, what: Code, *given: Any) -> Code:
    """The same code, as if it had been quick for long: its next call is carried out at once."""
    assert await call(what, *given) is not None
    pace = call.tier._prepared(what).pace
    pace._quick, pace.trust._until = 1000, 0.0
    call.tier._workers.quick(what.owner, quick(monty_limits(what.limits)))
    await until(lambda: is_at_once(call, what))
    return what


def is_at_once(call: Calls, what: Code) -> bool:
    worker = call.tier._workers._quick.get(what.owner)
    return call.tier._prepared(what).pace.is_quick() and worker is not None and worker.ready


async def test_what_is_quick_is_carried_out_at_once(call: Calls) -> None:
    what = await trusted(call, code(), "x")
    ended = await call.ended(what, ["y"])
    assert (ended.result, ended.printed) == ("y", "y\n")


@pytest.mark.parametrize(("given", "result", "printed"), [("long", 9_000_000, "long\n"), ("sleep", "slept", "sleep\n")])
async def test_what_is_suddenly_slow_is_begun_again(call: Calls, given: str, result: Any, printed: str) -> None:
    what = await trusted(call, code(seconds=60.0), "x")
    ended = await call.ended(what, [given])
    assert (ended.result, ended.printed) == (result, printed)
    assert not is_at_once(call, what)
    assert await call(what, "x") == "x"


async def test_what_suddenly_asks_is_answered(call: Calls) -> None:
    """The source does not name what it asks."""
    what = await trusted(call, code(), "x")
    assert await call(what, "ask", answer=last) == 1
    assert not is_at_once(call, what)


@pytest.mark.parametrize(("given", "limit"), [("loop", "seconds"), ("huge", "seconds"), ("memory", "memory")])
async def test_its_limits_are_those_of_any_call(call: Calls, given: str, limit: str) -> None:
    what = await trusted(call, code(memory=256 << 20), "x")
    with pytest.raises(CodeOverLimit) as caught:
        await call(what, given)
    assert caught.value.details["limit"] == limit
    assert limit == "memory" or caught.value.details["allowed"] == 1.0
    assert await call(what, "x") == "x"


@pytest.mark.parametrize(("given", "error"), [("bad", ResultUnfit), ("error", CodeFailed)])
async def test_its_errors_are_those_of_any_call(call: Calls, given: str, error: type[Exception]) -> None:
    what = await trusted(call, code(), "x")
    for _ in range(3):
        with pytest.raises(error):
            await call(what, given)
    assert await call(what, "x") == "x"


async def test_an_owner_whose_soul_was_slow_is_not_trusted_with_another(call: Calls) -> None:
    slow = await trusted(call, code(seconds=60.0), "x")
    other = await trusted(call, code_of("def f(x):\n    return x"), 1)
    trust = call.tier._trust["ania"]
    before = trust._until
    assert await call(slow, "long") == 9_000_000
    assert trust._until > before
    trust._until = math.inf
    assert not is_at_once(call, other)
    assert await call(other, 1) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_worker_that_does_not_answer_is_replaced(call: Calls, number: signal.Signals) -> None:
    what = await trusted(call, code(), "x")
    process = call.tier._workers._quick[what.owner].session.worker_pid
    (inner,) = [pid for pid in workers() if parent(parent(pid)) == process]
    os.kill(inner, number)
    assert await call(what, "x") == "x"
    await until(lambda: inner not in workers())
    assert await call(what, "x") == "x"


@pytest.mark.parametrize("source", LEAVE)
async def test_it_leaves_nothing_to_its_next_call(call: Calls, source: str) -> None:
    what = await trusted(call, code_of(source))
    assert [await call(what) for _ in range(5)] == [1] * 5


@pytest.mark.parametrize("source", TAKE)
async def test_it_leaves_nothing_to_another(call: Calls, source: str) -> None:
    what = await trusted(call, code_of(SECRET), 1)
    for _ in range(5):
        assert await call(what, 1) == 1
        with pytest.raises(CodeFailed):
            await call(source)
