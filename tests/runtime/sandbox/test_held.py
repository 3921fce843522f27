"""What the kernel counts for nobody is counted by watchers; where they do not look it gets by."""

import os
import sys
from pathlib import Path

import pytest

from luxos.runtime.sandbox import Completed, Confinement, Limits, cgroup, held, python_paths, run

PYTHON = sys.executable
MEBIBYTE = 1 << 20
LIMITS = Limits(memory=200 * MEBIBYTE, workspace=8 * MEBIBYTE, seconds=30)

EXIT = 60 if os.uname().machine == "x86_64" else 93
TAKE = "x = bytearray({} << 20); x[::4096] = b'x' * ({} << 8); "
CHILDREN = f"""
import os, time
for _ in range(5):
    if os.fork() == 0:
        {TAKE.format(60, 60)} time.sleep(20)
        os._exit(0)
time.sleep(HOLD)
"""
BEHIND_THE_DEAD = f"""
import ctypes, os, threading, time
def hold():
    {TAKE.format(80, 80)}
    time.sleep(20)
    os._exit(0)
for _ in range(3):
    if os.fork() == 0:
        threading.Thread(target=hold).start()
        ctypes.CDLL(None).syscall({EXIT}, 0)
time.sleep(HOLD)
"""
FILLED_BY_THE_DEAD = """
import mmap, os, time
for _ in range(2):
    if os.fork() == 0:
        shared = [mmap.mmap(-1, 15 << 20) for _ in range(8)]
        filler = os.fork()
        if filler == 0:
            for one in shared:
                one.write(b"x" * (15 << 20))
            os._exit(0)
        os.waitpid(filler, 0)
        time.sleep(20)
        os._exit(0)
time.sleep(HOLD)
"""
CUT_SHORT = """
import ctypes, time
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
for _ in range(20):
    start = libc.mmap(None, ctypes.c_size_t(16 << 20), 3, 0x21, -1, ctypes.c_long(0))
    ctypes.memset(start, 1, 16 << 20)
    libc.munmap(ctypes.c_void_p(start + 4096), ctypes.c_size_t((16 << 20) - 4096))
time.sleep(HOLD)
"""
SOCKETS = """
import os, socket, time
kept = []
for _ in range(5):
    if os.fork() == 0:
        for _ in range(300):
            one, other = socket.socketpair()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
            one.setblocking(False)
            one.send(b"x" * (1 << 22))
            kept += one, other
        time.sleep(HOLD)
        os._exit(0)
time.sleep(HOLD)
"""
NAMES = """
import os, time
for number in range(250_000):
    os.close(os.open(f"/tmp/{number}", os.O_WRONLY | os.O_CREAT))
time.sleep(HOLD)
"""
IN_FILES = (
    "import time; x = open('/dev/shm/x', 'wb', 0); [x.write(b'x' * (1 << 20)) for _ in range(240)]; time.sleep(HOLD)"
)
BOMBS = {
    "children": CHILDREN,
    "behind the dead": BEHIND_THE_DEAD,
    "filled by the dead": FILLED_BY_THE_DEAD,
    "cut short": CUT_SHORT,
    "sockets": SOCKETS,
    "names": NAMES,
    "files": IN_FILES,
}
PEACEFUL = f"""
import subprocess, time
{TAKE.format(60, 60)}
ended = time.monotonic() + 1
while time.monotonic() < ended:
    subprocess.run(["/bin/true"])
"""
"""A program that is being started shares the memory of its parent for a moment: counted twice it would be too much."""
REMOVED = """
import os, time
with open("gone", "wb", 0) as file:
    os.unlink("gone")
    file.write(b"x" * (24 << 20))
    time.sleep(HOLD)
"""
SENT_AWAY = """
import os, socket, time
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
with open("gone", "wb", 0) as file:
    os.unlink("gone")
    socket.send_fds(one, [b"x"], [file.fileno()])
    for _ in range(HIDDEN):
        file.write(b"x" * (1 << 20))
time.sleep(HOLD)
"""
SENT_IN_A_SOCKET = SENT_AWAY.replace(
    "time.sleep",
    "outer = socket.socketpair(); socket.send_fds(outer[0], [b'x'], [one.fileno(), other.fileno()]); "
    "one.close(); other.close(); time.sleep",
)
MAPPED = """
import ctypes, os, time
with open("gone", "w+b", 0) as file:
    os.unlink("gone")
    for _ in range(HIDDEN):
        file.write(b"x" * (1 << 20))
    ctypes.CDLL(None).mmap(None, ctypes.c_size_t(4096), 1, 1, file.fileno(), ctypes.c_long(0))
time.sleep(HOLD)
"""
RUNNING = """
import os, shutil, subprocess, time
shutil.copy("/bin/sleep", "gone")
with open("gone", "ab", 0) as file:
    for _ in range(HIDDEN):
        file.write(b"x" * (1 << 20))
subprocess.Popen([os.path.abspath("gone"), str(HOLD)])
os.unlink("gone")
time.sleep(HOLD)
"""
HIDDEN = {"sent away": SENT_AWAY, "sent in a socket": SENT_IN_A_SOCKET, "mapped": MAPPED}
"""Removed files that in the end no process has open."""
IN_MEMORY = REMOVED.replace('"gone"', '"/dev/shm/gone"')


