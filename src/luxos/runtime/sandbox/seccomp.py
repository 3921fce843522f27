"""The filter for system calls: a classic BPF program for x86_64 and aarch64, built here, loaded by bubblewrap.

A wrong architecture kills the process; x32, `clone3` and memory files do not exist (a program then uses `clone`, whose
flags can be read by a filter, while those of `clone3` lie in memory; and files of /tmp, which have a limit, while
memory files have none); what the sandbox has no use for is not permitted.
"""

import errno
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass

# Offsets in `struct seccomp_data`; arguments are 64 bits wide, little-endian on both machines.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
DONE = ERRNO
"""As an error of number 0: the call did what it should, and did nothing."""

TIOCSTI, TIOCLINUX = 0x5412, 0x541C
TIOCSETD = 0x5423  # another line discipline: rarely used parts of the kernel
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
CLONE_THREAD = 0x00010000
UNIX, INET, INET6 = 1, 2, 10
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20
SHARED = 16 << 20
"""Bytes of the largest shared mapping without a file where no control group counts memory. Of such a mapping all but a
page can be unmapped, and the rest stays and is seen nowhere: so each is counted as if it were so large (`held.py`)."""
SOL_SOCKET, BUFFERS = 1, (7, 8)  # SO_SNDBUF, SO_RCVBUF
PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)  # plain, of 32 bits, as Linux 2.6, and the question which

# Refused with EPERM; the numbers on x86_64 and on aarch64 (None: that machine has no such call).
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "unshare": (272, 97),
    "setns": (308, 268),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "shmat": (30, 196),
    "shmdt": (67, 197),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "semop": (65, 193),
    "msgget": (68, 186),
    "msgctl": (71, 187),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185),
}
ABSENT: dict[str, tuple[int, int]] = {"clone3": (435, 435), "memfd_create": (319, 279), "memfd_secret": (447, 447)}
"""Answered with ENOSYS."""
REFUSED_ALONE: dict[str, tuple[int | None, int | None]] = {"fork": (57, None), "vfork": (58, None)}
"""Beside `clone` without the flag for a thread."""
REFUSED_OWN: dict[str, tuple[int | None, int | None]] = {"setpriority": (141, 140), "ioprio_set": (251, 30)}
OF_OTHERS: dict[str, tuple[int, int]] = {
    "prlimit64": (302, 261),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
}
"""Calls whose first argument is a process; 0 is the caller."""


@dataclass(frozen=True)
class Machine:
    """What differs between the processors."""

    audit: int
    column: int
    clone: int
    ioctl: int
    personality: int
    socket: int
    socketpair: int
    mmap: int
    setsockopt: int


MACHINES = {
    "x86_64": Machine(
        0xC000003E, 0, clone=56, ioctl=16, personality=135, socket=41, socketpair=53, mmap=9, setsockopt=54
    ),
    "aarch64": Machine(
        0xC00000B7, 1, clone=220, ioctl=29, personality=92, socket=198, socketpair=199, mmap=222, setsockopt=208
    ),
}


