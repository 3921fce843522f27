"""What the machine can do to a kernel: no room, no descriptors; and its death at each point of a component's life."""

import os
import resource
import signal
import socket
import time
from pathlib import Path

import pytest
from tests.plugins.kernels import Kernels, kernels, lives, manifest, member, until, zombies
from tests.plugins.sampling import sampled

from luxos.kernel.core.control import connect

LAST_POINT = 7
"""Of each of two components: its process begun, that written, its being ready written; then a death written."""


@pytest.mark.parametrize(
    ("point", "when"),
    sampled([(point, when) for point in range(1, LAST_POINT + 1) for when in ("before", "after")], 1, 2, 13),
)
def test_a_kernel_that_dies_at_a_point_leaves_one_life_to_the_next(tmp_path: Path, point: int, when: str) -> None:
    with kernels(tmp_path / "k", manifest(member("a", "daemon", heartbeat=2), member("b"))) as our:
        process = our.begin(dies=(point, when))
        if point == LAST_POINT:
            os.kill(our.until_ready()["a"], signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        our.begin()
        pids = our.until_ready()
        began = [int(line.split()[2]) for line in our.lines() if line.startswith(("begins a", "daemon a"))]
        living = [pid for pid in began if lives(pid)]
        assert len(living) == 2, our.lines()
        assert pids["a"] in living


def test_a_full_disk_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: each write past it fails."""
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        process = our.begin()
        before = our.until_ready()["a"]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (10, -1))
        os.kill(before, signal.SIGKILL)
        until(lambda: our.ask("status")["lost"] > 0 and our.pids()["a"] not in {before, None})
        assert any(event.get("code") == "component.system" for event in our.ask("events"))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        first = our.pids()["a"]
        os.kill(first, signal.SIGKILL)
        our.until_replaced("a", first)
        until(lambda: our.ask("status")["lost"] == 0)
        assert our.events("Lost")


def descriptors(our: Kernels) -> int:
    return len(list(Path(f"/proc/{our.ask('ping')['pid']}/fd").iterdir()))


def test_no_descriptors_left_is_survived(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"), member("b"))) as our:
        process = our.begin()
        before = our.until_ready()
        most = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]
        time.sleep(0.1)  # the last connection is closed
        ours = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (ours, most))
        clients: list[socket.socket] = []
        try:
            for _ in range(30):
                clients.append(connect(str(our.folder / "kernel.sock"), 20))
                assert our.ask("ping")
            os.kill(before["a"], signal.SIGKILL)
            until(lambda: our.events("ComponentDied"))
        finally:
            for client in clients:
                client.close()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, most))
        our.until_replaced("a", before["a"])
        assert process.poll() is None
        assert our.pids()["b"] == before["b"]
        assert zombies(process.pid) == []


def test_nothing_grows_with_deaths(tmp_path: Path) -> None:
    """Descriptors, processes and files are as many after deaths as before."""
    plan = manifest(member("a", "daemon"), standby=True)
    plan["zones"][0]["period"] = 0.1
    with kernels(tmp_path / "k", plan) as our:
        our.begin()
        our.until_ready()
        until(lambda: our.ask("status")["standby"])

        def found() -> tuple[int, int, int]:
            return descriptors(our), len(our.left()), len(list(our.folder.iterdir()))

        before = found()
        for _ in range(5):
            pid = our.until_ready()["a"]
            os.kill(pid, signal.SIGKILL)
            our.until_replaced("a", pid)
        until(lambda: found() == before, lambda: (before, found()))
