"""Calls to the kernel for which a step has no use: namespaces, mounts, and the parts in which the holes are found."""

import ctypes
import os
import struct
import threading
from contextlib import suppress

from tests.security.inside import CALLS, LIBC, X86, attempt, control, holds_secret, in_child, kernel, opens, read

NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
AT_FDCWD = -100


@attempt
def makes_a_user_namespace(world):
    """Makes a namespace in which it is root."""
    return in_child(lambda: kernel("unshare", NEWUSER) == 0)


@attempt
def makes_a_user_namespace_by_clone(world):
    """Makes it with the child that lives in it."""
    return _cloned(NEWUSER)


@attempt
def makes_a_user_namespace_by_clone3(world):
    """Makes it by clone3, whose flags lie in memory, where no filter sees them."""
    wanted = (ctypes.c_uint64 * 11)(NEWUSER, 0, 0, 0, 17)
    return _child_lives(kernel("clone3", ctypes.byref(wanted), 88))


@attempt(by="root")
def makes_a_mount_namespace(world):
    """Takes a copy of the tree of mounts, to change it."""
    return in_child(lambda: kernel("unshare", NEWNS) == 0)


@attempt(by="root")
def makes_a_network_namespace(world):
    """Takes a network of its own, in which it may do what it likes."""
    return in_child(lambda: kernel("unshare", NEWNET) == 0)


@attempt(by="root")
def makes_a_process_namespace_by_clone(world):
    """Makes itself first process of a namespace."""
    return _cloned(NEWPID)


@attempt(by="root")
def makes_a_mount_namespace_by_clone(world):
    """Makes a child with a tree of mounts of its own."""
    return _cloned(NEWNS)


@attempt(by="root")
def makes_the_other_namespaces(world):
    """Makes namespaces of names, of IPC, of control groups and of time."""
    return any(in_child(lambda kind=kind: kernel("unshare", kind) == 0) for kind in (NEWUTS, NEWIPC, NEWCGROUP, 0x80))


@attempt
def mounts_as_root_of_a_namespace(world):
    """Makes a namespace in which it is root, and there mounts a file system of its own."""

    def work():
        _become_root()
        os.mkdir("at")
        return kernel("mount", b"none", b"at", b"tmpfs", 0, None) == 0

    return in_child(work)


@attempt
def mounts_an_overlay_of_its_own(world):
    """Makes a namespace and there lays an overlay over the person's folder, to write below it."""

    def work():
        _become_root()
        for name in ("upper", "work", "at"):
            os.mkdir(name)
        options = f"lowerdir={world.folder},upperdir=upper,workdir=work,userxattr".encode()
        kernel("mount", b"overlay", b"at", b"overlay", 0, options)
        return holds_secret(world, read("at/secret"))

    return in_child(work)


@attempt(by="root")
def mounts(world):
    """Mounts a file system."""
    os.mkdir("at")
    return kernel("mount", b"none", b"at", b"tmpfs", 0, None) == 0


@attempt(by="root")
def shows_a_folder_elsewhere(world):
    """Binds the person's folder into the workspace."""
    os.mkdir("at")
    kernel("mount", world.folder.encode(), b"at", None, 0x1000, None)
    return holds_secret(world, read("at/secret"))


@attempt(by="root")
def makes_a_mount_writable(world):
    """Makes what is mounted read-only writable again (remount)."""
    return kernel("mount", None, b"/", None, 0x20 | 0x1000, None) == 0


@attempt(by="root")
def makes_a_mount_writable_by_its_attributes(world):
    """The same by mount_setattr, which older filters do not know."""
    wanted = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    return kernel("mount_setattr", AT_FDCWD, b"/", 0x8000, ctypes.byref(wanted), 32) == 0


@attempt(by="root")
def takes_a_mount_away(world):
    """Unmounts what covers something (lazily)."""
    os.mkdir("at")
    if os.geteuid() == 0 and not os.path.exists("/workspace"):
        kernel("mount", b"none", b"at", b"tmpfs", 0, None)
        return kernel("umount2", b"at", 2) == 0
    return kernel("umount2", b"/proc/sys", 2) == 0


