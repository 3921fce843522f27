"""Other processes of the same person: signalled, slowed, traced, read, written to; and living longer than the walls."""

import ctypes
import fcntl
import os
import resource
import signal
import subprocess
import sys
import time

from tests.security.inside import Vector, attempt, control, holds_secret, kernel, read

PTRACE_SEIZE = 0x4206


@attempt
def signals(world):
    """Sends a signal to a process outside."""
    os.kill(world.victim, 0)
    return True


@attempt
def signals_the_group(world):
    """Sends a signal to the group of a process outside."""
    os.killpg(world.victim, 0)
    return True


@attempt
def signals_a_thread(world):
    """Sends a signal to a thread outside."""
    return kernel("tgkill", world.victim, world.victim, 0) == 0


@attempt
def signals_with_a_value(world):
    """Queues a signal with a value for a process outside."""
    information = (ctypes.c_int32 * 32)(0, 0, -1)
    return kernel("rt_sigqueueinfo", world.victim, 0, information) == 0


@attempt
def signals_by_descriptor(world):
    """Opens a process outside and signals it by that."""
    return kernel("pidfd_send_signal", kernel("pidfd_open", world.victim, 0), 0, None, 0) == 0


@attempt
def signals_by_its_folder(world):
    """Signals a process by its folder in /proc."""
    return kernel("pidfd_send_signal", os.open(f"/proc/{world.victim}", os.O_RDONLY), 0, None, 0) == 0


@attempt
def has_the_kernel_signal(world):
    """Names a process outside as the owner of a pipe: the kernel then signals it when something is written."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(read_end, fcntl.F_SETOWN, world.victim)
    fcntl.fcntl(read_end, 10, signal.SIGUSR1)  # F_SETSIG
    fcntl.fcntl(read_end, fcntl.F_SETFL, fcntl.fcntl(read_end, fcntl.F_GETFL) | 0o20000)  # O_ASYNC
    os.write(write_end, b"x")
    return False  # whether the signal came is seen from outside


@attempt
def sees_other_processes(world):
    """Finds the processes of the person in /proc."""
    return _sees(world)


@attempt
def waits_for_a_process_to_end(world):
    """Learns when a process outside ends, by a descriptor of it."""
    return kernel("pidfd_open", world.victim, 0) >= 0


@attempt
def traces(world):
    """Attaches to a process outside as a debugger."""
    kernel("ptrace", PTRACE_SEIZE, world.victim, 0, 0)
    return True


@attempt
def reads_memory(world):
    """Reads the memory of a process outside (process_vm_readv)."""
    buffer = ctypes.create_string_buffer(64)
    ours, theirs = Vector(ctypes.addressof(buffer), 64), Vector(world.address, 64)
    kernel("process_vm_readv", world.victim, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    return holds_secret(world, buffer.raw)


@attempt
def writes_memory(world):
    """Writes to the memory of a process outside (process_vm_writev)."""
    ours, theirs = Vector(ctypes.addressof(ctypes.create_string_buffer(b"x")), 1), Vector(world.address + 40, 1)
    return kernel("process_vm_writev", world.victim, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) == 1


@attempt
def reads_memory_as_a_file(world):
    """Reads the memory of a process outside through /proc."""
    with open(f"/proc/{world.victim}/mem", "rb", 0) as file:
        file.seek(world.address)
        return holds_secret(world, file.read(64))


@attempt
def learns_the_layout_of_memory(world):
    """Reads where a process outside keeps what."""
    return bool(read(f"/proc/{world.victim}/maps"))


@attempt
def takes_a_descriptor(world):
    """Takes an open file out of a process outside (pidfd_getfd)."""
    there = kernel("pidfd_open", world.victim, 0)
    return holds_secret(world, os.pread(kernel("pidfd_getfd", there, world.victim_file, 0), 99, 0))


@attempt
def compares_processes(world):
    """Asks whether two processes outside share anything (kcmp), which finds their secrets one by one."""
    return kernel("kcmp", world.victim, world.victim, 0, 0, 0) == 0


@attempt
def limits_another(world):
    """Takes a process outside its right to open files."""
    soft, hard = resource.prlimit(world.victim, resource.RLIMIT_NOFILE)
    resource.prlimit(world.victim, resource.RLIMIT_NOFILE, (soft - 1, hard))
    return True


@attempt
def slows_another(world):
    """Lowers the priority of a process outside."""
    os.setpriority(os.PRIO_PROCESS, world.victim, os.getpriority(os.PRIO_PROCESS, world.victim) + 1)
    return True


@attempt
def slows_everything_of_the_person(world):
    """Lowers the priority of a whole group of processes outside."""
    os.setpriority(os.PRIO_PGRP, world.victim, os.getpriority(os.PRIO_PGRP, world.victim) + 1)
    return True


@attempt
def moves_another_to_one_processor(world):
    """Holds a process outside to one processor."""
    os.sched_setaffinity(world.victim, {0})
    return True


@attempt
def schedules_another(world):
    """Makes a process outside run only when nothing else does."""
    os.sched_setscheduler(world.victim, os.SCHED_BATCH, os.sched_param(0))
    return True


@attempt
def slows_the_disk_of_another(world):
    """Lowers the priority of what a process outside reads and writes."""
    return kernel("ioprio_set", 1, world.victim, 3 << 13) == 0


@attempt
def offers_another_to_the_killer(world):
    """Makes a process outside the first to die when memory is short."""
    with open(f"/proc/{world.victim}/oom_score_adj", "w") as file:
        file.write("900")
    return True


@attempt
def moves_the_memory_of_another(world):
    """Asks where the memory of a process outside lies."""
    page = (ctypes.c_void_p * 1)(world.address & ~4095)
    status = (ctypes.c_int * 1)()
    kernel("move_pages", world.victim, 1, page, None, status, 0)
    return True


@attempt(by="root")
def advises_the_memory_of_another(world):
    """Has the memory of a process outside thrown out (process_madvise)."""
    there = kernel("pidfd_open", world.victim, 0)
    page = Vector(world.address & ~4095, 4096)
    return kernel("process_madvise", there, ctypes.byref(page), 1, 20, 0) >= 0


@attempt
def dumps_more_of_another(world):
    """Changes what of a process outside is written when it crashes."""
    with open(f"/proc/{world.victim}/coredump_filter", "w") as file:
        file.write("0x33")
    return True


@attempt
def lives_on(world):
    """Leaves a process behind that is in no group, ignores what it can, and asks not to die with anybody."""
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        control(1, 0)  # PR_SET_PDEATHSIG: none
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        null = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import time; time.sleep(20)", world.mark])
    time.sleep(0.1)
    return False  # whether it is still there is seen from outside


@attempt(dies=True, breaks=True)
def kills_its_keeper(world):
    """Ends the process that would end what it leaves behind."""
    subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(20)", world.mark],
        stdout=-3,
        stderr=-3,
        start_new_session=True,
    )
    if world.confined:  # without walls that process is the test
        os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.1)
    return False  # as above


def _sees(world):
    return os.path.exists(f"/proc/{world.victim}/stat")
