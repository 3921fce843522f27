"""Where there is no namespace of processes, each call has a worker of its own."""

import asyncio
import os
import subprocess

import pytest
from tests.plugins.remote_tier import RemoteError, RemoteTier
from tests.plugins.walls import OTHER_IS_OURS, public_copy, worker
from tests.runtime.hermetic.conftest import Calls, code_of, last
from tests.runtime.hermetic.processes import descendants

from luxos.runtime.errors.code import CodeLost
from luxos.runtime.isolated import worker as workers
from luxos.runtime.sandbox import Completed, Confinement
from luxos.runtime.sandbox.container import Container
from luxos.runtime.sandbox.errors import SandboxFailed

__all__ = ["public_copy", "worker"]


async def test_a_plain_confined_process_runs_calls_too(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "run", Container().run)
    source = "kept = []\ndef f(x):\n    kept.append(x)\n    return [len(kept), execution('x', x)]"
    for number in range(3):
        assert await call(source, number, answer=last) == [1, number]
    with pytest.raises(CodeLost):
        await call("import os\ndef f():\n    os.fork()\n    os._exit(3)")
    await call.tier.close()
    assert not [pid for pid in descendants(os.getpid()) if _is_ours(pid)]


OVER = {
    "def f():\n    return len(bytearray(300 << 20))": "memory",
    "def f():\n    while True:\n        pass": "1 s",
    "def f():\n    return f()": "500",
}


@pytest.mark.skipif(not OTHER_IS_OURS, reason="the system's Python is of another version than ours")
@pytest.mark.parametrize("backend", ["bubblewrap", "sandlock"])
async def test_every_wall_holds_calls_of_an_ordinary_user(backend: str, worker: "subprocess.Popen[str]") -> None:
    tier = RemoteTier("isolated", backend, worker)
    call = Calls(tier)
    source = "kept = []\ndef f(x):\n    kept.append(x)\n    return [len(kept), execution('x', x)]"
    try:
        for number in range(2):
            assert await call(source, number, answer=last) == [1, number]
        for source, word in OVER.items():
            with pytest.raises(RemoteError, match=word):
                await call(code_of(source, seconds=1.0))
        with pytest.raises(RemoteError, match="ended with 3"):
            await call("import os\ndef f():\n    os.fork()\n    os._exit(3)")
    finally:
        await tier.close()
    assert not [pid for pid in descendants(worker.pid) if _is_ours(pid)]


async def test_walls_that_are_not_built_are_told(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_confinement: Confinement, **_: object) -> Completed:
        await asyncio.sleep(0)
        raise SandboxFailed(reason="no walls here.")

    monkeypatch.setattr(workers, "run", broken)
    with pytest.raises(SandboxFailed, match="no walls here"):
        await call("def f():\n    return 1")


def _is_ours(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return b"inside.worker" in file.read()
    except OSError:
        return False
