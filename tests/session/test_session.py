"""`luxos.open()`: the whole public interface, used as a Python programmer would."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

import luxos
from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingUnknown
from luxos.beings.function import FunctionBeing
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.session import AlreadyOpen
from luxos.souls.errors import SoulUnknown

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
