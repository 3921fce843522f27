"""Limits, ends and ways to be ended: the whole tree goes, and nothing of it stays."""

import asyncio
import os
import resource
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from luxos.runtime.sandbox import Confinement, Limits, held, run
from luxos.runtime.sandbox.errors import SandboxFailed
from luxos.runtime.sandbox.process import Launch
from luxos.runtime.sandbox.process import run as run_launch

SOURCES = Path(__file__).parents[3] / "src"


def marker() -> str:
    """An argument that no other process has."""
    return f"98{secrets.randbelow(10**9):09}"


def alive(mark: str) -> list[int]:
    """The processes that carry the mark as an argument, zombies aside."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            pass
    return found


def descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def children() -> dict[int, str]:
    """Our child processes by number, zombies too: the name of each."""
    found = {}
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = process.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == os.getpid():
            found[int(process.parent.name)] = name
    return found


def gone(mark: str) -> None:
    while alive(mark):  # the test's own time limit ends this
        time.sleep(0.01)


def shell(script: str, *args: str, **settings: object) -> Confinement:
    return Confinement(argv=("/bin/sh", "-c", script, "sh", *args), **settings)  # type: ignore[arg-type]


async def test_output_input_and_exit_code() -> None:
    done = await run(shell("cat; echo problem >&2; exit 7", stdin=b"hello"))
    assert (done.exit_code, done.stdout, done.stderr) == (7, b"hello", b"problem\n")
    assert (done.truncated, done.ended_by, done.backend) == (False, None, "bubblewrap")


@pytest.mark.parametrize(
    ("argv", "code"), [(("/no/such",), 127), (("no-such-command",), 127), (("/etc/passwd",), 126), (("/",), 126)]
)
async def test_a_command_that_cannot_be_started(argv: tuple[str, ...], code: int) -> None:
    done = await run(Confinement(argv=argv))
    assert done.exit_code == code
    assert argv[0].encode() in done.stderr


async def test_a_command_may_look_like_bwrap_failing() -> None:
    done = await run(shell("echo 'bwrap: execvp x: No such file or directory' >&2; exit 1"))
    assert done.exit_code == 1


async def test_a_signal_from_within() -> None:
    done = await run(shell("kill -SEGV $$"))
    assert (done.exit_code, done.ended_by) == (128 + signal.SIGSEGV, "signal")


async def test_walls_that_cannot_be_built_run_nothing(tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed, match="missing"):
        await run(Confinement(argv=("/bin/true",), readable=(tmp_path / "missing",)))


async def test_large_input_and_output() -> None:
    data = os.urandom(3_000_000)
    done = await run(Confinement(argv=("/bin/cat",), stdin=data))
    assert done.stdout == data


async def test_input_that_is_not_read() -> None:
    done = await run(Confinement(argv=("/bin/true",), stdin=b"x" * 3_000_000))
    assert done.exit_code == 0


async def test_output_beyond_the_bound_is_dropped_and_the_child_goes_on() -> None:
    done = await run(shell("head -c 3000000 /dev/zero; echo end >&2", limits=Limits(output=1000)))
    assert (len(done.stdout), done.stderr, done.truncated, done.ended_by) == (1000, b"end\n", True, None)


async def test_a_flood_of_output_ends_the_tree() -> None:
    done = await run(Confinement(argv=("/usr/bin/yes",), limits=Limits(output=1000, flood=2_000_000)))
    assert (done.ended_by, len(done.stdout), done.truncated) == ("output", 1000, True)


async def test_output_is_heard_as_it_comes() -> None:
    heard: list[tuple[str, bytes]] = []
    done = await run(shell("echo one; sleep 0.1; echo two >&2"), lambda name, data: heard.append((name, data)))
    assert heard == [("stdout", b"one\n"), ("stderr", b"two\n")]
    assert done.stdout == b"one\n"


async def test_a_listener_that_fails_ends_the_tree_and_is_heard() -> None:
    mark = marker()

    def listen(_: str, __: bytes) -> None:
        raise RuntimeError("tired")

    with pytest.raises(RuntimeError, match="tired"):
        await run(shell('echo x; exec sleep "$1"', mark), listen)
    assert alive(mark) == []


async def test_the_time_limit_ends_the_whole_tree() -> None:
    mark = marker()
    script = 'trap "" TERM INT HUP; (setsid sleep "$1" &) ; sleep "$1" & sleep "$1"'
    done = await run(shell(script, mark, limits=Limits(seconds=0.3)))
    assert (done.ended_by, done.exit_code) == ("timeout", 137)
    assert alive(mark) == []


async def test_what_a_command_leaves_behind_ends_with_it() -> None:
    mark = marker()
    done = await run(shell('setsid sleep "$1" & setsid sleep "$1" <&- >&- 2>&- & echo left', mark))
    assert (done.stdout, done.exit_code) == (b"left\n", 0)
    assert alive(mark) == []


async def test_cancelling_ends_the_whole_tree_first() -> None:
    mark, started = marker(), asyncio.Event()
    task = asyncio.create_task(run(shell('echo; setsid sleep "$1" & sleep "$1"', mark), lambda *_: started.set()))
    await started.wait()
    assert alive(mark)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(mark) == []


async def test_cancelling_at_any_moment_leaves_nothing() -> None:
    before = descriptors()
    mark = marker()
    for steps in range(12):
        task = asyncio.create_task(run(shell('exec sleep "$1"', mark)))
        for _ in range(steps):
            await asyncio.sleep(0)
        await asyncio.sleep(steps / 2000)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    gone(mark)
    assert descriptors() == before


async def test_no_descriptors_and_no_zombies_are_left() -> None:
    born = children()
    await run(Confinement(argv=("/bin/true",)))
    before = descriptors()
    await asyncio.gather(*(run(shell("echo x; exit 3", stdin=b"y")) for _ in range(8)))
    await run(shell("sleep 9", limits=Limits(seconds=0.05)))
    with pytest.raises(SandboxFailed):
        await run(Confinement(argv=("/bin/true",), readable=(Path("/missing"),)))
    assert descriptors() == before
    assert "bwrap" not in [name for number, name in children().items() if number not in born]


PARENT = """
import asyncio, sys
from luxos.runtime.sandbox import Confinement, run
asyncio.run(run(Confinement(argv=("/bin/sh", "-c", 'echo up; setsid sleep "$1" & sleep "$1"', "sh", sys.argv[1])),
                lambda name, data: print(data.decode(), flush=True)))
