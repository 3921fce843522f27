"""What is there behind the walls, and what is granted; what is not to be reached, `tests/security` tries."""

import os
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


@pytest.mark.parametrize("path", ["/x", "/etc/x", "/usr/x", "/dev/x", "/workspace", "/proc/x", "/var/x", "/root/x"])
async def test_nothing_of_the_root_is_writable(walls, path: str) -> None:
    assert outcome(await walls.code(WRITE, path)) != REACHED


async def test_the_environment_is_what_was_given(walls) -> None:
    listed = "import os; print(sorted(os.environ))"
    names = outcome(await walls.code(listed, environment={"GIVEN": "1"}))
    assert names == "['GIVEN', 'HOME', 'LANG', 'PATH', 'PWD', 'PYTHONDONTWRITEBYTECODE', 'TMPDIR']"


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


@pytest.mark.parametrize("family", ["AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
async def test_other_families_of_sockets(walls, family: str) -> None:
    body = attack(
        f"socket.socket(socket.{family}, socket.SOCK_RAW if '{family}' != 'AF_ALG' else socket.SOCK_SEQPACKET)"
    )
    for network in (Network.none(), Network.loopback()):
        assert outcome(await walls.code(body, network=network)) == "Operation not permitted"


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


async def test_a_readable_folder_is_not_writable(walls, free, folder: Path) -> None:
    (folder / "there").write_text("s3cret")
    walls.own(folder)
    assert free.code(WRITE, folder / "new") == REACHED
    assert outcome(await walls.code(READ, folder / "there", readable=(folder,))) == REACHED
    assert outcome(await walls.code(WRITE, folder / "there", readable=(folder,))) == "Read-only file system"


async def test_a_writable_folder_is(walls, folder: Path) -> None:
    assert outcome(await walls.code(WRITE, folder / "new", writable=(folder,))) == REACHED
    assert (folder / "new").read_text() == "x"
