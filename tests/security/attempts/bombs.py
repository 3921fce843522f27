"""Taking everything there is: processes, memory, room on the disk, names, descriptors, time.

Each goes a bounded way past the limits of its confinement, so that the control, under hard limits too, hurts nobody.
"""

import ctypes
import mmap
import os
import resource
import signal
import socket
import threading
import time

from tests.security.inside import attempt, in_child, kernel

MEGABYTE = 1 << 20
FEW = {"processes": 40, "seconds": 20}
LEAN = {"memory": 200 * MEGABYTE, "seconds": 20}
NARROW = {"workspace": 8 * MEGABYTE, "file_size": 64 * MEGABYTE, "seconds": 20}


@attempt(limits=FEW)
def forks(world):
    """Makes 120 processes, where 40 are permitted."""
    return _forks(120) == 120


@attempt(limits=FEW)
def forks_in_a_chain(world):
    """Makes them as a chain: each process makes the next, in a session of its own, and waits for nobody."""
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        for _ in range(120):
            os.setsid()
            os.write(write_end, b"x")
            if os.fork():
                time.sleep(3)
                os._exit(0)
        os._exit(0)
    os.close(write_end)
    made, ended = 0, time.monotonic() + 10
    while made < 120 and time.monotonic() < ended:
        made += len(os.read(read_end, 1))
    return made == 120


@attempt(limits=FEW)
def starts_threads(world):
    """Starts 120 threads, where 40 are permitted."""
    stop = threading.Event()
    try:
        for _ in range(120):
            threading.Thread(target=stop.wait, daemon=True).start()
    except RuntimeError as problem:
        raise OSError(11, "no more threads") from problem
    finally:
        stop.set()
    return True


@attempt(limits=FEW)
def leaves_the_dead_unburied(world):
    """Fills the table of processes with dead ones."""
    made = 0
    for _ in range(120):
        if os.fork() == 0:
            os._exit(0)
        made += 1
    return made == 120


@attempt(limits=LEAN, dies=True)
def takes_memory(world):
    """Takes 300 MB, where 200 are permitted."""
    return len(bytearray(300 * MEGABYTE)) > 0


@attempt(limits=LEAN, dies=True)
def takes_memory_in_mappings(world):
    """Takes 300 MB as shared mappings, which do not count as data."""
    held = [mmap.mmap(-1, 20 * MEGABYTE) for _ in range(15)]
    for one in held:
        one.write(b"x" * (20 * MEGABYTE))
    return True


@attempt(limits=LEAN, dies=True)
def takes_memory_with_children(world):
    """Takes 300 MB as five children that take 60 each."""
    return _each_takes(5, lambda: bytearray(b"x" * (60 * MEGABYTE)))


@attempt(limits=LEAN, dies=True)
def takes_memory_behind_a_dead_leader(world):
    """The same with four children whose first thread has ended, so that as processes they have no memory."""
    return _each_takes(4, lambda: bytearray(b"x" * (70 * MEGABYTE)), headless=True)


@attempt(limits=LEAN, dies=True)
def takes_memory_that_the_dead_filled(world):
    """Takes 300 MB as two shared mappings which none of the living has ever touched."""
    return _each_takes(2, _filled_by_a_child)


@attempt(limits=LEAN, dies=True)
def takes_memory_in_mappings_cut_short(world):
    """Takes 300 MB as shared mappings of which it keeps a page each: the rest stays, and is in no address space."""
    return _cut_short(3, 100 * MEGABYTE)


@attempt(limits=LEAN, dies=True)
def takes_memory_in_small_mappings_cut_short(world):
    """The same in 40 small ones."""
    return _cut_short(40, 8 * MEGABYTE)


@attempt(limits=LEAN, dies=True)
def takes_memory_in_mappings_of_zeros_cut_short(world):
    """The same with mappings of `/dev/zero`, which look like those of a file."""
    return _cut_short(3, 100 * MEGABYTE, os.open("/dev/zero", os.O_RDWR))


@attempt(limits={**LEAN, "open_files": 700}, dies=True)
def takes_memory_in_sockets(world):
    """Fills the buffers of 1,500 pairs of sockets in five processes, which is the kernel's memory."""
    return _each_takes(5, lambda: _filled_sockets(300))


@attempt(limits=LEAN, dies=True)
def takes_memory_as_a_file_without_a_name(world):
    """Takes 300 MB as a memory file, which is in no address space."""
    memory = kernel("memfd_create", b"bomb", 0)
    for _ in range(300):
        os.write(memory, b"x" * MEGABYTE)
    return True


