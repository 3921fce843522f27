"""System calls that the filter refuses: asked for in the sandbox, and interpreted for both processors."""

import errno
import platform
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime.sandbox import Network, cgroup
from luxos.runtime.sandbox.seccomp import (
    ABSENT,
    ALLOW,
    DONE,
    ERRNO,
    KILL,
    MACHINES,
    NEW_NAMESPACES,
    REFUSED,
    SHARED,
    program,
)

CALL = """
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
for call in sys.argv[1:]:
    number, *arguments = (int(part) for part in call.split(","))
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    print("done" if result >= 0 else errno.errorcode[ctypes.get_errno()])
"""
COLUMN = MACHINES[platform.machine()].column


def numbers() -> dict[str, int]:
    return {name: found[COLUMN] for name, found in REFUSED.items() if found[COLUMN] is not None}


async def test_refused_calls_are_answered_so(walls) -> None:
    calls = numbers()
    done = await walls.code(CALL, *(f"{number},0,0,0,0,0" for number in calls.values()))
    assert dict(zip(calls, done.stdout.decode().split(), strict=True)) == dict.fromkeys(calls, "EPERM")


# Arguments with which the call answers an ordinary user with something else than EPERM, and changes nothing.
HARMLESS = {
    "io_uring_enter": "-1,0,0,0,0",
    "add_key": "0,0,0,0,0",
    "keyctl": "0,-4,0",
    "ptrace": "16,1073741823,0,0",
    "process_vm_readv": "1073741823,0,0,0,0,0",
    "unshare": "0",
    "setns": "-1,0",
    "shmget": "1,0,0",
    "semget": "1,0,0",
    "msgget": "1,0",
    "mq_unlink": "0",
}


async def test_the_same_calls_are_open_without_walls(free) -> None:
    calls = numbers()
    answers = free.code(CALL, *(f"{calls[name]},{arguments}" for name, arguments in HARMLESS.items())).split()
    assert "EPERM" not in dict(zip(HARMLESS, answers, strict=True)).values(), answers


async def test_some_calls_are_said_to_be_absent_and_new_namespaces_are_refused(walls) -> None:
    facts = MACHINES[platform.machine()]
    absent = [f"{found[COLUMN]},0,0" for found in ABSENT.values()]
    done = await walls.code(CALL, *absent, f"{facts.clone},{0x10000000 | 17},0,0,0,0")
    assert done.stdout.decode().split() == [*["ENOSYS"] * len(ABSENT), "EPERM"]


async def test_typing_into_a_terminal_is_refused(walls) -> None:
    ioctl = MACHINES[platform.machine()].ioctl
    done = await walls.code(CALL, f"{ioctl},0,{0x5412},0", f"{ioctl},0,{0x1_0000_5412},0", f"{ioctl},0,{0x5401},0")
    assert done.stdout.decode().split() == ["EPERM", "EPERM", "ENOTTY"]


async def test_what_programs_need_works(walls) -> None:
    source = """
import asyncio, subprocess, threading, socket, multiprocessing.pool, tempfile, os
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
assert subprocess.run(["/bin/echo", "x"], capture_output=True).stdout == b"x\\n"
with multiprocessing.pool.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
async def main():
    async def serve(reader, writer):
        writer.write(await reader.read(3)); writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"abc"); assert await reader.read() == b"abc"; writer.close(); server.close()
    process = await asyncio.create_subprocess_exec("/bin/true"); assert await process.wait() == 0
asyncio.run(main())
with tempfile.TemporaryFile() as file: file.write(b"x")
assert socket.gethostbyname("localhost") == "127.0.0.1"
print("fine")
"""
    done = await walls.code(source, network=Network.loopback())
    assert done.stdout == b"fine\n", done.stderr.decode()


# The filter as the kernel reads it.


def interpret(code: bytes, audit: int, number: int, arguments: tuple[int, ...]) -> int:
    """A small interpreter of classic BPF, for the instructions that a filter of system calls may use."""
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, audit, 0, *(value & (2**64 - 1) for value in arguments))
    lines = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]
    at = accumulator = 0
    while True:
        opcode, yes, no, value = lines[at]
        at += 1
        if opcode == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif opcode == 0x06:
            return value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[opcode]
            at += yes if holds else no


MACHINE = st.sampled_from(sorted(MACHINES))
ARGUMENTS = st.tuples(*[st.integers(0, 2**64 - 1)] * 6)
EPERM, ENOSYS = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS


