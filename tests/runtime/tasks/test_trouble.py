"""A cluster that goes away: the queue says so, its tasks wait, and go on once there is a cluster again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from tests.runtime.tasks.test_worker import double, status, wait_for

from luxos.beings.being import BaseBeing
from luxos.beings.queued import CPU
from luxos.persistence.errors import DatabaseLost
from luxos.runtime.tasks.errors import ClusterUnreachable
from luxos.runtime.tasks.figures import Figures, figures, queue_being
from luxos.runtime.tasks.pool import Engine, Pool, Process
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker
from luxos.ui import working

pytestmark = pytest.mark.usefixtures("database")


class Placed:
    """A worker in this process, in the place of one on a node."""

    def __init__(self, worker: UUID) -> None:
        self._work = asyncio.create_task(Worker(double, queue=CPU, bound=1, soul=worker).drain(30))

    async def wait(self) -> str | None:
        await asyncio.wait([self._work])
        return None

    async def stop(self) -> None:
        self._work.cancel()

    async def kill(self) -> None:
        self._work.cancel()


class Cluster:
    """A cluster with one CPU, that can be away."""

    def __init__(self) -> None:
        self.away = False

    async def room(self) -> int:
        self._ask()
        return 1

    async def begin(self, worker: UUID) -> Process:
        self._ask()
        return Placed(worker)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Engine]:
        self._ask()
        yield self

    def _ask(self) -> None:
        if self.away:
            raise ClusterUnreachable(address="ray://node:10001", reason="no answer")


async def cpu() -> Figures:
    (found,) = [one for one in await figures() if one.queue == CPU]
    return found


async def test_it_is_said_until_it_is_back_and_the_tasks_wait(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `luxos up` works: it goes on trying, and its log says one thing once."""
    monkeypatch.setattr(working, "_PAUSE", 0.02)
    nodes = Cluster()
    pool = Pool(nodes.opened, CPU)
    up = asyncio.create_task(working.keep(_Opened(), pool.run))  # type: ignore[arg-type]
    first = await Tasks().put("vat", 21, queue=CPU)
    await wait_for(lambda: _is(first.soul, "done"), up)
    assert (await cpu()).trouble is None
    nodes.away = True
    second = await Tasks().put("vat", 1, queue=CPU)

    async def told() -> bool:
        return (await cpu()).trouble is not None

    await wait_for(told, up)
    trouble = (await cpu()).as_json()["trouble"]
    assert trouble["code"] == ClusterUnreachable.code
    assert "ray://node:10001" in trouble["message"]
    await asyncio.sleep(0.3)  # many more tries
    assert (await cpu()).trouble == trouble, "since when it is so stays"
    assert capsys.readouterr().err.count("ray://node:10001") == 1
    waiting = Tasks()
    third = await waiting.put("vat", 2, queue=CPU)
    assert await status(third.soul) == "todo"
    nodes.away = False
    await wait_for(lambda: _is(second.soul, "done"), up)
    await wait_for(lambda: _is(third.soul, "done"), up)

    async def over() -> bool:
        return (await cpu()).trouble is None

    await wait_for(over, up)
    assert (
        await BaseBeing._pool().fetchval("SELECT attributes FROM base_beings WHERE soul = $1", queue_being(CPU)) == {}
    )
    up.cancel()
    await asyncio.gather(up, return_exceptions=True)


async def test_a_database_that_is_away_is_no_trouble_of_a_queue() -> None:
    @asynccontextmanager
    async def lost() -> AsyncIterator[Engine]:
        raise DatabaseLost
        yield Cluster()

    with pytest.raises(DatabaseLost):
        await Pool(lost, CPU).run()
    assert (await cpu()).trouble is None


async def test_a_queue_whose_being_nobody_made_yet_can_be_in_trouble() -> None:
    nodes = Cluster()
    nodes.away = True
    with pytest.raises(ClusterUnreachable):
        await Pool(nodes.opened, CPU).drain()
    assert (await cpu()).trouble is not None
    nodes.away = False
    await Pool(nodes.opened, CPU).drain()
    assert (await cpu()).trouble is None


async def _is(soul: UUID, wanted: str) -> bool:
    return await status(soul) == wanted


class _Opened:
    async def runtime(self) -> None:
        """There already."""