@attempt(by="root")
def opens_a_tree(world):
    """Takes a tree of mounts as a descriptor (open_tree), to move it elsewhere."""
    return kernel("open_tree", AT_FDCWD, b"/", 0x1 | 0x8000) >= 0


@attempt(by="root")
def opens_a_file_system(world):
    """Prepares a file system by the newer calls (fsopen)."""
    return kernel("fsopen", b"tmpfs", 0) >= 0


@attempt(by="root")
def picks_a_file_system(world):
    """Takes hold of a mounted file system, to change how it is mounted (fspick)."""
    return kernel("fspick", AT_FDCWD, b"/", 0) >= 0


@attempt(by="root")
def mounts_by_the_newer_calls(world):
    """Makes a file system with fsopen and fsmount and looks into it."""
    made = kernel("fsopen", b"proc", 0)
    kernel("fsconfig", made, 6, None, None, 0, number=431)
    mounted = kernel("fsmount", made, 0, 0)
    return "self" in os.listdir(f"/proc/self/fd/{mounted}")


@attempt(by="root")
def moves_a_mount(world):
    """Moves a tree that it took to where it can be reached (move_mount)."""
    os.mkdir("at")
    tree = kernel("open_tree", AT_FDCWD, world.folder.encode(), 0x1)
    kernel("move_mount", tree, b"", AT_FDCWD, b"at", 4)
    return holds_secret(world, read("at/secret"))


@attempt(by="root")
def changes_the_root(world):
    """Makes another folder the root of everybody in the namespace (pivot_root)."""

    def work():
        kernel("unshare", NEWNS)
        os.mkdir("at")
        kernel("mount", b"none", b"at", b"tmpfs", 0, None)
        os.mkdir("at/old")
        return kernel("pivot_root", b"at", b"at/old") == 0

    return in_child(work)


@attempt(by="root")
def changes_its_root(world):
    """Makes a folder its root (chroot)."""
    return in_child(lambda: kernel("chroot", b".") == 0)


@attempt(by="root")
def joins_the_namespaces_of_another(world):
    """Joins the tree of mounts of a process outside."""

    def work():
        there = os.open(f"/proc/{world.victim}/ns/mnt", os.O_RDONLY)
        kernel("setns", there, NEWNS)
        return holds_secret(world, read(world.secret))

    return in_child(work)


@attempt(by="root")
def joins_the_network_of_any_process(world):
    """Joins the network of the first process that lets it."""

    for number in (name for name in os.listdir("/proc") if name.isdecimal()):
        try:
            return in_child(
                lambda number=number: kernel("setns", os.open(f"/proc/{number}/ns/net", os.O_RDONLY), 0) == 0
            )
        except OSError as refusal:
            problem = refusal
    raise problem


@attempt(by="root")
def joins_by_a_descriptor_of_a_process(world):
    """Joins all namespaces of a process outside by a descriptor of it."""
    return in_child(lambda: kernel("setns", kernel("pidfd_open", world.victim, 0), NEWUTS | NEWIPC) == 0)


@attempt(lacks="io_uring")
def sets_up_a_ring(world):
    """Sets up io_uring, which does what system calls do and passes their filters by."""
    return kernel("io_uring_setup", 4, ctypes.byref((ctypes.c_uint32 * 64)())) >= 0


@attempt(lacks="io_uring")
def enters_a_ring(world):
    """Enters a ring that it set up."""
    ring = kernel("io_uring_setup", 4, ctypes.byref((ctypes.c_uint32 * 64)()))
    return kernel("io_uring_enter", ring, 0, 0, 0, None, 0) == 0


@attempt(lacks="userfaultfd")
def handles_page_faults(world):
    """Stops the kernel in the middle of a copy for as long as it likes, to win races (userfaultfd)."""
    return kernel("userfaultfd", 0x80000) >= 0


@attempt
def handles_its_own_page_faults(world):
    """The same for faults of its own only, which every user may."""
    return kernel("userfaultfd", 0x80000 | 1) >= 0


@attempt(by="root")
def handles_page_faults_by_the_device(world):
    """The same by /dev/userfaultfd."""
    return opens("/dev/userfaultfd", os.O_RDWR)


