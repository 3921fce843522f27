"""Nothing passes from one call to the next: not of one soul, not between souls, not between owners."""

import asyncio
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of
from tests.runtime.hermetic.processes import busy_worker

from luxos.runtime.errors.code import CodeFailed, CodeOverLimit
from luxos.runtime.hermetic.worker import Worker

LEAVE = [
    "COUNT = []\n\ndef f():\n    COUNT.append(1)\n    return len(COUNT)",
    "def f(seen=[]):\n    seen.append(1)\n    return len(seen)",
    "def f():\n    global left\n    try: left += 1\n    except NameError: left = 1\n    return left",
    "class C:\n    seen = []\n\ndef function():\n    C.seen.append(1)\n    return len(C.seen)",
    "import random\n\ndef f():\n    random.seed(7)\n    return 1",
]
TAKE = [
    "def f():\n    return COUNT",
    "def f():\n    return luxos_result",
    "def f():\n    return left",
    "def f():\n    return secret()",
]
SECRET = (
    "COUNT = ['tajne']\n\ndef secret():\n    return 'tajne'\n\n"
    "def function(x):\n    global left\n    left = 'tajne'\n    return x\n"
)
DRAW = "import random\n\ndef f():\n    return random.random()"


@pytest.mark.parametrize("source", LEAVE)
async def test_a_soul_leaves_nothing_to_its_next_call(call: Calls, source: str) -> None:
    assert [await call(source) for _ in range(4)] == [1, 1, 1, 1]


@pytest.mark.parametrize("source", TAKE)
@pytest.mark.parametrize("owner", ["ania", "jan"])
async def test_a_soul_leaves_nothing_to_another(call: Calls, source: str, owner: str) -> None:
    for _ in range(4):
        assert await call(SECRET, "tajne") == "tajne"
        with pytest.raises(CodeFailed):
            await call(code_of(source, owner=owner))


async def test_every_call_draws_its_own_lots(call: Calls) -> None:
    drawn = []
    for _ in range(6):
        assert await call(LEAVE[-1]) == 1
        drawn.append(await call(DRAW))
    assert len(set(drawn)) == 6


@pytest.mark.parametrize("source", TAKE)
async def test_a_call_that_was_ended_leaves_nothing(call: Calls, source: str) -> None:
    endless = SECRET.replace("    return x\n", "    while True: pass\n")
    with pytest.raises(CodeOverLimit):
        await call(code_of(endless, seconds=0.2), 1)
    with pytest.raises(CodeFailed):
        await call(source)


async def test_a_call_that_lends_its_worker_is_not_seen_by_who_borrows_it(call: Calls) -> None:
    outer = SECRET.replace("    return x\n", "    return execution(x)\n")

    async def answer(_ask: Any) -> Any:
        with pytest.raises(CodeFailed):
            await call(TAKE[0])
        with pytest.raises(CodeFailed):
            await call(TAKE[2])
        return 1

    assert await asyncio.gather(*(call(outer, 1, answer=answer) for _ in range(9))) == [1] * 9


async def test_owners_share_no_process(call: Calls) -> None:
    processes: dict[str, set[int]] = {"ania": set(), "jan": set(), "ola": set(), "ewa": set()}
    for owner in ("ania", "jan", "ania", "ola", "ewa", "jan", "ania"):  # four owners, and three workers
        running = asyncio.create_task(call(code_of("def f():\n    x = 0\n    while x < 3000000: x += 1", owner=owner)))
        processes[owner].add(await busy_worker())
        await running
    shared = [pid for pid in set().union(*processes.values()) if sum(pid in of for of in processes.values()) > 1]
    assert shared == []


@pytest.mark.parametrize("source", TAKE)
async def test_control_a_session_that_is_kept_gives_it_away(
    call: Calls, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the tests above hold: without it they go red."""
    monkeypatch.setattr(Worker, "end", lambda worker: setattr(worker, "_used", False))
    assert await call(SECRET, "tajne") == "tajne"
    assert "tajne" in str(await call(source))
