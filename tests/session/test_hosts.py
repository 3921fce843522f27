"""Souls that name hosts, called by a program: what they reach, and who lets them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import luxos
from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.errors.calls import PermissionRefused
from luxos.runtime.errors.code import CodeFailed, HostUnfit, TierUnfit
from luxos.runtime.runs import Runs

ASK = """
import socket

def function(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return connection.recv(100).decode()
"""


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database is this test's own."""
    monkeypatch.setenv("LUXOS_DSN", database.dsn)
    monkeypatch.setattr(BaseBeing, "db_pool", None)
    return settings.home


@asynccontextmanager
async def server() -> AsyncIterator[tuple[int, list[str]]]:
    """A server that greets; its port, and who came."""
    came: list[str] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("x")
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1], came


async def test_what_a_soul_names_and_the_run_grants_is_reached(home: Path, database: Database) -> None:
    async with server() as (named, came), server() as (other, nobody), luxos.open(home) as lux:
        host = f"host:127.0.0.1:{named}"
        await lux.summon(name="ask", source=ASK, permissions=[host])
        with pytest.raises(PermissionRefused, match=host):
            await lux.execution("ask", named)
        for granted in (["external"], [host]):
            async with lux.run("asks", permissions=granted) as calls:
                assert await calls("ask", named) == "hello"
        async with lux.run("asks", permissions=["external"]) as calls:
            with pytest.raises(CodeFailed, match=r"127\.0\.0\.1:\d+ is not among the hosts"):
                await calls("ask", other)
            with pytest.raises(PermissionRefused):
                async with lux.run("asks", permissions=[f"host:127.0.0.1:{other}"]) as less:
                    await less("ask", named)
        assert (len(came), nobody) == (2, [])
    runs = Runs(database)
    steps = [step for run in await runs.newest() for step in await runs.steps(run.soul)]
    assert sorted(step.status for step in steps) == ["done", "done", "failed"]


async def test_hosts_are_looked_at_when_a_soul_is_made(home: Path) -> None:
    async with luxos.open(home) as lux:
        for host in ("host:https://api.nbp.pl", "host:api.nbp.pl", "host:*:443"):
            with pytest.raises(HostUnfit):
                await lux.summon(name="ask", source=ASK, permissions=[host])
        source = "def function():\n    return 1\n"
        with pytest.raises(TierUnfit, match="isolated"):
            await lux.summon(name="ask", source=source, tier="hermetic", permissions=["host:api.nbp.pl:443"])


async def test_what_code_makes_is_looked_at_too(home: Path) -> None:
    async with luxos.open(home) as lux:
        source = """
def function(tier, body):
    return summon(name="maker.made", source="def function(x):\\n" + body, tier=tier)["name"]
"""
        await lux.summon(name="maker", source=source)
        assert await lux.execution("maker", "hermetic", "    return x\n") == "maker.made"
        assert await lux.execution("maker", "isolated", "    yield x\n") == "maker.made"
        with pytest.raises(TierUnfit, match=r"maker\.made.* 2: .*yield.*isolated"):
            await lux.execution("maker", "hermetic", "    yield x\n")
