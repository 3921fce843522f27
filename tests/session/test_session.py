"""`luxos.open()`: the whole public interface, used as a Python programmer would."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import luxos
from luxos.beings import analysis, awareness, energy, find, graph, memories, paths, removal
from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.beings.errors import BeingUnknown, NotDispatched
from luxos.beings.function import FunctionBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.beings.task import TaskBeing
from luxos.boot import system
from luxos.config import Settings
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.persistence.errors import ClosedMeanwhile, NotOpen
from luxos.runtime.tasks.carrying import Carrier
from luxos.runtime.tasks.worker import Worker
from luxos.session import AlreadyOpen, Lux
from luxos.souls.errors import SoulUnknown
from luxos.souls.registry import Soul

SOURCE = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database is this test's own."""
    monkeypatch.setenv("LUXOS_DSN", database.dsn)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    return settings.home


async def test_the_interface_is_as_small_as_it_was_asked_for(home: Path) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        vat.tags.append("money")
        await vat.save()
        found = [being async for being in lux.find(tags=["money"], energy=(0, 100))]
        soul = await lux.souls.get_by_alias("vat")
        assert soul is not None
        assert soul.hash.startswith("sha256:")
        assert [being.soul for being in found] == [vat.soul]
        assert isinstance(found[0], FunctionBeing)
    assert BaseBeing.db_pool is None


async def test_a_being_is_loaded_by_its_uuid_and_by_its_alias(home: Path) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        for who in (vat.soul, str(vat.soul), "vat"):
            assert (await lux.load(who)).soul == vat.soul
        with pytest.raises(BeingUnknown):
            await lux.load(uuid4())
        with pytest.raises(SoulUnknown):
            await lux.load("nothing")


async def test_a_summoned_being_is_awake(home: Path) -> None:
    async with luxos.open(home) as lux:
        vat = await lux.summon(name="vat", source=SOURCE)
        assert vat.energy_level == 100


async def test_pages_go_on_where_the_last_one_ended(home: Path) -> None:
    async with luxos.open(home) as lux:
        await lux.save_all(BaseBeing(soul=uuid4(), tags=["many"], genesis={"type": "note"}) for _ in range(25))
        seen, key = [], None
        while True:
            page = await lux.page(tags=["many"], limit=10, after=key)
            seen += [being.soul for being in page.beings]
            if (key := page.next_key) is None:
                break
        assert len(seen) == len(set(seen)) == 25


async def test_a_message_goes_along_a_channel(home: Path) -> None:
    async with luxos.open(home) as lux:
        one, two = await lux.summon(name="one", source=SOURCE), await lux.summon(name="two", source=SOURCE)
        channel = await lux.channel(one, two)
        await channel.send({"net": 100})
        async with channel.receive() as message:
            assert message.body == {"net": 100}


async def test_a_task_is_put_and_carried_out_later(home: Path) -> None:
    async with luxos.open(home) as lux:
        await lux.summon(name="ten", source="def function(n):\n    return n * 10\n")
        put = await lux.tasks.put("ten", 4)
    async with system(Settings.from_environment({**os.environ, "LUXOS_HOME": str(home)})) as opened:
        await opened.runtime()
        await Worker(Carrier(opened.runtime)).drain()
        assert (await TaskBeing.load(put.soul)).result == 40
    with pytest.raises(NotOpen):
        _closed = lux.tasks


async def test_one_process_has_one_luxos_open(home: Path, tmp_path: Path) -> None:
    async with luxos.open(home):
        with pytest.raises(AlreadyOpen):
            async with luxos.open(tmp_path / "other"):
                raise AssertionError
    async with luxos.open(home) as lux:
        assert lux.database.pool is BaseBeing.db_pool


def test_importing_luxos_is_cheap() -> None:
    code = "import luxos, sys; print(*sorted(name for name in sys.modules if name.startswith(('luxos', 'asyncpg'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["luxos", "luxos.version"]