@attempt(limits={**LEAN, "temporary": 100 * MEGABYTE}, dies=True)
def takes_memory_as_files(world):
    """Takes 300 MB as files of /dev/shm and /tmp, which lie in memory."""
    for folder in ("/dev/shm", os.environ.get("TMPDIR", "/tmp")):
        with open(f"{folder}/{world.mark}-bomb", "wb", 0) as file:
            os.unlink(file.name)
            for _ in range(150):
                file.write(b"x" * MEGABYTE)
    return True


@attempt(by="root", limits={**LEAN, "open_files": 600}, dies=True)
def takes_memory_in_pipes(world):
    """Fills 250 pipes of a megabyte each, which is the kernel's memory."""
    filled = 0
    for _ in range(250):
        _, write_end = os.pipe()
        try:
            size = kernel("fcntl", write_end, 1031, MEGABYTE, number=72 if _x86() else 25)
        except OSError:
            size = 65536  # an ordinary user may have few large ones
        os.set_blocking(write_end, False)
        filled += os.write(write_end, b"x" * size)
    return filled > 200 * MEGABYTE


@attempt(limits={"open_files": 64, "seconds": 20})
def opens_files_without_end(world):
    """Opens 200 files, where 64 are permitted."""
    for _ in range(200):
        os.open("/dev/null", os.O_RDONLY)
    return True


@attempt(limits={"open_files": 64, "seconds": 20})
def sends_descriptors_away(world):
    """Holds 200 open files by sending them along a socket, where they count as nobody's."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for _ in range(200):
        descriptor = os.open("/dev/null", os.O_RDONLY)
        socket.send_fds(one, [b"x"], [descriptor])
        os.close(descriptor)
    return other.fileno() > 0


@attempt(limits=NARROW)
def fills_the_workspace(world):
    """Writes 24 MB into the workspace, where 8 are permitted; whether it ended so is seen from outside."""
    return _writes("big", 24)


@attempt(limits=NARROW)
def fills_the_workspace_with_many_files(world):
    """The same as 600 files of 40 KB, in folders."""
    for number in range(600):
        if number % 100 == 0:
            os.mkdir(f"d{number}")
        with open(f"d{number - number % 100}/f{number}", "wb") as file:
            file.write(b"x" * 40_000)
    return True


@attempt(limits=NARROW)
def fills_the_workspace_with_holes(world):
    """Makes a file of 48 MB that takes no room until LuxOS copies it."""
    with open("holes", "wb") as file:
        file.truncate(48 * MEGABYTE)
    return True


@attempt(limits=NARROW)
def fills_the_workspace_past_its_end(world):
    """Reserves room behind the end of a file, which its size does not show."""
    with open("reserved", "wb") as file:
        if kernel("fallocate", file.fileno(), 1, 0, 24 * MEGABYTE, number=285 if _x86() else 47):
            return False
    return True


@attempt(limits=NARROW)
def fills_the_workspace_with_a_removed_file(world):
    """Writes 24 MB into a file that it has removed, and holds it for two seconds."""
    with open("gone", "wb", 0) as file:
        os.unlink("gone")
        for _ in range(24):
            file.write(b"x" * MEGABYTE)
        time.sleep(2)
    return True


@attempt(limits=NARROW)
def fills_the_workspace_with_a_file_sent_away(world):
    """The same with 48 MB in a file that it sends along a socket, so that nobody has it open."""
    one, other = _sent_away("sent", 48)
    time.sleep(1)
    return one.fileno() != other.fileno()


@attempt(limits=NARROW)
def fills_the_workspace_with_a_file_sent_in_a_socket(world):
    """The same with sockets that are themselves sent along a socket, so that nobody has those open either."""
    outer = socket.socketpair()
    socket.send_fds(outer[0], [b"x"], [each.detach() for each in _sent_away("sent", 48)])
    time.sleep(1)
    return True


@attempt(limits=NARROW)
def fills_the_workspace_with_a_file_that_is_only_mapped(world):
    """The same with a removed file of which a page is mapped, so that nobody has it open."""
    with open("mapped", "w+b", 0) as file:
        os.unlink("mapped")
        for _ in range(48):
            file.write(b"x" * MEGABYTE)
        kernel("mmap", None, 4096, 1, 1, file.fileno(), 0, number=9 if _x86() else 222)
    time.sleep(1)
    return True


@attempt(limits=NARROW)
def fills_the_workspace_with_a_removed_file_of_a_child(world):
    """The same with a file that only a child has open, in a session of its own."""
    return in_child(lambda: os.setsid() or fills_the_workspace_with_a_removed_file(world))


@attempt(limits={**NARROW, "seconds": 30})
def takes_all_names(world):
    """Makes 3,000 empty files in the workspace: they take names of the disk, and no room."""
    for number in range(3_000):
        os.close(os.open(f"n{number}", os.O_WRONLY | os.O_CREAT, 0o600))
    return True


@attempt(limits={**NARROW, "memory": 64 * MEGABYTE, "seconds": 60}, dies=True, slow=True)
def takes_all_names_in_memory(world):
    """Makes 90,000 empty files in the temporary folder, each of which is a kilobyte of the kernel's memory."""
    folder = os.environ.get("TMPDIR", "/tmp") + f"/{world.mark}-names"
    os.mkdir(folder)
    try:
        for number in range(90_000):
            os.close(os.open(f"{folder}/{number}", os.O_WRONLY | os.O_CREAT, 0o600))
    finally:
        os.system(f"rm -rf '{folder}'")
    return True