def program(
    machine: str | None = None,
    *,
    internet: bool = False,
    alone: bool = False,
    own: bool = False,
    watched: bool = False,
) -> bytes:
    """The filter as an array of `struct sock_filter`; `internet` allows the families inet and inet6 beside unix.

    `alone` is for one program that starts threads only, and opens no socket; with `own` a process sets the limits and
    the place in the queue of no process but its own. `watched` is for where a watcher counts memory in the place of a
    control group: what it cannot see the size of is kept small. `KeyError` for a processor that is not in `MACHINES`.
    """
    facts = MACHINES[machine or platform.machine()]
    families = () if alone else (UNIX, INET, INET6) if internet else (UNIX,)
    refused = {**REFUSED, **(REFUSED_ALONE if alone else {}), **(REFUSED_OWN if own else {})}
    lines = [_load(ARCHITECTURE), _jump(EQUAL, facts.audit, 1, 0), _return(KILL), _load(NUMBER)]
    if facts.column == 0:
        lines += [_jump(AT_LEAST, 0x40000000, 0, 1), _return(ERRNO | errno.ENOSYS)]
    for absent in ABSENT.values():
        lines += _when(absent[facts.column], [_return(ERRNO | errno.ENOSYS)])
    for numbers in refused.values():
        number = numbers[facts.column]
        if number is not None:
            lines += _when(number, [_return(ERRNO | errno.EPERM)])
    for others in OF_OTHERS.values() if own else ():
        lines += _when(others[facts.column], _only_values(0, (0,)))
    lines += _when(facts.clone, (_only_threads() if alone else []) + _refuse_flags(NEW_NAMESPACES))
    lines += _when(facts.ioctl, _refuse_values(1, (TIOCSTI, TIOCLINUX, TIOCSETD)))
    lines += _when(facts.personality, _only_values(0, PERSONALITIES))
    if alone or watched:
        lines += _when(facts.mmap, _shared_up_to(0 if alone else SHARED))
        lines += _when(facts.setsockopt, _buffers_as_they_are())
    for call in (facts.socket, facts.socketpair):
        lines += _when(call, _only_values(0, families))
    lines.append(_return(ALLOW))
    return b"".join(lines)


def _line(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _load(offset: int) -> bytes:
    return _line(LOAD, 0, 0, offset)


def _jump(code: int, value: int, yes: int, no: int) -> bytes:
    return _line(code, yes, no, value)


def _return(action: int) -> bytes:
    return _line(RETURN, 0, 0, action)


def _when(number: int, body: list[bytes]) -> list[bytes]:
    """Runs `body`, which returns, for one call; the accumulator holds the number before and after."""
    return [_jump(EQUAL, number, 0, len(body)), *body]


def _argument(index: int) -> bytes:
    """Loads the low half: the kernel, too, takes these arguments as 32 bits and ignores the rest."""
    return _load(ARGUMENTS + 8 * index)


def _only_threads() -> list[bytes]:
    return [_argument(0), _jump(ANY_BIT, CLONE_THREAD, 1, 0), _return(ERRNO | errno.EPERM)]


def _shared_up_to(most: int) -> list[bytes]:
    """Refuses shared mappings without a file that are larger."""
    return [
        _argument(3), _jump(ANY_BIT, MAP_SHARED, 0, 6), _jump(ANY_BIT, MAP_ANONYMOUS, 0, 5),
        _load(ARGUMENTS + 8 * 1 + 4), _jump(EQUAL, 0, 0, 2),
        _argument(1), _jump(AT_LEAST, most + 1, 0, 1),
        _return(ERRNO | errno.ENOMEM), _return(ALLOW),
    ]  # fmt: skip


def _buffers_as_they_are() -> list[bytes]:
    """Lets nobody make the buffers of a socket larger; the kernel, too, makes of what is asked for what it likes."""
    tests = [line for kind in BUFFERS for line in (_jump(EQUAL, kind, 0, 1), _return(DONE))]
    return [_argument(1), _jump(EQUAL, SOL_SOCKET, 0, 1 + len(tests)), _argument(2), *tests, _return(ALLOW)]


def _refuse_flags(flags: int) -> list[bytes]:
    return [_argument(0), _jump(ANY_BIT, flags, 0, 1), _return(ERRNO | errno.EPERM), _return(ALLOW)]


def _refuse_values(index: int, values: Iterable[int]) -> list[bytes]:
    tests = [line for value in values for line in (_jump(EQUAL, value, 0, 1), _return(ERRNO | errno.EPERM))]
    return [_argument(index), *tests, _return(ALLOW)]


def _only_values(index: int, values: Iterable[int]) -> list[bytes]:
    tests = [line for value in values for line in (_jump(EQUAL, value, 0, 1), _return(ALLOW))]
    return [_argument(index), *tests, _return(ERRNO | errno.EPERM)]