def ways(
    lux: Lux, being: BaseBeing, other: BaseBeing, channel: Channel, soul: Soul
) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Every public way to work with an open LuxOS."""

    async def read(stream: Callable[[], AsyncIterator[Any]]) -> list[Any]:
        return [one async for one in stream()]

    async def inside(block: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        async with block():
            pass

    tie = RelationshipBeing(source_soul=being.soul, target_soul=being.soul)
    return {
        "lux.summon": lambda: lux.summon(name="other", source=SOURCE),
        "lux.load": lambda: lux.load(being.soul),
        "lux.load by alias": lambda: lux.load("one"),
        "lux.find": lambda: read(lux.find),
        "lux.page": lux.page,
        "lux.save_all": lambda: lux.save_all([being]),
        "lux.channel": lambda: lux.channel(being, being),
        "lux.souls": lambda: lux.souls.get_by_alias("one"),
        "lux.execution": lambda: lux.execution("one", 1),
        "lux.execution unrecorded": lambda: lux.execution.but(recording="off")("one", 1),
        "lux.run": lambda: inside(lambda: lux.run("goal")),
        "save": BaseBeing().save,
        "save changed": being.save,
        "update": lambda: other.update(lambda found: None),
        "load": lambda: BaseBeing.load(being.soul),
        "load_many": lambda: BaseBeing.load_many([being.soul]),
        "find one": lambda: BaseBeing.find(being.soul),
        "stream": lambda: read(BaseBeing.stream),
        "transaction": lambda: inside(BaseBeing.transaction),
        "tie": tie.save,
        "find": lambda: read(find.find),
        "page": find.page,
        "count": find.count,
        "Soul.get_by_alias": lambda: Soul.get_by_alias("one"),
        "Soul.get_by_hash": lambda: Soul.get_by_hash(soul.hash),
        "Soul.of": lambda: Soul.of("one"),
        "Soul.register": lambda: Soul.register({"type": "thing"}, alias="thing"),
        "Soul.evolve": lambda: Soul.evolve("one", {"source": SOURCE + "# more\n"}),
        "Soul.rename": lambda: Soul.rename("one", "two"),
        "send": lambda: channel.send(1),
        "receive": lambda: inside(lambda: channel.receive(0)),
        "messages": lambda: read(lambda: channel.messages(0)),
        "numbers": channel.numbers,
        "append": lambda: memories.append(being.soul, {"kind": "x"}),
        "history": lambda: read(lambda: memories.history(being.soul)),
        "level": lambda: energy.level(being),
        "spend": lambda: energy.spend(being, 1),
        "neighbours": lambda: graph.neighbours(being.soul),
        "shortest_path": lambda: paths.shortest_path(being.soul, other.soul),
        "influence": analysis.influence,
        "recompute": lambda: read(awareness.recompute),
        "delete": lambda: removal.delete(being.soul),
        "purge_preview": lambda: removal.purge_preview(being.soul),
    }


async def test_outside_of_its_block_everything_says_that_it_is_not_open(home: Path) -> None:
    async with luxos.open(home) as lux:
        being, other = await lux.summon(name="one", source=SOURCE), BaseBeing()
        await other.save()
        channel, soul = await lux.channel(being, other), await lux.souls.of("one")
        await lux.save_all(BaseBeing() for _ in range(1000))
        stream = lux.find()
        await anext(stream)
    being.tags.append("late")
    with pytest.raises(NotDispatched):
        await being(1)  # type: ignore[operator]
    with pytest.raises(NotOpen):
        assert not [found async for found in stream]
    for name, way in ways(lux, being, other, channel, soul).items():
        for language, words in (("en", "is not open here"), ("pl", "nie jest tu otwarty")):
            with pytest.raises(NotOpen) as caught:
                await way()
            with speaking(language):
                assert words in str(caught.value), name
    async with luxos.open(home) as again:
        for name, way in ways(lux, being, other, channel, soul).items():
            if name.startswith("lux."):
                with pytest.raises(NotOpen):
                    await way()
        assert [found.soul async for found in again.find(tags=["late"])] == []
        await being.save()
        assert [found.soul async for found in again.find(tags=["late"])] == [being.soul]


async def test_what_is_at_work_when_the_block_ends_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luxos.persistence.database._CLOSE_SECONDS", 0.2)

    async def wait(channel: Channel) -> None:
        async with channel.receive():
            pass

    async def stream() -> None:
        async for _being in BaseBeing.stream(chunk=1):
            await asyncio.sleep(0.5)

    async with luxos.open(home) as lux:
        one, two = BaseBeing(), BaseBeing()
        await lux.save_all([one, two])
        tasks = [asyncio.create_task(wait(await lux.channel(one, two))), asyncio.create_task(stream())]
        await asyncio.sleep(0.1)
    for task in tasks:
        with pytest.raises((ClosedMeanwhile, NotOpen)):
            await task
