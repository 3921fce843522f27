"""PostgreSQL goes away under calls, for a moment or longer: each is told how it ended, and none is there twice."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

import luxos
from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.errors import DatabaseLost, DatabaseUnreachable
from luxos.persistence.server import serving
from luxos.runtime.runs import Runs, chain_is_whole
from luxos.session import Lux

pytestmark = pytest.mark.slow

SOURCE = "def function(n):\n    return n + 1\n"
CALLERS, CALLS = 4, 60


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a server of its own."""
    monkeypatch.delenv("LUXOS_DSN", raising=False)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    monkeypatch.setenv("LUXOS_DATABASE_LINGER", "0.5")
    return settings.home


@pytest.mark.parametrize("away", [0.0, 4.0])
async def test_the_server_is_restarted_under_calls(home: Path, settings: Settings, away: float) -> None:
    told: list[int] = []
    lost, halfway = 0, asyncio.Event()

    async def caller(lux: Lux, first: int) -> None:
        nonlocal lost
        for number in range(first, first + CALLS):
            try:
                assert await lux.execution("plus", number) == number + 1
                told.append(number)
                if len(told) == CALLERS * CALLS // 4:
                    halfway.set()
            except (DatabaseLost, DatabaseUnreachable):
                lost += 1
                await asyncio.sleep(0.2)

    async def disturb() -> None:
        await halfway.wait()
        pid = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGINT)
        await asyncio.sleep(away)
        for _attempt in range(20):
            with suppress(LuxError):
                await asyncio.to_thread(_revive, settings)
                return
            await asyncio.sleep(0.2)

    async with luxos.open(home) as lux:
        await lux.summon(name="plus", source=SOURCE)
        callers = [caller(lux, 1000 * number) for number in range(CALLERS)]
        await asyncio.gather(disturb(), *callers)
        assert await lux.execution("plus", 9999) == 10000  # and it goes on
        runs = Runs(lux.database)
        recorded: list[int] = []
        for run in await runs.newest():
            steps = await runs.steps(run.soul)
            assert chain_is_whole(run, steps)
            recorded += [step.attributes["arguments"]["n"] for step in steps if step.status == "done"]
    assert len(recorded) == len(set(recorded))
    assert set(told) <= set(recorded)
    assert len(told) + lost == CALLERS * CALLS
    assert lost < CALLERS * CALLS // 2


def _revive(settings: Settings) -> None:
    """Starts the server where it does not run, and leaves it to those who use it."""
    with serving(settings):
        pass