"""


def test_the_tree_dies_with_luxos() -> None:
    mark = marker()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, mark],
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES)},
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert len(alive(mark)) > 1
        parent.kill()
    gone(mark)


FORKS = """
import os, sys, time
made = 0
for _ in range(int(sys.argv[1])):
    try:
        if os.fork() == 0:
            time.sleep(60); os._exit(0)
        made += 1
    except OSError:
        break
print(made)
if len(sys.argv) > 2:
    import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.killpg(0, signal.SIGTERM)
    os._exit(0)
"""


async def test_the_number_of_processes_is_bounded(walls, free) -> None:
    done = await walls.code(FORKS, 60, limits=Limits(processes=20))
    assert 5 < int(done.stdout) < 20
    done = await walls.code(FORKS, 60, limits=Limits(processes=100))
    assert int(done.stdout) == 60


async def test_a_fork_bomb_ends_at_its_time_limit(walls) -> None:
    bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    done = await walls.code(bomb, limits=Limits(processes=20, seconds=0.5))
    assert done.ended_by == "timeout"


async def test_memory_is_bounded(walls, free) -> None:
    source = "import sys; x = bytearray(int(sys.argv[1])); print(len(x))"
    assert free.code(source, 400 << 20) == str(400 << 20)
    done = await walls.code(source, 400 << 20, limits=Limits(memory=200 << 20))
    assert done.exit_code != 0
    assert b"MemoryError" in done.stderr
    done = await walls.code(source, 50 << 20, limits=Limits(memory=200 << 20))
    assert done.exit_code == 0


async def test_size_of_a_file_is_bounded(walls, folder: Path) -> None:
    source = "import sys; f = open(sys.argv[1], 'wb', 0); print(f.write(b'x' * 5000), f.write(b'x'))"
    done = await walls.code(source, folder / "big", writable=(folder,), limits=Limits(file_size=5000))
    assert b"File too large" in done.stderr
    assert (folder / "big").stat().st_size == 5000


async def test_open_files_are_bounded(walls) -> None:
    source = "import os\nfor n in range(500): os.open('/dev/null', 0)"
    done = await walls.code(source, limits=Limits(open_files=100))
    assert b"Too many open files" in done.stderr


@pytest.mark.parametrize("place", ["/tmp/x", "/dev/shm/x"])
async def test_temporary_space_is_bounded(walls, place: str) -> None:
    source = "import sys\nwith open(sys.argv[1], 'wb') as f: f.write(b'x' * int(sys.argv[2]))"
    done = await walls.code(source, place, 3_000_000, limits=Limits(temporary=1_000_000))
    assert b"No space left on device" in done.stderr
    done = await walls.code(source, place, 500_000, limits=Limits(temporary=1_000_000))
    assert done.exit_code == 0, done.stderr


async def test_limits_cannot_be_raised_again(walls) -> None:
    source = "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (5000, 5000))"
    done = await walls.code(source, limits=Limits(open_files=100))
    assert b"not allowed to raise maximum limit" in done.stderr or b"Operation not permitted" in done.stderr


async def test_our_own_limits_stay_as_they_were() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)
    await run(Confinement(argv=("/bin/true",), limits=Limits(open_files=50, memory=100 << 20)))
    assert (resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)) == before


async def test_a_backend_that_cannot_be_started_is_told_and_leaves_nothing_open() -> None:
    def launch() -> Launch:
        status, status_inside = os.pipe()
        gate_inside, gate = os.pipe()
        argv = ("/nowhere/bwrap",)
        return Launch("bubblewrap", argv, {}, status, gate, inherited=(status_inside, gate_inside))

    before = descriptors()
    with pytest.raises(SandboxFailed) as caught:
        await run_launch(launch(), Limits(), b"")
    assert "/nowhere/bwrap" in str(caught.value)
    assert descriptors() == before


async def test_no_watcher_goes_on_looking_after_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended = threading.Event(), threading.Event()

    def slowly(namespace: int) -> int:
        began.set()
        time.sleep(0.5)
        ended.set()
        return 0

    monkeypatch.setattr(held, "removed", slowly)
    place = tmp_path / "place"
    place.mkdir()
    task = asyncio.create_task(run(shell("sleep 30", workspace=place)))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
