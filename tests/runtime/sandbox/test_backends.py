"""The two backends without namespaces, as an ordinary user: their own walls, and named hosts."""

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from luxos.runtime.sandbox import Confinement, Limits, Network, Reach
from luxos.runtime.sandbox.bubblewrap import Bubblewrap
from luxos.runtime.sandbox.container import Container
from luxos.runtime.sandbox.sandlock import NOWHERE, Sandlock, settings
from luxos.runtime.sandbox.workspace import Scratch

TRY = """
import sys, os, socket
try:
    {}
    print("reached")
except OSError as error:
    print(error.strerror)
"""
WRITE = TRY.format("open(sys.argv[1], 'w')")
READ = TRY.format("open(sys.argv[1]).read()")
CONNECT = TRY.format("socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()")


@pytest.fixture(params=["sandlock", "container"])
def other(request: pytest.FixtureRequest, ordinary):
    return ordinary(request.param)


@pytest.fixture
def place(ordinary, folder: Path) -> Path:
    ordinary("sandlock").own(folder)
    return folder


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


async def test_files_outside(other, place: Path) -> None:
    (place / "secret").write_text("s3cret")
    for source, path in ((WRITE, place / "new"), (READ, place / "secret"), (READ, "/etc/shadow"), (WRITE, "/etc/x")):
        done = await other.code(source, path)
        assert done.stdout.strip() in (b"Permission denied", b"Operation not permitted"), (path, done)
    assert not (place / "new").exists()


async def test_no_network_is_the_default(other, listener: socket.socket) -> None:
    done = await other.code(CONNECT, listener.getsockname()[1])
    assert done.stdout != b"reached\n"
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()


async def test_named_hosts_only(ordinary, listener: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unnamed:
        network = Network.named(f"127.0.0.1:{listener.getsockname()[1]}")
        walls = ordinary("sandlock")
        assert (await walls.code(CONNECT, listener.getsockname()[1], network=network)).stdout == b"reached\n"
        assert (await walls.code(CONNECT, unnamed.getsockname()[1], network=network)).stdout != b"reached\n"


async def test_the_environment_is_clean_and_paths_are_rewritten(other, place: Path) -> None:
    (place / "work").mkdir()
    source = "import os, sys; print(sorted(os.environ)); print(sys.argv[1] == os.environ['AT'] == os.getcwd() + '/x')"
    done = await other.code(source, "/workspace/x", workspace=place / "work", environment={"AT": "/workspace/x"})
    names, same = done.stdout.decode().splitlines()
    assert "SECRET_OF_THE_PERSON" not in names
    assert same == "True"


async def test_the_whole_tree_ends(other) -> None:
    mark = f"97{secrets.randbelow(10**9):09}"
    script = f"(setsid sleep {mark} &); sleep {mark} & exec sleep {mark}"
    done = await other.run(Confinement(argv=("/bin/sh", "-c", script), limits=Limits(seconds=0.5)))
    assert done.ended_by == "timeout"
    done = await other.run(Confinement(argv=("/bin/sh", "-c", f"setsid sleep {mark} & exit 4")))
    assert done.exit_code == 4
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if mark.encode() in command]


async def test_limits_hold(other) -> None:
    done = await other.code("x = bytearray(400 << 20)", limits=Limits(memory=300 << 20))
    assert done.exit_code != 0
    done = await other.code("import os\nfor n in range(500): os.open('/dev/null', 0)", limits=Limits(open_files=100))
    assert done.exit_code != 0


async def test_signals_and_missing_commands(other) -> None:
    done = await other.run(Confinement(argv=("/bin/sh", "-c", "kill -SEGV $$")))
    assert (done.exit_code, done.ended_by) == (139, "signal")
    assert (await other.run(Confinement(argv=("/no/such",)))).exit_code == 127


@pytest.mark.parametrize("reach", list(Reach))
def test_sandlock_never_has_an_empty_list_of_hosts(reach: Reach) -> None:
    """Its empty list would let MPTCP and TCP fast open pass."""
    network = Network(reach, ("example.org:443",) if reach is Reach.HOSTS else ())
    found = settings(Confinement(argv=("x",), network=network), Scratch(Path("/w"), Path("/t"), Path("/h")))
    assert found["net_allow"]
    assert reach is not Reach.NONE or tuple(found["net_allow"]) == NOWHERE
    assert "workdir" not in found
    assert {"prlimit64", "setpriority", "sched_setaffinity", "ioprio_set"} <= set(found["extra_deny_syscalls"])
    assert "/dev/null" in found["fs_writable"]


async def test_a_backend_refuses_what_it_cannot_hold() -> None:
    named = Confinement(argv=("/bin/true",), network=Network.named("example.org:443"))
    for backend in (Bubblewrap(Path("/usr/bin/bwrap")), Container()):
        with pytest.raises(ValueError, match="named hosts"):
            await backend.run(named)


async def test_sandlock_refuses_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ValueError, match="root"):
        await Sandlock().run(Confinement(argv=("/bin/true",)))


def test_hosts_are_named_exactly_when_asked_for() -> None:
    for wrong in ((Reach.HOSTS, ()), (Reach.NONE, ("a:1",))):
        with pytest.raises(ValueError, match="named"):
            Network(*wrong)
