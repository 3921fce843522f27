"""The kernel dies: components live on, and the next kernel, or the standby, adopts or replaces them."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.kernels import Kernels, kernels, lives, manifest, member, until, zombies
from tests.plugins.sampling import WHOLE, sampled

from luxos.kernel.core.processes import NONCE, birth
from luxos.kernel.memory.snapshot import load, save


def begun(our: Kernels) -> int:
    return sum(line.startswith("begins") for line in our.lines())


def register(our: Kernels) -> dict[str, Any]:
    found = load(str(our.folder / "lives.json"), "lives-1")
    assert isinstance(found, dict)
    return found


def killed(our: Kernels, process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_components_live_on_are_adopted_and_watched_and_stopped(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a", "daemon", heartbeat=2), member("b"))) as our:
        killed(our, our.begin())  # before anything else may have happened
        first = our.begin()
        before = our.until_ready()
        killed(our, first)
        assert all(map(lives, before.values()))
        second = our.begin()
        assert our.until_ready() == before
        assert [event["adopted"] for event in our.events("KernelStarted")][-1] == 2
        daemon = [int(line.split()[2]) for line in our.lines() if line.startswith("daemon")][-1]
        os.kill(before["a"], signal.SIGKILL)
        our.until_replaced("a", before["a"])
        assert not lives(daemon)
        os.kill(before["b"], signal.SIGSTOP)
        second.terminate()
        assert second.wait(20) == 0
        until(lambda: our.left() == [], our.left)
        assert register(our) == {}


def test_one_that_hangs_after_the_kernels_death_is_replaced(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a", heartbeat=1))) as our:
        first = our.begin()
        before = our.until_ready()
        killed(our, first)
        os.kill(before["a"], signal.SIGSTOP)
        our.begin()
        our.until_replaced("a", before["a"])
        assert not lives(before["a"])


def bystander(our: Kernels, **environment: str) -> subprocess.Popen[bytes]:
    """A process that has nothing to do with the kernel."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"], env=environment, start_new_session=True
    )


@pytest.mark.parametrize("told", ["another process", "another birth", "another nonce"])
def test_a_process_that_is_not_the_component_is_not_adopted(tmp_path: Path, told: str) -> None:
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        first = our.begin()
        before = our.until_ready()
        killed(our, first)
        other = bystander(our)
        rows = register(our)
        match told:
            case "another process":  # the number was given anew
                rows["a"]["pid"] = other.pid
            case "another birth":
                rows["a"].update(pid=other.pid, nonce="0" * 32)
                os.kill(before["a"], signal.SIGKILL)
            case "another nonce":
                rows["a"]["nonce"] = "0" * 32
        save(str(our.folder / "lives.json"), "lives-1", rows)
        our.begin()
        after = our.until_ready()
        assert after["a"] not in {before["a"], other.pid}
        assert other.poll() is None
        assert not lives(before["a"])
        assert begun(our) == 2
        other.kill()
        other.wait()


def test_one_whose_kernel_died_before_it_wrote_its_number_is_ended_and_begun_anew(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        unknown = bystander(our, **{NONCE: "f" * 32, "NOTIFY_SOCKET": f"{our.folder}/notices.sock"})
        of_another = bystander(our, **{NONCE: "f" * 32, "NOTIFY_SOCKET": f"{our.folder}2/notices.sock"})
        our.begin()
        our.until_ready()
        assert unknown.wait(20) == -signal.SIGKILL
        assert of_another.poll() is None
        of_another.kill()
        of_another.wait()
        assert begun(our) == 1


def test_one_that_the_manifest_has_no_more_is_ended(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"), member("b"))) as our:
        first = our.begin()
        before = our.until_ready()
        killed(our, first)
        our.plan.write_text(json.dumps(manifest(member("a"))))
        our.begin()
        assert our.until_ready() == {"a": before["a"]}
        assert not lives(before["b"])


@pytest.mark.parametrize("content", [b"torn", b""])
def test_a_torn_register_is_set_aside_and_nothing_lives_twice(tmp_path: Path, content: bytes) -> None:
    with kernels(tmp_path / "k", manifest(member("a", "daemon"))) as our:
        first = our.begin()
        before = our.until_ready()
        killed(our, first)
        (our.folder / "lives.json").write_bytes(content)
        our.begin()
        our.until_ready()
        assert our.events("Refused")[-1]["code"] == "snapshot.set_aside"
        assert not lives(before["a"])
        assert len([line for line in our.lines() if lives(int(line.split()[2]))]) == 2


def standby(our: Kernels) -> int:
    """The process of the standby, once it waits: it holds the kernel by a descriptor then."""
    found = 0

    def waits() -> bool:
        nonlocal found
        found = (our.status() or {}).get("standby") or 0
        with suppress(OSError):
            return bool(found) and len(list(Path(f"/proc/{found}/fd").iterdir())) > 4
        return False

    until(waits)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, *sampled([signal.SIGSTOP])])
