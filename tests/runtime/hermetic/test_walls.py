"""A program in the place of Monty's own, under the same launcher: what it sees, and what it cannot do.

`confined_program` is for whoever has more to try.
"""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.runtime.hermetic.processes import descendants, lives, until, workers

from luxos.runtime.hermetic.confined import confined
from luxos.runtime.hermetic.monty import Monty
from luxos.runtime.sandbox import Limits, python_paths, start
from luxos.runtime.sandbox.program import launcher

Tried = Callable[[str], str]
PYTHON = Path(sys.executable).resolve()


@pytest.fixture
def tried() -> Iterator[Tried]:
    """Runs Python behind Monty's walls, with its library readable beside; gives what it prints, or its error."""
    with launcher(PYTHON, readable=python_paths(PYTHON), quiet=False) as path:

        def run(source: str) -> str:
            command = [str(path), "-I", "-S", "-c", textwrap.dedent(source)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

        yield run


def test_it_runs_at_all(tried: Tried) -> None:
    assert tried("print(6 * 7)") == "42"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("open('/etc/passwd')", "No such file"),
        ("open('/proc/self/status')", "No such file"),
        ("open('/dev/null')", "No such file"),
        ("open('/x', 'w')", "Read-only"),
        ("import os; os.mkdir('/tmp')", "Read-only"),
        ("import os; os.fork()", "not permitted"),
        ("import os; os.posix_spawn('/program', ['x'], {})", "not permitted"),
        ("import socket; socket.socket(socket.AF_INET)", "not permitted"),
        ("import socket; socket.socket(socket.AF_UNIX)", "not permitted"),
        ("import socket; socket.socketpair()", "not permitted"),
        ("import os; os.setuid(0)", "Invalid argument"),
        ("import os; os.chroot('/')", "not permitted"),
        ("import os; os.kill(os.getppid(), 9); print('alive')", "alive"),
        ("import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))", "not allowed"),
        ("x = bytearray(2 << 30)", "MemoryError"),
        ("import os; print(sorted(os.environ))", "['PWD']"),
        ("import os; print(os.getpid() < 5, os.getppid() < 5)", "True True"),
        ("import os; print(os.uname().nodename)", "luxos"),
    ],
)
def test_what_is_behind_the_walls_stays_there(tried: Tried, source: str, said: str) -> None:
    assert said in tried(source)


THREADS = """
import threading, time
started = 0
try:
    for started in range(100):
        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
except RuntimeError:
    pass
print(started)
"""


@pytest.mark.parametrize(("most", "started"), [(16, range(8, 16)), (200, range(99, 100))])
def test_threads_are_counted(most: int, started: range) -> None:
    limits = Limits(memory=64 << 30, processes=most, open_files=64)  # room for the stacks of all of them
    with launcher(PYTHON, readable=python_paths(PYTHON), limits=limits) as path:
        done = subprocess.run([path, "-I", "-S", "-c", THREADS], capture_output=True, text=True, check=True)
    assert int(done.stdout) in started


def test_the_limits_are_on_before_the_program_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts them on is late: the program waits for it."""
    late = tmp_path / "start.py"
    text = Path(start.__file__).read_text()
    late.write_text(
        text.replace(
            "        _limit(pid, inside)\n", "        __import__('time').sleep(1)\n        _limit(pid, inside)\n"
        )
    )
    assert late.read_text() != text
    monkeypatch.setattr(start, "__file__", str(late))
    test_threads_are_counted(16, range(8, 16))


def test_nothing_of_ours_is_open_inside(tried: Tried, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("tajne")
    descriptor = os.open(tmp_path / "secret", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    looked = """
        import os
        def is_open(n):
            try: os.fstat(n)
            except OSError: return False
            return True
        print([n for n in range(1024) if is_open(n)])
    """
    assert tried(looked) == "[0, 1, 2]"
    os.close(descriptor)


def test_only_the_program_and_its_libraries_are_there(tried: Tried) -> None:
    own = {Path(path).parts[1] for path in python_paths(PYTHON)}  # beside Python's own folders, which were asked for
    names = set(tried("import os; print(*os.listdir('/'))").split())
    assert names - own <= {"program", "lib", "lib64", "usr"}


def test_the_same_program_does_all_of_it_unconfined() -> None:
    """So that what is refused above is refused by the walls."""
    source = "import os, socket; open('/etc/passwd'); socket.socket(); print(os.waitpid(os.fork() or os._exit(0), 0))"
    done = subprocess.run([PYTHON, "-I", "-S", "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.endswith(", 0)\n")


def test_monty_runs_from_there() -> None:
    with confined() as program, Monty(binary_path=program, max_processes=1) as pool, pool.checkout() as session:
        assert session.feed_run("6 * 7") == 42


@pytest.mark.slow
@pytest.mark.parametrize("body", ["while True: pass", "execution('x')"])
async def test_nothing_outlives_a_luxos_that_is_killed(tmp_path: Path, body: str) -> None:
    source = f"""
        import asyncio, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[3])!r})
        from luxos.runtime.hermetic import Hermetic
        from tests.runtime.hermetic.conftest import Calls

        async def never(ask):
            await asyncio.sleep(3600)

        async def main():
            call = Calls(Hermetic(Path({str(tmp_path)!r})))
            await call("def f(): return 1")
            print("ready", flush=True)
            await asyncio.gather(*(call("def f():\\n    {body}", answer=never, seconds=600) for _ in range(3)))

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as luxos:  # noqa: ASYNC220 - a line is all it says
        assert luxos.stdout is not None
        assert luxos.stdout.readline() == b"ready\n"
        await until(lambda: len(workers(luxos.pid)) == 3)
        below = descendants(luxos.pid)
        os.kill(luxos.pid, signal.SIGKILL)
    await until(lambda: not any(map(lives, below)))
