"""Attacks on the walls. Each is first shown to succeed without them, so that it tests something."""

import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from luxos.runtime.sandbox import Network

REACHED = "reached"


def outcome(done) -> str:
    assert done.exit_code == 0, done.stderr.decode()
    return done.stdout.decode().strip()


TRY = """
import sys, os, socket, ctypes
def attack():
{body}
try:
    print("reached" if attack() is not False else "nothing")
except OSError as error:
    print(error.strerror)
"""


def attack(body: str) -> str:
    return TRY.format(body="\n".join("    " + line for line in body.strip().splitlines()))


WRITE = attack("open(sys.argv[1], 'w').write('x')")
READ = attack("return 's3cret' in open(sys.argv[1]).read()")


async def test_writing_outside_the_workspace(walls, free, folder: Path) -> None:
    target = folder / "file"
    assert free.code(WRITE, target) == REACHED
    target.unlink()
    assert outcome(await walls.code(WRITE, target)) != REACHED
    assert not target.exists()


@pytest.mark.parametrize("path", ["/x", "/etc/x", "/usr/x", "/dev/x", "/workspace", "/proc/x", "/var/x", "/root/x"])
async def test_nothing_of_the_root_is_writable(walls, path: str) -> None:
    assert outcome(await walls.code(WRITE, path)) != REACHED


async def test_reading_the_home_folder(walls, free, folder: Path) -> None:
    secret = folder / "home" / ".ssh" / "id"
    secret.parent.mkdir(parents=True)
    secret.write_text("s3cret")
    secret.chmod(0o600)
    walls.own(folder)
    assert free.code(READ, secret) == REACHED
    assert outcome(await walls.code(READ, secret)) != REACHED


async def test_reading_the_passwords(walls, free) -> None:
    body = attack("return bool(open('/etc/shadow').read())")
    if walls.owner == 0:
        assert free.code(body) == REACHED
    assert outcome(await walls.code(body)) != REACHED


async def test_reading_the_environment(walls, free) -> None:
    body = attack("return 'SECRET_OF_THE_PERSON' in os.environ")
    assert free.code(body) == REACHED
    assert outcome(await walls.code(body)) != REACHED
    listed = attack("print(sorted(os.environ)); return False")
    names = outcome(await walls.code(listed, environment={"GIVEN": "1"}))
    assert "['GIVEN', 'HOME', 'LANG', 'PATH', 'PWD', 'PYTHONDONTWRITEBYTECODE', 'TMPDIR']" in names


async def test_reading_the_environment_of_the_first_process(walls) -> None:
    body = attack("return b's3cret' in b''.join(open(f'/proc/{p}/environ','rb').read() for p in (1, 2))")
    assert outcome(await walls.code(body, environment={"OTHER": "x"})) != REACHED


