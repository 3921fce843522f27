"""Terminals: typing for the person, writing on their screen, taking their terminal away."""

import ctypes
import fcntl
import os
import termios

from tests.security.inside import LIBC, attempt, in_child, opens

TIOCSTI, TIOCSETD = 0x5412, 0x5423


@attempt(lacks="tiocsti")
def types_for_itself(world):
    """Types a letter into a terminal of its own by TIOCSTI; into the person's it would be a command."""
    return _types(TIOCSTI)


@attempt(lacks="tiocsti")
def types_by_a_wide_number(world):
    """The same with bits that the kernel ignores and a filter may not (CVE-2019-7303)."""
    return _types((1 << 32) | TIOCSTI)


@attempt
def writes_on_the_persons_screen(world):
    """Opens the person's terminal by its name and writes what looks like a question."""
    return os.write(os.open(world.terminal, os.O_WRONLY | os.O_NOCTTY), b"?") == 1


@attempt
def reads_what_the_person_types(world):
    """Opens the person's terminal by its name for reading."""
    return opens(world.terminal, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)


@attempt
def takes_the_terminal_of_another_process(world):
    """Opens the person's terminal through the descriptors of a process outside."""
    return opens(f"/proc/{world.victim}/fd/{world.victim_terminal}", os.O_RDWR | os.O_NOCTTY)


@attempt
def makes_the_terminal_its_own(world):
    """Becomes the leader of a session and makes the person's terminal its own."""

    def work():
        os.setsid()
        terminal = os.open(world.terminal, os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        return opens("/dev/tty", os.O_RDWR)

    return in_child(work)


@attempt(by="root")
def writes_on_the_console(world):
    """Opens the machine's console."""
    return any(_opens(path) for path in ("/dev/console", "/dev/tty0", "/dev/tty1", "/dev/ttyS0"))


@attempt(by="root")
def loads_the_screen(world):
    """Reads what stands on the console (/dev/vcs)."""
    return any(_opens(path) for path in ("/dev/vcs", "/dev/vcsa", "/dev/tty63"))


@attempt(lacks="line disciplines")
def loads_a_line_discipline(world):
    """Has the kernel load a way to read terminals that nobody uses (N_GSM, N_HDLC, …), where holes were found."""
    _, slave = os.openpty()
    for number in (1, 3, 5, 13, 15, 16, 18, 20, 21, 22, 25, 26, 27, 28):
        try:
            fcntl.ioctl(slave, TIOCSETD, ctypes.c_int(number))
        except OSError as refusal:
            problem = refusal
        else:
            return True
    raise problem


def _types(request):
    _, slave = os.openpty()
    letter = ctypes.c_char(b"x")
    LIBC.ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)
    return in_child(lambda: _types_in_session(slave, request, letter))


def _types_in_session(slave, request, letter):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    if LIBC.ioctl(slave, request, ctypes.addressof(letter)):
        raise OSError(ctypes.get_errno(), "TIOCSTI")
    return True


def _opens(path):
    try:
        return opens(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