@attempt(limits={"file_size": 4 * MEGABYTE, "seconds": 20}, dies=True)
def makes_a_file_too_large(world):
    """Makes a file of 24 MB, where 4 are permitted."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    return _writes("big", 24)


@attempt(limits={"seconds": 0.5}, dies=True)
def does_not_end(world):
    """Ignores every signal and waits for two seconds, where half of one is permitted."""
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    time.sleep(2)
    return True


@attempt(limits={"seconds": 0.5}, dies=True)
def counts_without_end(world):
    """Counts in a loop of the interpreter's own that no signal breaks, for two seconds."""
    ended = time.monotonic() + 2
    while time.monotonic() < ended:
        sum(range(1_000_000))
    return True


@attempt(limits={"seconds": 0.5}, dies=True)
def stops_itself(world):
    """Stops itself and everything in its session, so that nobody ends; a child wakes it after two seconds."""
    me = os.getpid()
    if os.fork() == 0:
        time.sleep(2)
        os.kill(me, signal.SIGCONT)
        os._exit(0)
    os.kill(me, signal.SIGSTOP)
    return True


@attempt(limits={"flood": 2 * MEGABYTE, "output": MEGABYTE, "seconds": 20}, dies=True)
def prints_without_end(world):
    """Prints 8 MB, where 2 are permitted."""
    for _ in range(128):
        os.write(2, b"x" * 65536)
    return True


@attempt(limits={"seconds": 20})
def leaves_a_dump(world):
    """Crashes with memory full of what it was given, to have it written on the disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    return hard != 0


def _forks(wanted):
    made, children = 0, []
    try:
        for _ in range(wanted):
            child = os.fork()
            if child == 0:
                time.sleep(10)
                os._exit(0)
            children.append(child)
            made += 1
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
    return made


def _each_takes(count, take, headless=False):
    """How the children ended that take something all at the same time and hold it for a moment."""
    ready, told = os.pipe()
    children = []

    def hold():
        held = take()
        os.write(told, b"x" if held else b"")
        time.sleep(2)
        os._exit(0)

    for _ in range(count):
        child = os.fork()
        if child == 0 and headless:
            threading.Thread(target=hold).start()
            kernel("exit", 0, number=60 if _x86() else 93)
        elif child == 0:
            hold()
        children.append(child)
    return all(os.waitpid(child, 0)[1] == 0 for child in children) and len(os.read(ready, 99)) == count


def _cut_short(count, size, file=-1):
    for _ in range(count):
        start = kernel("mmap", None, size, 3, 1 if file >= 0 else 0x21, file, 0, number=9 if _x86() else 222)
        ctypes.memset(start, 1, size)
        kernel("munmap", start + 4096, size - 4096, number=11 if _x86() else 215)
    time.sleep(1)
    return True


def _filled_sockets(count):
    kept = []
    for _ in range(count):
        one, other = socket.socketpair()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MEGABYTE)
        one.setblocking(False)
        one.send(b"x" * MEGABYTE)
        kept += one, other
    return kept


def _sent_away(name, megabytes):
    """A pair of sockets on which a removed file is on its way that is open nowhere."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with open(name, "wb", 0) as file:
        os.unlink(name)
        socket.send_fds(one, [b"x"], [file.fileno()])
        for _ in range(megabytes):
            file.write(b"x" * MEGABYTE)
    return one, other


def _filled_by_a_child():
    shared = mmap.mmap(-1, 150 * MEGABYTE)
    child = os.fork()
    if child == 0:
        for _ in range(150):
            shared.write(b"x" * MEGABYTE)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0 and shared


def _writes(name, megabytes):
    with open(name, "wb", 0) as file:
        for _ in range(megabytes):
            if file.write(b"x" * MEGABYTE) < MEGABYTE:
                return False
    return True


def _x86():
    return os.uname().machine == "x86_64"
