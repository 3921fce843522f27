"""A kernel with real components: order, deaths, hangs, what components begin, what is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.plugins.kernels import Kernels, kernels, lives, manifest, member, until, zombies

from luxos.kernel.sentences import KernelError


def said(kernels: Kernels, word: str) -> list[str]:
    return [line.split()[1] for line in kernels.lines() if line.startswith(word)]


def test_it_starts_in_order_stops_in_reverse_and_leaves_nothing(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"), member("b"), member("c", "daemon"))) as our:
        process = our.begin()
        our.until_ready()
        assert said(our, "begins") == ["a", "b", "c"]
        assert zombies(process.pid) == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert said(our, "stops") == ["c", "b", "a"]
        until(lambda: our.left() == [], our.left)
        assert {path.name for path in our.folder.iterdir() if path.is_socket()} == set()
        assert [event["event"] for event in [*our.events("KernelStarted"), *our.events("KernelStopped")]] == [
            "KernelStarted",
            "KernelStopped",
        ]


def test_a_dead_one_and_a_hung_one_come_back_and_the_others_stay(tmp_path: Path) -> None:
    plan = manifest(member("a", heartbeat=1), member("b"), member("c"))
    with kernels(tmp_path / "k", plan) as our:
        process = our.begin()
        before = our.until_ready()
        os.kill(before["b"], signal.SIGKILL)
        our.until_replaced("b", before["b"])
        os.kill(before["a"], signal.SIGSTOP)
        our.until_replaced("a", before["a"])
        after = our.pids()
        assert after["c"] == before["c"]
        assert [event["status"] for event in our.events("ComponentDied")] == [-9, -9]
        assert len(our.events("ComponentHung")) == 1
        assert zombies(process.pid) == []


def test_a_warm_spare_takes_the_place_of_a_dead_one(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a", "daemon", spare=True), member("b"))) as our:
        process = our.begin()
        first = our.until_ready()["a"]
        for deaths in range(1, 4):
            until(lambda deaths=deaths: said(our, "waits").count("a") == deaths)
            time.sleep(0.05)  # between the line that it writes and the word that it says
            spare = [int(line.split()[2]) for line in our.lines() if line.startswith("waits")][-1]
            os.kill(first, signal.SIGKILL)
            assert our.until_replaced("a", first) == spare
            first = spare
        until(lambda: said(our, "waits").count("a") == 4)
        spare = [int(line.split()[2]) for line in our.lines() if line.startswith("waits")][-1]
        os.kill(spare, signal.SIGKILL)  # a dead spare is nobody's turn
        os.kill(first, signal.SIGKILL)
        assert our.until_replaced("a", first) != spare
        process.terminate()
        assert process.wait(20) == 0
        until(lambda: our.left() == [], our.left)


def test_a_spare_of_a_dead_kernel_is_gone_and_the_next_kernel_has_its_own(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a", spare=True))) as our:
        process = our.begin()
        before = our.until_ready()
        until(lambda: said(our, "waits"))
        spare = int(our.lines()[-1].split()[2])
        process.kill()
        process.wait()
        until(lambda: not lives(spare))
        our.begin()
        assert our.until_ready() == before
        until(lambda: len(said(our, "waits")) == 2)


@pytest.mark.parametrize("kind", ["daemon", "hidden"])
def test_what_a_dead_component_began_is_gone_before_it_comes_back(tmp_path: Path, kind: str) -> None:
    with kernels(tmp_path / "k", manifest(member("a", kind), member("b", "daemon"))) as our:
        process = our.begin()
        before = our.until_ready()
        first, other = (int(line.split()[2]) for line in our.lines() if line.startswith("daemon"))
        os.kill(before["a"], signal.SIGKILL)
        our.until_replaced("a", before["a"])
        assert not lives(first)
        assert lives(other)
        assert zombies(process.pid) == []


def test_a_kernel_that_forgets_grandchildren_would_be_noticed(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a", "daemon"))) as our:
        our.begin(careless=("supervisor", "end_strays", "lambda spared: True"))
        before = our.until_ready()
        daemon = next(int(line.split()[2]) for line in our.lines() if line.startswith("daemon"))
        os.kill(before["a"], signal.SIGKILL)
        our.until_replaced("a", before["a"])
        assert lives(daemon)


def test_rest_for_one_and_a_stubborn_one_that_has_to_be_killed(tmp_path: Path) -> None:
    plan = manifest(member("a"), member("b", "stubborn", shutdown=0.2), member("c"), strategy="rest_for_one")
    with kernels(tmp_path / "k", plan) as our:
        our.begin()
        before = our.until_ready()
        os.kill(before["a"], signal.SIGKILL)
        our.until_replaced("c", before["c"])
        assert said(our, "begins") == ["a", "b", "c", "a", "b", "c"]
        assert said(our, "stops") == ["c"]
        assert [event["killed"] for event in our.events("ComponentStopped")] == [False, True]


def test_one_that_cannot_be_begun_or_is_never_ready_does_not_hold_up_the_kernel(tmp_path: Path) -> None:
    absent = {"name": "absent", "command": ["/no/such/program"]}
    plan = manifest(member("a", "unready", ready=0.3), strategy="one_for_one")
    plan["zones"].append({"name": "other", "components": [absent]})
    with kernels(tmp_path / "k", plan) as our:
        our.begin()
        until(lambda: len(our.events("ComponentLate")) > 1)
        our.plan.write_text(our.plan.read_text().replace("unready", "ready"))
        our.ask("stop")
        until(lambda: our.left() == [], our.left)
        our.begin()
        until(lambda: len(our.events("Refused")) > 2)
        assert "No such file" in our.events("Refused")[0]["fields"]["reason"]
        assert our.rows()["a"]["phase"] == "ready"
        assert said(our, "begins").count("a") < 20


def test_strict_is_safe_after_too_many_deaths_and_answers_on(tmp_path: Path) -> None:
    plan = manifest(member("a", "fails"), mode="strict")
    plan["zones"][0]["intensity"] = 2
    plan["zones"].insert(0, {"name": "calm", "components": [member("b")]})
    with kernels(tmp_path / "k", plan) as our:
        our.begin()
        until(lambda: (our.status() or {}).get("safe") and our.phases() == {"ended"}, our.rows)
        assert said(our, "begins") == ["b", "a", "a", "a"]
        with pytest.raises(KernelError, match="safe"):
            our.ask("restart", name="b")
        our.ask("mode", mode="passive")
        until(lambda: our.rows()["b"]["phase"] == "ready")


def test_a_kernel_that_was_stopped_itself_accuses_nobody(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a", heartbeat=1))) as our:
        process = our.begin()
        before = our.until_ready()
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        until(lambda: our.status() is not None)
        time.sleep(0.3)
        assert our.pids() == before, (our.folder / "kernel.log").read_text()
        assert our.events("KernelLate")
        assert our.events("ComponentHung") == []


def test_a_mode_that_was_acknowledged_outlives_the_kernel(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        process = our.begin()
        our.until_ready()
        our.ask("mode", mode="strict")
        process.kill()
        process.wait()
        our.begin()
        until(lambda: (our.status() or {}).get("mode") == "strict")


def test_a_refused_manifest_leaves_the_last_good_one_and_says_so(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        process = our.begin()
        our.until_ready()
        process.terminate()
        assert process.wait(20) == 0
        our.plan.write_text("mode: brave\n")
        our.begin()
        our.until_ready()
        assert our.events("Refused")[-1]["code"] == "manifest.choice"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Say the kernel's folder"),
        (["{folder}/" + "x" * 100], "too long"),
        (["/dev/null/k"], "cannot use its folder"),
        (["{folder}/k", "{folder}/none.yaml"], "There is no manifest"),
        (["{folder}/k", "/dev/zero"], "larger than"),
    ],
)
def test_what_keeps_it_from_running_is_one_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    from tests.plugins.kernels import ROOM

    command = [sys.executable, "-I", "-S", str(ROOM), *(word.format(folder=tmp_path) for word in arguments)]
    environment = {**os.environ, "LUXOS_LANG": "en"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_into_which_others_can_write_is_refused(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        our.folder.mkdir()
        our.folder.chmod(0o777)
        assert our.begin().wait(20) == 1
        assert f"chmod 700 {our.folder}" in our.words.read_text()


def test_it_speaks_with_systemd_and_says_which_process_it_is_after_a_takeover(tmp_path: Path) -> None:
    with (
        kernels(tmp_path / "k", manifest(member("a"), standby=True)) as our,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
    ):
        systemd.bind(str(tmp_path / "systemd"))
        systemd.settimeout(20)

        def hears(words: str) -> None:
            while words not in systemd.recv(1000).decode():
                pass

        process = our.begin(environment={"NOTIFY_SOCKET": str(tmp_path / "systemd"), "WATCHDOG_USEC": "200000"})
        hears(f"MAINPID={process.pid}\nREADY=1")
        hears("WATCHDOG=1")
        until(lambda: our.ask("status")["standby"])
        heir = our.ask("status")["standby"]
        until(lambda: len(list(Path(f"/proc/{heir}/fd").iterdir())) > 4)
        process.kill()
        hears(f"MAINPID={heir}")
        our.ask("stop")
        hears("STOPPING=1")


def test_a_second_kernel_of_a_folder_is_refused(tmp_path: Path) -> None:
    with kernels(tmp_path / "k", manifest(member("a"))) as our:
        our.begin()
        before = our.until_ready()
        second = our.begin()
        assert second.wait(20) == 1
        assert our.words.read_text() == f"The kernel of the folder {our.folder} runs already.\n"
        assert our.pids() == before