async def test_inherited_descriptors(walls) -> None:
    """An inheritable descriptor of ours stays ours."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    body = "import os; print([n for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')])"
    try:
        assert outcome(await walls.code(body)) == "['0', '1', '2']"
    finally:
        os.close(read)
        os.close(write)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


TCP = attack("socket.create_connection(('127.0.0.1', int(sys.argv[1]))).send(b'x')")
UDP = attack("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', int(sys.argv[1])))")
ABSTRACT = attack("s = socket.socket(socket.AF_UNIX)\ns.connect('\\0' + sys.argv[1])")
BY_PATH = attack("s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])")


@pytest.mark.parametrize("network", [Network.none(), Network.loopback()], ids=["none", "loopback"])
async def test_tcp_to_this_machine(walls, free, listener: socket.socket, network: Network) -> None:
    port = listener.getsockname()[1]
    assert free.code(TCP, port) == REACHED
    listener.accept()[0].close()
    assert outcome(await walls.code(TCP, port, network=network)) != REACHED
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("network", [Network.none(), Network.loopback()], ids=["none", "loopback"])
async def test_udp_to_this_machine(walls, free, network: Network) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        port = receiver.getsockname()[1]
        assert free.code(UDP, port) == REACHED
        assert receiver.recv(9) == b"x"
        await walls.code(UDP, port, network=network)
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(9)


@pytest.mark.parametrize("network", [Network.none(), Network.loopback()], ids=["none", "loopback"])
async def test_abstract_unix_sockets(walls, free, network: Network) -> None:
    name = f"luxos-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        assert free.code(ABSTRACT, name) == REACHED
        assert outcome(await walls.code(ABSTRACT, name, network=network)) != REACHED


async def test_unix_sockets_by_path(walls, free, folder: Path) -> None:
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0o777)
        server.listen()
        assert free.code(BY_PATH, path) == REACHED
        assert outcome(await walls.code(BY_PATH, path)) != REACHED


@pytest.mark.parametrize("family", ["AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
async def test_other_families_of_sockets(walls, family: str) -> None:
    body = attack(
        f"socket.socket(socket.{family}, socket.SOCK_RAW if '{family}' != 'AF_ALG' else socket.SOCK_SEQPACKET)"
    )
    for network in (Network.none(), Network.loopback()):
        assert outcome(await walls.code(body, network=network)) == "Operation not permitted"


async def test_netlink_works_without_walls(free) -> None:
    assert free.code(attack("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)")) == REACHED


async def test_killing_processes_outside(walls, free) -> None:
    body = attack("os.kill(int(sys.argv[1]), 0)")
    user = {"user": walls.owner, "group": walls.owner, "extra_groups": []} if walls.owner and os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], **user) as victim:  # noqa: ASYNC220 - it is never waited for
        try:
            assert free.code(body, victim.pid) == REACHED
            assert outcome(await walls.code(body, victim.pid)) == "No such process"
        finally:
            victim.kill()


async def test_only_its_own_processes_are_seen(walls) -> None:
    body = "import os; print(sum(name.isdecimal() for name in os.listdir('/proc')))"
    assert int(outcome(await walls.code(body))) <= 3


async def test_no_rights_are_left(walls) -> None:
    body = "print(open('/proc/self/status').read())"
    status = dict(line.split(":\t", 1) for line in outcome(await walls.code(body)).splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert status["Uid"].split() == ["65534"] * 4


@pytest.mark.parametrize(
    "path", ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches"]
)
async def test_settings_of_the_kernel(walls, free, path: str) -> None:
    body = attack("os.close(os.open(sys.argv[1], os.O_WRONLY))")
    if walls.owner == 0:
        assert free.code(body, path) == REACHED
    assert outcome(await walls.code(body, path)) != REACHED


@pytest.mark.parametrize(
    "path", ["/proc/kcore", "/proc/kmsg", "/proc/kpageflags", "/proc/slabinfo", "/proc/timer_list"]
)
async def test_what_the_kernel_tells_root(walls, path: str) -> None:
    body = attack("return bool(os.read(os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK), 10))")
    assert outcome(await walls.code(body, path)) != REACHED


async def test_device_nodes(walls, free, folder: Path) -> None:
    body = attack(
        "os.mknod('/tmp/node' + sys.argv[1], 0o20666, os.makedev(1, 3))\nos.unlink('/tmp/node' + sys.argv[1])"
    )
    if walls.owner == 0:
        assert free.code(body, secrets.token_hex(8)) == REACHED
    assert outcome(await walls.code(body, "x")) == "Operation not permitted"


async def test_a_readable_folder_is_not_writable(walls, free, folder: Path) -> None:
    (folder / "there").write_text("s3cret")
    walls.own(folder)
    assert free.code(WRITE, folder / "new") == REACHED
    assert outcome(await walls.code(READ, folder / "there", readable=(folder,))) == REACHED
    assert outcome(await walls.code(WRITE, folder / "there", readable=(folder,))) == "Read-only file system"


async def test_a_writable_folder_is(walls, folder: Path) -> None:
    assert outcome(await walls.code(WRITE, folder / "new", writable=(folder,))) == REACHED
    assert (folder / "new").read_text() == "x"