@pytest.fixture(autouse=True)
def _no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "create", lambda limits: None)


async def confined(source: str, hold: float = 20, **more: object) -> Completed:
    argv = (PYTHON, "-I", "-S", "-c", f"HOLD = {hold}\n{source}")
    return await run(Confinement(argv=argv, readable=python_paths(Path(PYTHON)), **{"limits": LIMITS, **more}))  # type: ignore[arg-type]


@pytest.mark.parametrize("bomb", BOMBS)
async def test_memory_of_all_together_is_bounded(bomb: str) -> None:
    done = await confined(BOMBS[bomb])
    assert done.ended_by == "memory", done


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_a_removed_file_that_nobody_has_open_counts(
    tmp_path: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "removed", lambda namespace: 0)
    done = await confined(f"HIDDEN = 96\n{HIDDEN[hidden]}", workspace=tmp_path)
    assert done.ended_by == "workspace", done


async def test_a_removed_file_that_runs_counts(tmp_path: Path) -> None:
    done = await confined(f"HIDDEN = 24\n{RUNNING}", workspace=tmp_path)
    assert done.ended_by == "workspace", done


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_control_who_does_not_look_for_ways_to_hide_files_sees_none(
    tmp_path: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "hides_files", lambda namespace: False)
    monkeypatch.setattr(held, "removed", lambda namespace: 0)
    done = await confined(f"HIDDEN = 96\n{HIDDEN[hidden]}", hold=1, workspace=tmp_path)
    assert (done.ended_by, done.exit_code) == (None, 0), done


SENDS_AND_MAPS = """
import mmap, os, socket, time
one, other = socket.socketpair()
with open("kept", "w+b", 0) as file:
    file.write(b"x" * 4096)
    socket.send_fds(one, [b"x"], [file.fileno()])
    kept = mmap.mmap(file.fileno(), 4096)
    os.unlink("kept")
time.sleep(HOLD)
"""


async def test_who_sends_and_maps_files_pays_for_nobody_elses_disk(tmp_path: Path) -> None:
    done = await confined(SENDS_AND_MAPS, hold=1, workspace=tmp_path, limits=Limits(workspace=1 << 30))
    assert (done.ended_by, done.exit_code) == (None, 0), done


@pytest.mark.parametrize("bomb", ["children", "filled by the dead", "cut short", "sockets"])
async def test_without_a_look_it_is_not(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "memory", lambda namespace: 0)
    done = await confined(BOMBS[bomb], hold=1.5)
    assert (done.ended_by, done.exit_code) == (None, 0), done


async def test_what_is_borrowed_for_a_moment_counts_once() -> None:
    done = await confined(PEACEFUL, limits=Limits(memory=100 * MEBIBYTE, seconds=30))
    assert (done.ended_by, done.exit_code) == (None, 0), done


async def test_memory_that_two_processes_have_is_told_apart_from_one_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    look = held.memory
    monkeypatch.setattr(held, "memory", lambda namespace: (seen.append(look(namespace)), seen[-1])[1])
    await confined(PEACEFUL, limits=Limits())
    assert 55 * MEBIBYTE < max(seen) < 90 * MEBIBYTE
    seen.clear()
    await confined(CHILDREN, hold=4, limits=Limits())
    assert max(seen) > 5 * 60 * MEBIBYTE


async def test_a_removed_file_that_is_open_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await confined(REMOVED, workspace=tmp_path)).ended_by == "workspace"
    assert (await confined(IN_MEMORY, hold=1, workspace=tmp_path)).ended_by is None
    assert (await confined("time = __import__('time'); time.sleep(HOLD)", hold=1, workspace=tmp_path)).ended_by is None
    monkeypatch.setattr(held, "removed", lambda namespace: 0)
    assert (await confined(REMOVED, hold=1, workspace=tmp_path)).ended_by is None
