"""What was open before the walls were there, or lies in the environment, on a command line or in memory."""

import ctypes
import os
import socket

from tests.security.inside import LIBC, attempt, holds_secret, read


@attempt
def reads_an_inherited_file(world):
    """Reads from each descriptor that is open."""
    return any(_has_secret(world, number) for number in _open())


@attempt
def reads_from_an_inherited_folder(world):
    """Opens the file beneath each folder that is open."""
    return any(_leads_to_secret(world, number) for number in _open())


@attempt
def finds_more_than_three_descriptors(world):
    """Has anything open beside stdin, stdout and stderr."""
    return bool(_open())


@attempt
def leaves_by_an_inherited_folder(world):
    """Makes an open folder its current one and climbs from there."""
    return any(_climbs(world, number) for number in _open())


@attempt
def reads_the_environment(world):
    """Reads a password from the environment."""
    return any(holds_secret(world, value.encode()) for value in os.environ.values())


@attempt
def reads_the_environment_it_started_with(world):
    """Reads the environment as it was before anybody cleaned it."""
    return holds_secret(world, read("/proc/self/environ"))


@attempt
def reads_the_environment_above_the_stack(world):
    """Reads what lies in memory behind the environment: words that were removed from it are still there."""
    first = ctypes.c_void_p.from_address(ctypes.c_void_p.in_dll(LIBC, "environ").value).value
    with open("/proc/self/mem", "rb", 0) as file:
        file.seek(first)
        return holds_secret(world, file.read(4096))


@attempt
def reads_the_environment_of_any_process(world):
    """Reads the environment of every process that it sees."""
    return any(_environment_tells(world, name) for name in os.listdir("/proc") if name.isdecimal())


@attempt
def reads_the_command_line_of_any_process(world):
    """Finds a password on another process's command line."""
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid() and holds_secret(world, _read(f"/proc/{name}/cmdline")):
            return True
    return False


@attempt
def is_handed_a_descriptor(world):
    """Asks a program outside for its open file over a unix socket (SCM_RIGHTS)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(5)
        end.connect(world.giver)
        _, descriptors, _, _ = socket.recv_fds(end, 16, 1)
        return holds_secret(world, os.pread(descriptors[0], 99, 0))


@attempt
def talks_to_an_agent_by_its_variable(world):
    """Finds a socket of the person's (SSH_AUTH_SOCK) in the environment and connects."""
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(os.environ.get("SSH_AUTH_SOCK", "/nowhere"))
        return True


def _open():
    found = []
    for number in range(3, 1024):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            continue
    return found


def _has_secret(world, number):
    try:
        return holds_secret(world, os.pread(number, 99, 0))
    except OSError:
        return False


def _leads_to_secret(world, number):
    try:
        return holds_secret(world, read("secret", dir_fd=number))
    except OSError:
        return False


def _climbs(world, number):
    try:
        os.fchdir(number)
        return holds_secret(world, read("../" * 40 + world.secret))
    except OSError:
        return False


def _environment_tells(world, name):
    return int(name) != os.getpid() and holds_secret(world, _read(f"/proc/{name}/environ"))


def _read(path):
    try:
        return read(path)
    except OSError:
        return b""
