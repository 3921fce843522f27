"""The options that bubblewrap is given, to the letter, and what an interpreter needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from luxos.runtime.sandbox import Confinement, Limits, python_paths, run
from luxos.runtime.sandbox.bubblewrap import Bubblewrap, Host, Overlay, arguments, memory_file

HOST = Host(
    links=(("/bin", "usr/bin"), ("/lib64", None)),
    etc=("/etc/alternatives",),
    masked=("/proc/acpi/", "/proc/slabinfo"),
    own_etc=Path("/luxos/etc"),
)
GOLDEN = """
--unshare-all --unshare-user --disable-userns --cap-drop ALL --die-with-parent
--new-session --clearenv --uid 65534 --gid 65534 --hostname luxos
--ro-bind /usr /usr
--symlink usr/bin /bin
--ro-bind /lib64 /lib64
--ro-bind /etc/alternatives /etc/alternatives
--ro-bind /luxos/etc /etc/luxos
--symlink luxos/group /etc/group
--symlink luxos/hosts /etc/hosts
--symlink luxos/nsswitch.conf /etc/nsswitch.conf
--symlink luxos/passwd /etc/passwd
--proc /proc
--ro-bind /proc/sys /proc/sys
--tmpfs /proc/acpi
--ro-bind /dev/null /proc/slabinfo
--dev /dev
--perms 1777 --size 4096 --tmpfs /dev/shm
--perms 1777 --size 4096 --tmpfs /tmp --dir /tmp/home
--ro-bind /a /a
--bind /a/b /a/b
--ro-bind /a/b/c /a/b/c
--overlay-src /w --overlay /s /s.work /workspace
--remount-ro /dev --remount-ro /
--chdir /workspace
--setenv A 1
--setenv HOME /tmp/home
--setenv LANG C.UTF-8
--setenv PATH /x
--setenv PYTHONDONTWRITEBYTECODE 1
--setenv TMPDIR /tmp
"""


def test_the_options() -> None:
    confinement = Confinement(
        argv=("x",),
        workspace=Path("/w"),
        staging=Path("/s"),
        readable=(Path("/a/b/c"), Path("/a")),
        writable=(Path("/a/b"),),
        environment={"PATH": "/x", "A": "1"},
        limits=Limits(temporary=4096),
    )
    assert arguments(confinement, Overlay(Path("/s"), Path("/s.work")), HOST) == GOLDEN.split()


def test_without_a_workspace_there_is_no_overlay() -> None:
    options = arguments(Confinement(argv=("x",)), None, HOST)
    assert "--overlay" not in options
    assert options[options.index("--chdir") + 1] == "/tmp"


def test_secrets_do_not_stand_on_the_command_line() -> None:
    confinement = Confinement(argv=("x",), environment={"TOKEN": "s3cret"})
    launch = Bubblewrap(Path("/bwrap")).launch(confinement, None, None)
    try:
        assert "s3cret" not in " ".join(launch.argv)
        assert dict(launch.environment) == {}
    finally:
        for descriptor in (*launch.inherited, launch.status, launch.gate):
            os.close(descriptor)


def test_memory_files_are_read_from_the_start() -> None:
    descriptor = memory_file(b"x" * 100_000)
    with os.fdopen(descriptor, "rb") as file:
        assert file.read() == b"x" * 100_000
    assert not Path(f"/proc/self/fd/{descriptor}").exists()


async def test_this_interpreter_runs_inside_with_its_packages() -> None:
    python = Path(sys.executable)
    done = await run(
        Confinement(
            argv=(str(python), "-I", "-c", "import sys, ssl, sqlite3, pytest; print(sys.prefix)"),
            readable=python_paths(python),
        )
    )
    assert done.stdout.decode().strip() == sys.prefix, done.stderr.decode()


async def test_an_environment_made_of_this_interpreter_runs_inside(tmp_path: Path) -> None:
    made = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)  # noqa: ASYNC221
    done = await run(
        Confinement(
            argv=(str(made / "bin" / "python"), "-c", "import sys; print(sys.prefix)"),
            readable=python_paths(made / "bin" / "python"),
        )
    )
    assert done.stdout.decode().strip() == str(made), done.stderr.decode()


def test_the_system_python_needs_nothing_more() -> None:
    assert python_paths(Path("/usr/bin/python3")) == ()


@pytest.mark.parametrize("name", ["python", "chain"])
def test_every_folder_of_a_chain_of_links_is_named(tmp_path: Path, name: str) -> None:
    base = tmp_path / "base-3.11"
    for folder in ("bin", "lib"):
        (base / folder).mkdir(parents=True)
    (base / "bin" / "python3.11").touch()
    (tmp_path / "base").symlink_to("base-3.11")
    environment = tmp_path / "env"
    for folder in ("bin", "lib"):
        (environment / folder).mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = {tmp_path / 'base' / 'bin'}\nversion = 3.11\n")
    (environment / "bin" / "python").symlink_to(tmp_path / "base" / "bin" / "python3.11")
    (environment / "bin" / "chain").symlink_to("python")
    assert set(python_paths(environment / "bin" / name)) == {environment, tmp_path / "base", base}
