"""What attempts are made of. It goes behind the walls with each of them, so it is the standard library and small.

An attempt is a function `name(world)`; it returns whether it got there; `OSError` says
that it was refused. What lies outside, and is not to be reached, `world` names (`tests/security/stage.py`).
"""

import ctypes
import errno
import json
import os
import platform
import re
import sys
import zlib
from types import SimpleNamespace

REACHED, NOTHING = "reached", "nothing"
X86 = platform.machine() == "x86_64"
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
LIBC.mmap.restype = ctypes.c_void_p
SECRET = re.compile(rb"s3cret-[0-9a-f]{16}")

RARE_FAMILIES = (3, 4, 5, 8, 9, 11, 12, 15, 19, 21, 23, 24, 29, 30, 31, 35, 36, 37, 39, 41, 42, 43, 45)
# Numbers on x86_64 and on aarch64; the tests have a table of their own, for they check the product's.
CALLS = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "capset": (126, 91), "chroot": (161, 51),
    "clone": (56, 220), "clone3": (435, 435), "delete_module": (176, 106), "execveat": (322, 281),
    "fanotify_init": (300, 262), "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433),
    "inotify_add_watch": (254, 27), "inotify_init1": (294, 26), "io_uring_enter": (426, 426),
    "io_uring_setup": (425, 425), "ioprio_set": (251, 30), "iopl": (172, None), "kcmp": (312, 272),
    "kexec_load": (246, 104), "keyctl": (250, 219), "linkat": (265, 37), "listmount": (458, 458),
    "memfd_create": (319, 279), "migrate_pages": (256, 238), "mount": (165, 40), "mount_setattr": (442, 442),
    "move_mount": (429, 429), "move_pages": (279, 239), "mq_open": (240, 180), "mq_timedreceive": (243, 183),
    "msgget": (68, 186), "msgrcv": (70, 188), "msgsnd": (69, 189), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "openat2": (437, 437),
    "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pivot_root": (155, 41), "prctl": (157, 167), "prlimit64": (302, 261),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60), "reboot": (169, 142),
    "renameat2": (316, 276), "request_key": (249, 218), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "semctl": (66, 191), "semget": (64, 190), "sethostname": (170, 161), "setns": (308, 268),
    "shmat": (30, 196), "shmget": (29, 194), "statmount": (457, 457), "swapoff": (168, 225), "syslog": (103, 116),
    "tgkill": (234, 131), "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip


def attempt(act=None, /, **facts):
    """Marks a function as an attempt.

    `by`: whose control succeeds ("anyone", "root", "ordinary"). `lacks`: a fact of `machine.py` that may explain why no
    control can. `sees`: names in `world.folder` that the confinement grants to read. `limits`: of the confinement.
    `dies`: being killed is an answer;
    `breaks`: LuxOS may lose its sandbox. `network`: in which ways to be connected it is tried.
    """
    if act is None:
        return lambda given: attempt(given, **facts)
    act.facts = facts
    return act


def kernel(name, *arguments, number=None):
    """A raw system call; raises `OSError`."""
    column = CALLS[name][0 if X86 else 1] if number is None else number
    result = LIBC.syscall(ctypes.c_long(column), *(_word(argument) for argument in arguments))
    if result == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


def _word(argument):
    if argument is None:
        return ctypes.c_void_p(None)
    if isinstance(argument, int):
        return ctypes.c_long(argument if argument < 1 << 63 else argument - (1 << 64))
    return argument


def control(option, *arguments):
    """`prctl`; raises `OSError`."""
    return kernel("prctl", option, *(*arguments, 0, 0, 0, 0)[:4])


class Vector(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def holds_secret(world, data):
    """Whether what was read has the person's secret in it, of which `world` knows the checksum only."""
    return any(zlib.crc32(found) == world.checksum for found in SECRET.findall(data))


def read(path, size=1 << 16, dir_fd=None):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK, dir_fd=dir_fd)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def opens(path, flags=os.O_WRONLY):
    """Opens it and writes nothing: what it would do to this machine is not for a test."""
    os.close(os.open(path, flags))
    return True


def in_child(work):
    """What `work` returned in a forked child, which may change itself for ever; its `OSError` is raised here."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        said = outcome(work)
        os.write(write_end, said.encode())
        os._exit(0)
    os.close(write_end)
    said = os.read(read_end, 4096).decode()
    os.close(read_end)
    os.waitpid(child, 0)
    if said in errno.errorcode.values():
        raise OSError(getattr(errno, said), said)
    if not said:
        raise OSError(errno.EOWNERDEAD, "the child was killed")
    if said not in (REACHED, NOTHING):
        raise RuntimeError(said)
    return said == REACHED


def outcome(work, *arguments):
    """`reached`, `nothing`, the name of an errno, or the exception."""
    try:
        return REACHED if work(*arguments) else NOTHING
    except OSError as refusal:
        return errno.errorcode.get(refusal.errno, type(refusal).__name__)
    except MemoryError:
        return "ENOMEM"
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"


def main(act):
    """Runs one attempt with the world from the command line and prints how it ended."""
    print(json.dumps({"outcome": outcome(act, SimpleNamespace(**json.loads(sys.argv[1])))}), flush=True)