def test_the_standby_becomes_the_kernel_and_has_a_standby(tmp_path: Path, number: signal.Signals) -> None:
    with kernels(tmp_path / "k", manifest(member("a", heartbeat=10), member("b"), standby=True)) as our:
        first = our.begin()
        before = our.until_ready()
        heir = standby(our)
        first.send_signal(number)
        until(lambda: (our.status() or {}).get("pid") == heir)
        assert first.wait(20) == -signal.SIGKILL
        assert our.until_ready() == before
        assert len(our.events("KernelReplaced")) == (number == signal.SIGSTOP)
        assert standby(our) not in {heir, first.pid}
        os.kill(before["a"], signal.SIGKILL)
        our.until_replaced("a", before["a"])
        our.ask("stop")
        until(lambda: our.left() == [], our.left)
        assert begun(our) == 3


@pytest.mark.parametrize("number", sampled([signal.SIGSTOP]))
def test_a_standby_that_hangs_is_replaced(tmp_path: Path, number: signal.Signals) -> None:
    with kernels(tmp_path / "k", manifest(member("a"), standby=True)) as our:
        our.begin()
        our.until_ready()
        heir = standby(our)
        time.sleep(12)
        assert standby(our) == heir
        os.kill(heir, number)
        until(lambda: (our.status() or {}).get("standby") not in {heir, None}, seconds=60)


def test_a_dead_standby_is_replaced_and_an_ordered_stop_makes_no_kernel(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"), standby=True)) as our:
        process = our.begin()
        our.until_ready()
        heir = standby(our)
        os.kill(heir, signal.SIGKILL)
        until(lambda: standby(our) != heir)
        assert zombies(process.pid) == []
        process.terminate()
        assert process.wait(20) == 0
        time.sleep(0.2)
        assert our.left() == []


@pytest.mark.parametrize("held", [True, False])
def test_a_standby_is_one_kernels_and_none_outlives_an_ordered_stop(tmp_path: Path, held: bool) -> None:
    """`held`: it is stopped, so that another kernel comes before it; otherwise one of the two comes first."""
    with kernels(tmp_path / "k", manifest(member("a"), standby=True)) as our:
        first = our.begin()
        before = our.until_ready()
        heir = standby(our)
        if held:
            os.kill(heir, signal.SIGSTOP)
        killed(our, first)
        second = our.begin()
        assert our.until_ready() == before
        if our.ask("status")["pid"] == heir:
            assert not held
            assert second.wait(30) == 1  # else it might come after the stop, as a kernel that was asked for
        until(lambda: standby(our) != heir)
        our.ask("stop")
        until(lambda: our.left() == [], our.left)


def run_of_kills(our: Kernels, seed: int, kills: int) -> None:
    """Kills and stops kernels and components at random moments, two at once now and then."""
    dice = random.Random(seed)  # noqa: S311 - it is repeated by its seed
    our.begin()
    our.until_ready()
    for _ in range(kills):
        rows, status = our.pids(), our.status()
        victims = [pid for pid in rows.values() if pid]
        victims += [status[name] for name in ("pid", "standby") if status and status[name]]
        for pid in dice.sample(victims, min(len(victims), dice.choice([1, 1, 2]))):
            number = dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
            if status and pid == status["pid"]:
                number = signal.SIGKILL  # that a stopped kernel is replaced has a test of its own: it takes seconds
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        time.sleep(dice.expovariate(10))
        if our.status() is None and dice.random() < 0.3:
            time.sleep(0.3)
        if our.status() is None:
            time.sleep(0.5)
            our.begin()


def check(our: Kernels) -> None:
    """Exactly one life of each component, all ready; after the stop nothing is left."""
    time.sleep(1.5)  # one that was stopped is ready until it has been silent for its heartbeat
    until(lambda: our.phases() == {"ready"}, our.rows, 60)
    status, pids = our.status(), our.pids()
    assert status is not None
    for name, row in register(our).items():
        assert row["pid"] == pids[name]
        assert row["born"] == birth(row["pid"])
        carriers = [line for line in our.left() if f" {name}" in line and "kernel_member" in line]
        assert len(carriers) == 1, carriers
    assert zombies(status["pid"]) == []
    our.ask("stop")
    until(lambda: our.left() == [], our.left)


@pytest.mark.parametrize("seed", sampled(range(20), 0))
def test_after_any_kills_each_component_lives_once(tmp_path: Path, seed: int) -> None:
    plan = manifest(
        member("a", heartbeat=1), member("b", "daemon", heartbeat=1), member("c", heartbeat=1), standby=True
    )
    with kernels(tmp_path / "k", plan) as our:
        run_of_kills(our, seed, 50 if WHOLE else 6)
        check(our)
