"""Which walls are chosen, what is said where there are none, and that there is never a silent downgrade."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from luxos.errors import Exit
from luxos.runtime.sandbox import Network, choose, describe, detect
from luxos.runtime.sandbox import choose as choose_function
from luxos.runtime.sandbox.cgroup import Place, find_in
from luxos.runtime.sandbox.container import Container
from luxos.runtime.sandbox.detect import Finding, explain, inside_container, try_bubblewrap
from luxos.runtime.sandbox.errors import SandboxMissing
from luxos.runtime.sandbox.sandlock import Sandlock

BWRAP = Path("/opt/it's/bwrap")


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict]:
    import sys

    module = sys.modules[choose_function.__module__]
    answers = {name: (lambda name=name: Finding(name, None, f"no {name}.", f"get {name}")) for name in module.TRIALS}
    for cached in (module.finding, module._choose):
        cached.cache_clear()
    monkeypatch.setattr(module, "TRIALS", answers)
    yield answers
    for cached in (module.finding, module._choose):
        cached.cache_clear()


def test_without_any_walls_the_step_is_refused_with_what_to_do(trials: dict) -> None:
    with pytest.raises(SandboxMissing) as missing:
        choose()
    assert missing.value.exit_code == Exit.ENVIRONMENT
    assert missing.value.details == {"reason": "no bubblewrap.", "command": "get bubblewrap"}
    assert describe().backend is None
    assert [finding.reason for finding in describe().findings] == ["no bubblewrap.", "no sandlock.", "no container."]


def test_the_order(trials: dict) -> None:
    trials["sandlock"] = lambda: Finding("sandlock", Sandlock())
    trials["container"] = lambda: Finding("container", Container())
    assert choose().name == "sandlock"


def test_named_hosts_are_never_given_to_walls_that_cannot_hold_them(trials: dict) -> None:
    trials["container"] = lambda: Finding("container", Container())
    assert choose().name == "container"
    with pytest.raises(SandboxMissing, match="no sandlock"):
        choose(Network.named("example.org:443"))


def test_what_is_used_here_is_described() -> None:
    found = describe()
    assert found.backend == "bubblewrap"
    assert Path(found.program).name == "bwrap"
    assert found.cannot_stop
    assert found.findings[0].reason == ""


def test_a_program_that_builds_no_walls_says_why(tmp_path: Path) -> None:
    script = tmp_path / "bwrap"
    script.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    script.chmod(0o755)
    assert try_bubblewrap(script) == "bwrap: setting up uid map: Permission denied"
    assert "No such file" in (try_bubblewrap(tmp_path / "none") or "")
    assert try_bubblewrap(Path(describe().program)) is None


@pytest.mark.parametrize(
    ("switch", "value", "word"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor_parser -r /etc/apparmor.d/luxos-bwrap"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ],
)
def test_the_administrators_one_command(monkeypatch: pytest.MonkeyPatch, switch: str, value: str, word: str) -> None:
    monkeypatch.setattr(detect, "_switch", lambda name: value if name == switch else None)
    reason, command = explain("bwrap: no", BWRAP)
    assert reason.endswith(".")
    assert word in command
    assert "\n" not in command


def test_other_reasons_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "_switch", lambda _: None)
    assert "frobnicate" in explain("x\nbwrap: frobnicate.", BWRAP)[0]
    assert "5.11" in explain("bwrap: Can't make overlay mount", BWRAP)[0]


def test_a_container_is_known_by_its_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mark").touch()
    monkeypatch.setattr(detect, "CONTAINER_MARKS", (str(tmp_path / "mark"),))
    assert inside_container()


FIRST = "cgroup {0}/memory cgroup rw,memory 0 0\ncgroup {0}/pids cgroup rw,relatime,pids 0 0\n"


def test_control_groups_of_version_one(tmp_path: Path) -> None:
    for name in ("memory", "pids/mine"):
        (tmp_path / name).mkdir(parents=True)
    own = "9:name=systemd:/x\n8:pids:/mine\n2:memory:/\n"
    assert find_in(FIRST.format(tmp_path), own) == Place(1, (tmp_path / "memory", tmp_path / "pids/mine"))
    assert find_in(FIRST.format(tmp_path).splitlines()[0], own) is None
    assert find_in(FIRST.format(tmp_path), own.replace("mine", "absent")) is None


def test_control_groups_of_version_two(tmp_path: Path) -> None:
    handed, own = tmp_path / "user.slice" / "app.slice", tmp_path / "user.slice" / "app.slice" / "shell.scope"
    own.mkdir(parents=True)
    mounts, group = f"cgroup2 {tmp_path} cgroup2 rw 0 0\n", "0::/user.slice/app.slice/shell.scope\n"
    assert find_in(mounts, group) is None
    (handed / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (handed / "cgroup.procs").touch()
    assert find_in(mounts, group) == Place(2, (handed,))
    (handed / "cgroup.subtree_control").write_text("cpu pids\n")
    assert find_in(mounts, group) is None
    assert find_in(mounts, "1:name=systemd:/\n") is None
