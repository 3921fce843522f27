"""More rights than it was given: setuid programs, capabilities, users."""

import ctypes
import os
import subprocess
import time
from contextlib import suppress

from tests.security.inside import attempt, control, in_child, kernel, read

SETUID_TOOL, CAPABLE_TOOL = "tools/id", "tools/python"


@attempt(sees=("tools",))
def runs_a_setuid_program(world):
    """Runs a program that runs with another user's rights."""
    return _effective(f"{world.folder}/{SETUID_TOOL}") == world.other_user


@attempt(sees=("tools",))
def runs_a_program_with_capabilities(world):
    """Runs a program that has a capability of root's: reading every file."""
    source = "import sys; sys.stdout.write(open('/etc/shadow').read(1))"
    tool = f"{world.folder}/{CAPABLE_TOOL}"
    done = subprocess.run([tool, "-I", "-S", "-c", source], capture_output=True, check=False)
    if done.returncode:
        raise PermissionError(1, done.stderr.decode())
    return bool(done.stdout)


@attempt(by="ordinary")
def runs_the_systems_own_setuid_programs(world):
    """Runs `su` or `passwd`, where the system has them, and looks whether it has root's rights."""
    for name in ("su", "passwd", "chsh"):
        path = f"/usr/bin/{name}"
        if os.path.exists(path) and os.stat(path).st_mode & 0o4000 and os.stat(path).st_uid != os.geteuid():
            return _gains_by(path)
    raise FileNotFoundError(2, "no setuid program")


@attempt(by="root")
def becomes_another_user(world):
    """Takes another user's number."""
    return in_child(lambda: os.setuid(12345) is None)


@attempt(by="root")
def leaves_its_groups(world):
    """Gives its groups up: a file that is closed to a group opens."""
    return in_child(lambda: os.setgroups([12345]) is None)


@attempt(by="root")
def raises_its_capabilities(world):
    """Sets all of its capabilities, as root has them."""
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(1 << 21, 1 << 21, 0, 0, 0, 0)
    return kernel("capset", header, data) == 0


@attempt(by="root")
def passes_capabilities_on(world):
    """Gives a capability to what it starts (ambient)."""

    def work():
        header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(2, 2, 2, 0, 0, 0)
        kernel("capset", header, data)
        return control(47, 2, 1, 0, 0) == 0

    return in_child(work)


@attempt(by="root")
def keeps_its_capabilities(world):
    """Sets that root's rights stay when the user changes (securebits)."""
    return in_child(lambda: control(28, 0x10) == 0)


@attempt
def may_gain_rights_again(world):
    """Looks whether what it starts may gain rights, and takes the mark off that forbids it."""

    def work():
        with suppress(OSError):
            kernel("prctl", 38, 0, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which can only be set
        return kernel("prctl", 39, 0, 0, 0, 0) == 0

    return in_child(work)


@attempt(by="root", lacks="right to resources")
def changes_its_own_map_of_memory(world):
    """Moves what the kernel shows as its command line and its executable (PR_SET_MM)."""
    return in_child(lambda: control(35, 8, ctypes.addressof(ctypes.create_string_buffer(9)), 0, 0) == 0)


@attempt(by="root")
def maps_users(world):
    """Writes a map of users that makes it the person, or root, outside."""
    with open("/proc/self/uid_map", "rb") as file:
        mapped = file.read().split()
    if mapped[:3] != [b"0", b"0", b"4294967295"]:
        with open("/proc/self/uid_map", "w") as file:
            file.write("0 0 1")
    return os.geteuid() == 0 and mapped[1] == b"0"


@attempt(by="root")
def has_a_capability(world):
    """Looks for any capability that it has, or could pass on."""
    sets = (b"CapInh", b"CapPrm", b"CapEff", b"CapAmb")
    return any(int(line.split()[1], 16) for line in read("/proc/self/status").splitlines() if line.startswith(sets))


@attempt(by="root", lacks="right to resources")
def raises_its_limits(world):
    """Raises the number of its open files beyond what it was given."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    raised = (ctypes.c_uint64 * 2)(hard + 1, hard + 1)
    return kernel("prlimit64", 0, resource.RLIMIT_NOFILE, raised, None) == 0


@attempt(by="root")
def takes_a_realtime_priority(world):
    """Takes the processor from everybody."""
    return in_child(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) is None)


@attempt(by="root")
def takes_a_better_priority(world):
    """Makes itself nicer to itself."""
    return in_child(lambda: os.setpriority(os.PRIO_PROCESS, 0, -5) is None)


@attempt(by="root")
def locks_memory(world):
    """Holds memory that can never be swapped (64 MB)."""

    def work():
        place = (ctypes.c_char * (64 << 20))()
        return kernel("mlock", ctypes.addressof(place), 64 << 20, number=149 if _x86() else 228) == 0

    return in_child(work)


def _effective(program):
    done = subprocess.run([program, "-u"], capture_output=True, check=False)
    return int(done.stdout or -1)


def _gains_by(path):
    """Starts it, lets it wait for a password, and looks whose rights it has meanwhile."""
    with subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        time.sleep(0.1)
        with open(f"/proc/{child.pid}/status", "rb") as file:
            users = next(line for line in file if line.startswith(b"Uid")).split()[1:]
        assert child.stdin is not None
        child.stdin.close()
    return b"0" in users


def _x86():
    return os.uname().machine == "x86_64"
