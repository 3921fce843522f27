"""Memory, queues and locks that processes share by a name and not by a file."""

import ctypes
import mmap
import os

from tests.security.inside import LIBC, attempt, holds_secret, kernel, read

LIBC.shmat.restype = ctypes.c_void_p


@attempt
def reads_shared_memory(world):
    """Attaches the person's shared memory (System V) and reads it."""
    segment = kernel("shmget", world.ipc_key, 0, 0)
    place = LIBC.shmat(segment, None, 0)
    if place == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "shmat")
    return holds_secret(world, ctypes.string_at(place, 64))


@attempt
def finds_shared_memory_by_its_number(world):
    """Tries the numbers of segments one by one, for which it needs no key."""
    status = ctypes.create_string_buffer(256)
    for index in range(256):
        place = LIBC.shmat(LIBC.shmctl(index, 13, status), None, 0o10000)  # SHM_STAT
        if place != ctypes.c_void_p(-1).value and holds_secret(world, ctypes.string_at(place, 64)):
            return True
    raise OSError(ctypes.get_errno(), "shmat")


@attempt
def makes_shared_memory(world):
    """Leaves memory behind that belongs to no process and lasts until the machine is restarted."""
    segment = kernel("shmget", 0, 4096, 0o1600)
    kernel("shmctl", segment, 0, None, number=31 if _x86() else 195)
    return True


@attempt
def sees_shared_memory(world):
    """Reads the list of the machine's shared memory."""
    with open("/proc/sysvipc/shm") as listed:  # to its end: one read gives a page
        return str(world.ipc_key) in listed.read()


@attempt
def reads_a_message(world):
    """Takes a message from the person's queue (System V)."""
    queue = kernel("msgget", world.ipc_key, 0)
    buffer = ctypes.create_string_buffer(80)
    kernel("msgrcv", queue, buffer, 64, 0, 0o4000 | 0o40000)  # MSG_NOWAIT, MSG_COPY: it stays there
    return holds_secret(world, buffer.raw)


@attempt
def sends_a_message(world):
    """Puts a message into the person's queue (System V)."""
    queue = kernel("msgget", world.ipc_key, 0)
    return kernel("msgsnd", queue, ctypes.create_string_buffer(b"\1\0\0\0\0\0\0\0x"), 1, 0o4000) == 0


@attempt
def holds_a_semaphore(world):
    """Reads, and could take, the person's semaphore (System V)."""
    return kernel("semctl", kernel("semget", world.ipc_key, 0, 0), 0, 12, 0) == 7


@attempt
def reads_a_posix_queue(world):
    """Opens the person's queue of messages (POSIX)."""
    queue = kernel("mq_open", world.queue.encode(), os.O_RDWR | os.O_NONBLOCK, 0, None)
    return queue >= 0


@attempt
def makes_a_posix_queue(world):
    """Makes a queue of messages, which stays until the machine is restarted."""
    name = f"luxos-attempt-{os.getpid()}".encode()
    kernel("mq_open", name, os.O_RDWR | os.O_CREAT, 0o600, None)
    kernel("mq_unlink", name, number=241 if _x86() else 181)
    return True


@attempt
def reads_posix_shared_memory(world):
    """Opens the person's shared memory by its name in /dev/shm."""
    return holds_secret(world, read(f"/dev/shm/{world.shared}"))


@attempt
def writes_posix_shared_memory(world):
    """Maps the person's shared memory and writes to it."""
    descriptor = os.open(f"/dev/shm/{world.shared}", os.O_RDWR)
    with mmap.mmap(descriptor, 64) as shared:
        shared[60] = shared[60] ^ 1
    return True


@attempt
def reads_a_memory_file_of_another(world):
    """Opens a file without a name (memfd) that a process outside holds."""
    return holds_secret(world, read(f"/proc/{world.victim}/fd/{world.victim_memory}"))


@attempt
def reads_a_pipe_of_another(world):
    """Opens a pipe between two processes outside, and takes what was meant for one of them."""
    descriptor = os.open(f"/proc/{world.victim}/fd/{world.victim_pipe}", os.O_RDWR | os.O_NONBLOCK)
    data = os.read(descriptor, 64)
    os.write(descriptor, data)
    return holds_secret(world, data)


@attempt
def leaves_a_file_in_shared_memory(world):
    """Leaves a file in /dev/shm for the next step, or for a program of the person that trusts its name."""
    with open(f"/dev/shm/{world.mark}", "w") as file:
        file.write("x")
    return False  # whether it is there is seen from outside


@attempt
def leaves_a_file_in_the_temporary_folder(world):
    """Leaves a file in /tmp at a name that a program of the person would use."""
    with open(f"/tmp/{world.mark}", "w") as file:
        file.write("x")
    return False  # as above


def _x86():
    return os.uname().machine == "x86_64"
