"""Who is trusted at the socket, what goes through it, and what does not."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.plugins.command import Command

from luxos.config import Settings
from luxos.errors import Exit
from luxos.runtime.events import StepFinished
from luxos.ui.client import connected, socket_path, tell
from luxos.ui.conditions import conditions
from luxos.ui.errors import LineTooLong, ServiceNotAnswering
from luxos.ui.wire import LONGEST_LINE, decode_event, encode_event, send

STRANGER = """
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
os.setuid(int(sys.argv[2]))
server.listen()
print("listens", flush=True)
sys.stdin.read()
"""
NOBODY = 65534


@pytest.fixture
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Somebody of our own user who listens and says nothing."""
    settings.home.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(socket_path(settings)))
        server.listen()
        yield server


@pytest.fixture
def stranger(settings: Settings) -> Iterator[int]:
    """Somebody who listens: another user, where we may become one."""
    settings.home.mkdir()
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    command = [sys.executable, "-c", STRANGER, str(socket_path(settings)), str(user)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listens\n"
        yield user
        process.communicate()


async def test_a_socket_of_another_user_is_no_service(settings: Settings, stranger: int) -> None:
    async with connected(settings, stranger + 1) as service:
        assert service is None
    async with connected(settings, stranger) as service:
        assert service is not None
    async with connected(settings) as service:
        assert (service is None) == (stranger != os.geteuid())


async def test_who_listens_and_says_nothing_is_named(settings: Settings, listening: socket.socket) -> None:
    with pytest.raises(ServiceNotAnswering) as raised:
        await tell(settings, "status", patience=0.05)
    assert raised.value.details["pid"] == os.getpid()
    assert raised.value.exit_code == Exit.ENVIRONMENT


async def test_more_than_the_other_side_takes_is_not_sent(listening: socket.socket) -> None:
    _reader, writer = await asyncio.open_unix_connection(listening.getsockname())
    try:
        with pytest.raises(LineTooLong, match="64 MiB"):
            send(writer, {"result": "x" * LONGEST_LINE})
    finally:
        writer.close()


def test_events_carry_no_results() -> None:
    line = encode_event(StepFinished("one", "done", {"text": "x" * 1000}))
    assert len(json.dumps(line)) < 200
    assert decode_event(line) == StepFinished("one", "done", None)


def test_the_conditions_are_what_decides_how_things_are_done(settings: Settings) -> None:
    ours = conditions(settings, {"PATH": "/bin", "PIP_INDEX_URL": "https://a/simple", "LUXOS_LANG": "pl"})
    same = replace(settings, database_linger=3.0)
    assert conditions(same, {"PIP_INDEX_URL": "https://a/simple", "LUXOS_LANG": "en"}) == ours
    for other, environment in (
        (replace(settings, projects=Path("/elsewhere")), {"PIP_INDEX_URL": "https://a/simple"}),
        (replace(settings, cache=Path("/elsewhere")), {"PIP_INDEX_URL": "https://a/simple"}),
        (replace(settings, dsn="postgresql://elsewhere"), {"PIP_INDEX_URL": "https://a/simple"}),
        (settings, {"PIP_INDEX_URL": "https://b/simple"}),
        (settings, {"PIP_INDEX_URL": "https://a/simple", "https_proxy": "http://c"}),
    ):
        assert conditions(other, environment)["settings"] != ours["settings"]


@pytest.mark.slow
def test_a_command_with_other_settings_works_alone_and_says_so(quick_luxos: Command, tmp_path: Path) -> None:
    assert quick_luxos("up", "--detach", "--json").json["status"] == "up"
    try:
        same, other = quick_luxos("runs"), quick_luxos("runs", LUXOS_PROJECTS=str(tmp_path / "others"))
        assert (same.code, same.err) == (0, "")
        assert (other.code, "inne ustawienia" in other.err) == (0, True)
        sentence = ("plan", "Zbuduj aplikację todo w Django", "--json")
        planned = quick_luxos(*sentence, LUXOS_PROJECTS=str(tmp_path / "others"))
        assert planned.json["workspace"].startswith(str(tmp_path / "others"))
        assert planned.err == ""
        assert not quick_luxos(*sentence).json["workspace"].startswith(str(tmp_path / "others"))
    finally:
        quick_luxos("down")
