"""Nothing passes from one call to the next, nor between souls or owners; what would show it, shows it elsewhere."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of

from luxos.runtime.isolated import worker

TRACES = {
    "a global": "global kept\n    kept += 1\n    return kept - 1",
    "a module": "import json\n    json.kept = getattr(json, 'kept', 0) + 1\n    return json.kept - 1",
    "a default": "def g(seen=[]):\n        seen.append(1)\n        return len(seen) - 1\n    return g()",
    "a builtin": "import builtins\n    builtins.kept = getattr(builtins, 'kept', 0) + 1\n    return builtins.kept - 1",
    "the environment": "import os\n    was = 'K' in os.environ\n    os.environ['K'] = 'x'\n    return int(was)",
    "a file in /tmp": "return left('/tmp/kept')",
    "a file in the home": "return left('/tmp/home/kept')",
    "shared memory": "return left('/dev/shm/kept')",
    "the mode of a folder": (
        "import os\n    was = os.stat('/tmp').st_mode & 0o22\n    os.chmod('/tmp', 0o755)\n    return int(not was)"
    ),
    "the time of a folder": (
        "import os\n    was = os.stat('/dev/shm').st_mtime\n    os.utime('/dev/shm', (5, 5))\n    return int(was == 5)"
    ),
    "the working folder": "import os\n    was = os.getcwd()\n    os.chdir('/')\n    return int(was != '/tmp')",
    "a limit of its parent": "return parent()",
    "the niceness of its parent": (
        "import os\n    was = os.getpriority(0, 0)\n"
        "    try: os.setpriority(os.PRIO_PROCESS, 1, 5)\n    except OSError: pass\n    return was"
    ),
    "the memory of its parent": (
        "try:\n        open('/proc/1/mem', 'r+b').close()\n        return 1\n    except OSError:\n        return 0"
    ),
    "a process": "return left_process()",
    "a descriptor": (
        "import os\n    was = len(os.listdir('/proc/self/fd'))\n    os.dup(os.dup(os.dup(1)))\n    return int(was > 8)"
    ),
}
SOURCE = """
kept = 0

def left(path):
    from pathlib import Path
    was = Path(path).exists()
    Path(path).write_text("x")
    return int(was)

def parent():
    import resource
    was = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.prlimit(1, resource.RLIMIT_SIGPENDING, (77, 77))
    except OSError:
        pass
    return int(resource.getrlimit(resource.RLIMIT_SIGPENDING)[0] == 77)

def left_process():
    import os, time
    was = 0
    for pid in os.listdir("/proc"):
        try:
            was += pid.isdigit() and open(f"/proc/{pid}/comm").read() == "left\\n"
        except OSError:  # it has ended meanwhile
            pass
    hear, say = os.pipe()
    if os.fork() == 0:
        with open("/proc/self/comm", "w") as name:
            name.write("left")
        os.write(say, b"1")
        os.setsid()
        os.closerange(0, 3)
        time.sleep(20)
        os._exit(0)
    os.read(hear, 1)  # it has its name, so that whoever looks next can see it
    return was

def function():
    {body}
"""


@pytest.mark.parametrize("trace", TRACES)
async def test_a_call_leaves_nothing_to_the_next_one(call: Calls, trace: str) -> None:
    source = SOURCE.replace("{body}", TRACES[trace])
    seen = []
    for _ in range(4):
        seen.append(await call(source))
        await asyncio.sleep(0.1)  # the worker is the same one again, where it is as it was
    assert seen == [0, 0, 0, 0]


CONTROL = [each for each in TRACES if each not in ("the memory of its parent", "a default", "the working folder")]


@pytest.mark.parametrize("trace", CONTROL)
def test_each_trace_shows_where_calls_share_a_process(trace: str, tmp_path: Path) -> None:
    """The control: the same code, twice in one process, with no walls but a folder of its own."""
    source = SOURCE.replace("{body}", TRACES[trace])
    if trace in ("a limit of its parent", "the niceness of its parent"):
        source = source.replace("prlimit(1,", "prlimit(0,").replace("PRIO_PROCESS, 1,", "PRIO_PROCESS, 0,")
    for name in ("tmp/home", "dev/shm"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "tmp").chmod(0o777)
    source = re.sub(r"'/(tmp|dev)", rf"'{tmp_path}/\1", source)
    end = "for _ in range(4): last = function()\nimport os\nprint(int(last > 0), flush=True)\nos.killpg(0, 9)\n"
    run = [sys.executable, "-c", f"{source}\n{end}"]
    done = subprocess.run(run, capture_output=True, start_new_session=True, timeout=60, check=False)
    assert done.stdout == b"1\n", done.stderr


async def test_two_owners_share_no_worker(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[Any] = []
    bind = worker.Worker.bind

    def noted(self: worker.Worker, who: Any, code: Any) -> None:
        assert self.bound is None
        bound.append((id(self), code.owner))
        bind(self, who, code)

    monkeypatch.setattr(worker.Worker, "bind", noted)
    source = "def f():\n    return 1"
    for _ in range(3):
        for owner in ("ania", "jan"):
            assert await call(code_of(source, owner=owner)) == 1
            await asyncio.sleep(0.1)
    assert len({owner for _, owner in bound}) == 2
    assert len(bound) == len({each for each, _ in bound})


async def test_a_soul_that_is_called_again_finds_its_worker(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[Any] = []
    bind = worker.Worker.bind
    monkeypatch.setattr(worker.Worker, "bind", lambda self, who, code: (bound.append(1), bind(self, who, code)))
    for _ in range(5):
        assert await call("def f():\n    return 1") == 1
        await asyncio.sleep(0.1)
    assert len(bound) == 1


async def test_random_numbers_are_others_in_each_call(call: Calls) -> None:
    source = "import random\ndef f():\n    return random.random()"
    seen = set()
    for _ in range(4):
        seen.add(await call(source))
        await asyncio.sleep(0.1)
    assert len(seen) == 4