@attempt
def reads_a_key(world):
    """Reads a password from the person's keyring in the kernel."""
    buffer = ctypes.create_string_buffer(64)
    kernel("keyctl", 11, world.key, buffer, 64, 0)
    return holds_secret(world, buffer.raw)


@attempt
def keeps_a_key(world):
    """Leaves something in the person's keyring for the next step."""
    serial = kernel("add_key", b"user", b"luxos-attempt", b"x", 1, -4)
    kernel("keyctl", 3, serial, 0, 0, 0)
    return True


@attempt
def joins_a_session_of_keys(world):
    """Takes another keyring for its session."""
    return in_child(lambda: kernel("keyctl", 1, None, 0, 0, 0) >= 0)


@attempt(by="root", lacks="unprivileged bpf")
def loads_into_the_kernel(world):
    """Makes a map of the kernel's own machine (bpf)."""
    wanted = struct.pack("IIII", 2, 4, 8, 1).ljust(72, b"\0")
    return kernel("bpf", 0, wanted, 72) >= 0


@attempt(by="root", lacks="unprivileged bpf")
def loads_a_program_into_the_kernel(world):
    """Has the kernel check and load a program of its own (bpf)."""
    code = ctypes.create_string_buffer(struct.pack("<BBHiBBHi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0))
    licence = ctypes.create_string_buffer(b"GPL")
    wanted = struct.pack("IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(licence)).ljust(72, b"\0")
    return kernel("bpf", 5, wanted, 72) >= 0


@attempt
def measures_itself(world):
    """Opens a counter of the processor (perf), in which many holes were found."""
    return _counts(0)


@attempt(by="root")
def measures_everybody(world):
    """Counts what every process does on one processor (perf)."""
    wanted = struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 0).ljust(112, b"\0")
    return kernel("perf_event_open", wanted, -1, 0, -1, 0) >= 0


@attempt(by="root")
def reads_the_log_of_the_kernel(world):
    """Reads what the kernel said, with its addresses (syslog)."""
    return kernel("syslog", 3, ctypes.create_string_buffer(4096), 4096) > 0


@attempt(by="root", lacks="/proc/modules")
def unloads_a_module(world):
    """Asks the kernel to unload a module (that is not there)."""
    return _asked_in_earnest("delete_module", b"luxos-no-such-module", 0x800)


@attempt(by="root", lacks="/sys/kernel/kexec_loaded")
def loads_another_kernel(world):
    """Asks for another kernel at the next start (an empty one, with a flag that is refused)."""
    return _asked_in_earnest("kexec_load", 0, 0, None, 0x10)


@attempt(by="root")
def restarts_the_machine(world):
    """Asks for a restart (with an order that means nothing)."""
    return _asked_in_earnest("reboot", 0xFEE1DEAD, 672274793, 0x1234, None)


@attempt(by="root")
def takes_the_swap_away(world):
    """Asks to stop swapping (to a file that is not there)."""
    return _asked_in_earnest("swapoff", b"/luxos-no-such-file")


@attempt(by="root")
def sets_the_clock(world):
    """Asks to set how fast the clock goes (to not at all, which is refused after the right was looked at)."""
    return _asked_in_earnest("adjtimex", (ctypes.c_int32 * 64)(0x4000), number=159 if X86 else 171)


@attempt(by="root")
def names_the_machine(world):
    """Gives the machine a name (its own)."""
    name = os.uname().nodename.encode()
    return kernel("sethostname", name, len(name)) == 0


@attempt(by="root")
def keeps_account_of_processes(world):
    """Asks to write down every process that ends (into a file that is not there)."""
    return _asked_in_earnest("acct", b"/luxos-no-such-file")


@attempt
def moves_the_memory_of_all(world):
    """Moves another process's memory between the nodes of the machine."""
    nodes = (ctypes.c_ulong * 1)(1)
    return kernel("migrate_pages", world.victim, 64, nodes, nodes) >= 0


@attempt(by="root", lacks="ports")
def talks_to_devices_directly(world):
    """Asks for the right to talk to devices past the kernel (ioperm)."""
    return kernel("ioperm", 0x80, 1, 1, number=173) == 0 if X86 else opens("/dev/mem", os.O_RDONLY)


@attempt
def runs_without_random_addresses(world):
    """Switches the randomness of addresses off for what it starts (personality)."""
    return in_child(lambda: kernel("personality", 0x0040000) >= 0)


@attempt
def makes_all_that_is_read_run(world):
    """Makes everything that can be read executable, and page zero usable (personality)."""
    return in_child(lambda: kernel("personality", 0x0400000 | 0x0100000) >= 0)


@attempt(lacks="32-bit calls", dies=True)
def calls_by_the_old_gate(world):
    """Calls the kernel by `int 0x80`, where calls have other numbers: 20 is getpid, and not writev."""
    return _machine_code(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3") > 0


@attempt(lacks="32-bit calls", dies=True)
def opens_by_the_old_gate(world):
    """Opens the person's file by `int 0x80`, for which the path must lie low in memory."""
    place = _low_memory(world.secret.encode() + b"\0")
    found = _machine_code(b"\x53\xbb" + struct.pack("<I", place) + b"\x31\xc9\xb8\x05\x00\x00\x00\xcd\x80\x5b\xc3")
    return found > 2 and holds_secret(world, os.read(found, 99))


@attempt(lacks="x32", dies=True)
def calls_by_another_table(world):
    """Calls by the numbers of x32, which a filter that compares numbers does not know."""
    return kernel("getpid", number=0x40000000 | 39) > 0


@attempt(lacks="x32", dies=True)
def unshares_by_another_table(world):
    """Makes a namespace by the number of x32."""
    return in_child(lambda: kernel("unshare", NEWUSER, number=0x40000000 | CALLS["unshare"][0]) == 0)


@attempt
def takes_off_the_filter(world):
    """Takes the filter of system calls off, then makes a namespace."""

    def work():
        with suppress(OSError):
            control(22, 0)  # PR_SET_SECCOMP, to none
        return kernel("unshare", NEWUSER) == 0

    return in_child(work)


@attempt
def leaves_the_filter_by_a_thread(world):
    """Makes a namespace from a thread, to which a filter loaded carelessly does not reach."""
    answer = []

    def work():
        try:
            answer.append(in_child(lambda: kernel("unshare", NEWUSER) == 0))
        except OSError as refusal:
            answer.append(refusal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(answer[0], OSError):
        raise answer[0]
    return answer[0]


@attempt
def filters_for_itself(world):
    """Lays a filter of its own, which permits everything, over the one that is there; then makes a namespace."""
    lines = ctypes.create_string_buffer(struct.pack("<HBBI", 6, 0, 0, 0x7FFF0000))
    program = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(lines))

    def work():
        control(38, 1)  # PR_SET_NO_NEW_PRIVS
        kernel("seccomp", 1, 0, program, number=317 if X86 else 277)
        return kernel("unshare", NEWUSER) == 0

    return in_child(work)


def _become_root():
    """In a namespace of users and of mounts."""
    user, group = os.geteuid(), os.getegid()
    kernel("unshare", NEWUSER | NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _asked_in_earnest(name, *arguments, number=None):
    """Whether the kernel looked at what was asked: it looks at the right to ask first."""
    try:
        kernel(name, *arguments, number=number)
    except OSError as refusal:
        if refusal.errno in (2, 22, 9):
            return True
        raise
    return True


def _cloned(flag):
    """In a child, for a raw clone is no fork to Python."""
    return in_child(lambda: _child_lives(kernel("clone", flag | 17, None, None, None, None)))


def _child_lives(number):
    if number == 0:
        os._exit(0)
    os.waitpid(number, 0x40000000)
    return True


def _counts(number):
    wanted = struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 0x60).ljust(112, b"\0")
    return kernel("perf_event_open", wanted, number, -1, -1, 0) >= 0


def _machine_code(code):
    place = LIBC.mmap(None, 4096, 7, 0x22, -1, 0)
    ctypes.memmove(place, code, len(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(place)()


def _low_memory(content):
    place = LIBC.mmap(ctypes.c_void_p(0x20000000), 4096, 3, 0x100032, -1, 0)
    ctypes.memmove(place, content, len(content))
    return place
