"""The control socket: what is asked and answered, and what hostile or slow clients can do to it."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plugins.kernels import Kernels, kernels, manifest, member
from tests.plugins.sampling import WHOLE, examples

from luxos.kernel.core.control import LARGEST_QUESTION, ask, connect
from luxos.kernel.sentences import KernelError, say


@pytest.fixture(scope="module")
def our(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    with kernels(tmp_path_factory.mktemp("control") / "k", manifest(member("a"))) as found:
        found.begin()
        found.until_ready()
        yield found


def raw(our: Kernels, *frames: bytes) -> list[Any]:
    """What is answered to these frames; None where the connection was closed."""
    answers = []
    with connect(str(our.folder / "kernel.sock"), 20) as connection:
        for frame in frames:
            try:
                connection.send(frame)
                answers.append(json.loads(connection.recv(1 << 18) or b"null"))
            except (BrokenPipeError, ConnectionResetError):
                answers.append(None)
    return answers


def code(answer: Any) -> str:
    found: str = answer["error"]["code"]
    assert say(found, answer["error"]["fields"], "pl") != say(found, answer["error"]["fields"], "en")
    return found


def test_only_its_owner_can_reach_it(our: Kernels) -> None:
    mode = (our.folder / "kernel.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert mode & 0o777 == 0o600
    assert our.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_by_the_systems_word_whatever_the_modes_are(our: Kernels) -> None:
    program = (
        "import os, socket, sys\n"
        "found = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
        "folder = os.open(sys.argv[1], os.O_PATH)\n"
        "os.setuid(int(sys.argv[2]))\n"
        "found.connect(f'/proc/self/fd/{folder}/kernel.sock')\n"
        "try:\n"
        '    found.send(b\'{"v": 1, "do": "ping"}\')\n'
        "    print(len(found.recv(1000)))\n"
        "except (BrokenPipeError, ConnectionResetError):\n"
        "    print(0)\n"
    )
    our.folder.chmod(0o755)
    (our.folder / "kernel.sock").chmod(0o666)
    try:
        heard = []
        for user in ("0", "65534"):
            command = [sys.executable, "-I", "-S", "-c", program, str(our.folder), user]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
            heard.append(int(done.stdout))
    finally:
        (our.folder / "kernel.sock").chmod(0o600)
        our.folder.chmod(0o700)
    assert heard[0] > 0
    assert heard[1] == 0


@pytest.mark.parametrize(
    ("frame", "refused"),
    [
        (b"\xff\xfe", "frame.unreadable"),
        (b"[" * 10_000, "frame.unreadable"),
        (b"[]", "frame.unreadable"),
        (b"null", "frame.unreadable"),
        (b'{"do": ["ping"], "v": 1}', "frame.unreadable"),
        (b'{"do": "ping"}', "frame.version"),
        (b'{"do": "ping", "v": 2}', "frame.version"),
        (b'{"do": "fly", "v": 1}', "order.unknown"),
        (b'{"do": "__init__", "v": 1}', "order.unknown"),
        (b'{"do": "ping", "v": 1, "more": 1}', "order.fields"),
        (b'{"do": "restart", "v": 1}', "order.fields"),
        (b'{"do": "restart", "v": 1, "name": []}', "order.fields"),
        (b'{"do": "restart", "v": 1, "name": "x"}', "component.unknown"),
        (b'{"do": "mode", "v": 1, "mode": "brave"}', "mode.unknown"),
        (b'{"do": "mode", "v": 1, "mode": {}}', "order.fields"),
        (b'{"do": "log", "v": 1, "most": "x"}', "order.fields"),
        (b'{"do": "log", "v": 1, "most": 1e999}', "order.fields"),
        (b'{"do": "events", "v": 1, "after": "x"}', "order.fields"),
        (b'{"do": "ping", "v": 1, "x": "' + b"y" * LARGEST_QUESTION + b'"}', "frame.too_large"),
    ],
)
def test_what_it_does_not_take_is_refused_with_a_code_and_the_connection_goes_on(
    our: Kernels, frame: bytes, refused: str
) -> None:
    first, second = raw(our, frame, b'{"do": "ping", "v": 1}')
    assert code(first) == refused
    assert second["ok"]["pid"]


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(min_size=1, max_size=300)
    | st.dictionaries(st.text(), st.integers()).map(lambda d: json.dumps(d).encode())
)
def test_any_frame_is_answered(our: Kernels, frame: bytes) -> None:
    answer = raw(our, frame)[0]
    assert answer["v"] == 1
    assert code(answer)


def test_what_can_be_asked(our: Kernels) -> None:
    status = our.ask("status")
    assert (status["mode"], status["safe"], status["stopping"], status["lost"]) == ("active", False, False, 0)
    newest = our.ask("events")[-1]["number"]
    assert our.ask("events", after=newest) == []
    our.ask("mode", mode="active")
    assert [event["event"] for event in our.ask("events", after=newest)] == ["ModeChanged"]
    assert our.ask("snapshot") == {"values": 1}
    assert our.ask("log", most=1000)[0]["event"] == "KernelStarted"
    assert len(our.ask("log", most=1)) == 1
    before = our.pids()["a"]
    our.ask("restart", name="a")
    assert our.until_replaced("a", before) != before
    assert our.rows()["a"]["restarts"] >= 1


def test_connections_without_number_that_say_nothing_hold_up_nobody(our: Kernels) -> None:
    waiting: list[socket.socket] = []
    slowest = 0.0
    try:
        for number in range(10_000 if WHOLE else 500):
            waiting.append(connect(str(our.folder / "kernel.sock"), 20))
            if number % 50 == 0:
                began = time.monotonic()
                assert our.ask("ping")
                slowest = max(slowest, time.monotonic() - began)
            if len(waiting) > 300:
                waiting.pop(0).close()
    finally:
        for connection in waiting:
            connection.close()
    assert slowest < 5


def asks_for_ever(client: socket.socket) -> None:
    for _ in range(100_000):
        client.send(b'{"do": "log", "v": 1}')


def test_a_client_that_asks_and_never_reads_is_let_go(our: Kernels) -> None:
    with connect(str(our.folder / "kernel.sock"), 1.0) as greedy:
        with pytest.raises(OSError, match=r"Broken pipe|reset|timed out"):
            asks_for_ever(greedy)
        assert our.ask("ping")
    assert our.rows()["a"]["phase"] == "ready"


def test_descriptors_that_are_sent_along_are_not_taken(our: Kernels) -> None:
    pid = our.ask("ping")["pid"]
    before = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    for path in ("kernel.sock", "notices.sock"):
        kind = socket.SOCK_SEQPACKET if path == "kernel.sock" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_UNIX, kind) as sender:
            sender.connect(str(our.folder / path))
            socket.send_fds(sender, [b'{"do": "ping", "v": 1}'], [0, 1, 2])
            our.ask("ping")
    our.ask("ping")
    assert len(os.listdir(f"/proc/{pid}/fd")) <= before + 1  # noqa: PTH208


def test_notices_of_strangers_and_garbage_are_nothing(our: Kernels) -> None:
    before = our.rows()["a"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect(str(our.folder / "notices.sock"))
        for words in (b"READY=1", b"\xff" * 100, b"", b"WATCHDOG=1\n" * 300):
            for _ in range(100):
                stranger.send(words)
    after = our.rows()["a"]
    assert after["pid"] == before["pid"]
    assert our.ask("ping")


def test_an_answer_is_the_kernels_error_again(our: Kernels) -> None:
    with connect(str(our.folder / "kernel.sock"), 20) as connection, pytest.raises(KernelError, match="fly"):
        ask(connection, "fly")
