"""A cluster that cannot be used is said in a sentence, before anything is begun."""

import asyncio
import socket
import sys
from dataclasses import replace

import pytest

from luxos.config import Settings
from luxos.i18n import speaking
from luxos.runtime.tasks.cluster import check_cluster
from luxos.runtime.tasks.errors import ClusterMissing, ClusterNeedsDatabase, ClusterUnreachable


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("library", ["ray", "grpc"])
async def test_a_missing_library_is_named_with_its_extra(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ClusterMissing) as caught:
        await check_cluster(replace(settings, cluster="ray://127.0.0.1:1"))
    with speaking("pl"):
        assert "pip install 'lux-os[cluster]'" in str(caught.value)
        assert "nie jest tu zainstalowany" in str(caught.value)


async def test_nothing_is_checked_without_a_cluster(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    await check_cluster(settings)


async def test_one_that_does_not_answer_is_told(settings: Settings) -> None:
    with pytest.raises(ClusterUnreachable) as caught:
        await check_cluster(replace(settings, cluster=f"ray://127.0.0.1:{free_port()}"))
    with speaking("pl"):
        assert "jest nieosiągalny" in str(caught.value)


async def test_other_machines_need_a_database_that_they_reach(settings: Settings) -> None:
    with pytest.raises(ClusterNeedsDatabase):
        await check_cluster(replace(settings, cluster="ray://ray.example:10001"))


async def test_one_that_takes_a_connection_is_let_pass(settings: Settings) -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await check_cluster(replace(settings, cluster=f"ray://localhost:{port}"))


@pytest.mark.parametrize(
    "said", ["ray", "ray://", "ray://host", "ray://host:port", "ray://host:10001/x", "http://host:1", "ray://u@host:1"]
)
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="LUXOS_CLUSTER"):
        Settings.from_environment({"LUXOS_CLUSTER": said})


@pytest.mark.parametrize("said", ["", "local", "ray://host:10001", "ray://[::1]:10001"])
def test_what_is_one_is_taken(said: str) -> None:
    assert Settings.from_environment({"LUXOS_CLUSTER": said}).cluster == (said or "local")
