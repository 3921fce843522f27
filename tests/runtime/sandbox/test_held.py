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
        shared = mmap.mmap(-1, 120 << 20)
        filler = os.fork()
        if filler == 0:
            for _ in range(120):
                shared.write(b"x" * (1 << 20))
            os._exit(0)
        os.waitpid(filler, 0)
        time.sleep(20)
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


@pytest.mark.parametrize("bomb", ["children", "filled by the dead"])
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
    monkeypatch.setattr(held, "removed", lambda namespace: 0)
    assert (await confined(REMOVED, hold=1, workspace=tmp_path)).ended_by is None