@given(name=MACHINE, number=st.integers(0, 600), arguments=ARGUMENTS, internet=st.booleans())
def test_the_filter_allows_all_but_what_it_names(name: str, number: int, arguments, internet: bool) -> None:
    machine = MACHINES[name]
    refused = {found[machine.column] for found in REFUSED.values()}
    answer = interpret(program(name, internet=internet), machine.audit, number, arguments)
    first, second = arguments[0] & 0xFFFFFFFF, arguments[1] & 0xFFFFFFFF
    if number in refused:
        expected = EPERM
    elif number in {found[machine.column] for found in ABSENT.values()}:
        expected = ENOSYS
    elif number == machine.clone:
        expected = EPERM if first & NEW_NAMESPACES else ALLOW
    elif number == machine.ioctl:
        expected = EPERM if second in (0x5412, 0x541C) else ALLOW
    elif number in (machine.socket, machine.socketpair):
        expected = ALLOW if first in ((1, 2, 10) if internet else (1,)) else EPERM
    else:
        expected = ALLOW
    assert answer == expected


@given(
    name=MACHINE, length=st.integers(0, 2**64 - 1) | st.integers(SHARED - 2, SHARED + 2), flags=st.integers(0, 2**32)
)
def test_where_memory_is_watched_a_shared_mapping_without_a_file_is_small(name: str, length: int, flags: int) -> None:
    machine = MACHINES[name]
    is_shared = bool(flags & 1 and flags & 0x20)
    arguments = (0, length, 3, flags, 2**64 - 1, 0)
    for settings, most in (({"watched": True}, SHARED), ({"alone": True}, 0), ({}, 2**64)):
        answer = interpret(program(name, **settings), machine.audit, machine.mmap, arguments)
        assert answer == (ERRNO | errno.ENOMEM if is_shared and length > most else ALLOW)


@given(name=MACHINE, level=st.sampled_from([0, 1, 6]), option=st.integers(0, 40))
def test_where_memory_is_watched_buffers_of_sockets_stay_as_they_are(name: str, level: int, option: int) -> None:
    machine = MACHINES[name]
    answer = interpret(program(name, watched=True), machine.audit, machine.setsockopt, (3, level, option, 0, 4, 0))
    assert answer == (DONE if level == 1 and option in (7, 8) else ALLOW)


async def test_shared_memory_and_sockets_work_where_memory_is_watched(walls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "create", lambda limits: None)
    source = """
import errno, mmap, multiprocessing, socket
shared = mmap.mmap(-1, 1 << 20); shared.write(b"x"); assert shared[:1] == b"x"
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
value = multiprocessing.Value("i", 5); assert value.value == 5
one, other = socket.socketpair(); one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
with open("/dev/zero", "rb") as zeros: assert zeros.read(9) == bytes(9)
try: mmap.mmap(-1, 17 << 20)
except OSError as refusal: print(errno.errorcode[refusal.errno])
"""
    done = await walls.code(source)
    assert done.stdout == b"ENOMEM\n", done.stderr.decode()


@pytest.mark.parametrize("name", sorted(MACHINES))
@pytest.mark.parametrize("family", range(-1, 50))
def test_families_of_sockets(name: str, family: int) -> None:
    machine = MACHINES[name]
    for internet, allowed in ((False, {1}), (True, {1, 2, 10})):
        answer = interpret(program(name, internet=internet), machine.audit, machine.socket, (family, 0, 0, 0, 0, 0))
        assert answer == (ALLOW if family in allowed else EPERM)


@given(name=MACHINE, audit=st.integers(0, 2**32 - 1), number=st.integers(0, 600))
def test_another_architecture_is_killed(name: str, audit: int, number: int) -> None:
    expected_to_live = audit == MACHINES[name].audit
    assert (interpret(program(name), audit, number, (0,) * 6) == KILL) != expected_to_live


@given(number=st.integers(0x40000000, 2**32 - 1))
def test_x32_does_not_exist(number: int) -> None:
    assert interpret(program("x86_64"), MACHINES["x86_64"].audit, number, (0,) * 6) == ENOSYS


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_program_is_one_that_the_kernel_takes(name: str) -> None:
    code = program(name, internet=True)
    lines = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]
    assert len(lines) <= 4096
    assert lines[-1][0] == 0x06
    for at, (opcode, yes, no, _) in enumerate(lines):
        if opcode not in (0x20, 0x06):
            assert at + 1 + max(yes, no) < len(lines)


def test_an_unknown_processor_has_no_filter() -> None:
    with pytest.raises(KeyError):
        program("pdp11")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_the_numbers_differ_and_the_new_ones_agree(name: str) -> None:
    """Since Linux 5.1 a new call has one number on all machines."""
    one, other = REFUSED[name]
    assert sum(found == (one, other) for found in REFUSED.values()) == 1
    if (one or 0) >= 424 or (other or 0) >= 424:
        assert one == other
