"""A component for tests: `python -I -S kernel_member.py NAME [WHAT IT DOES]`; it writes what becomes of it."""

import os
import signal
import socket
import sys
import time

name, does = sys.argv[1], sys.argv[2:]
address = os.environ["NOTIFY_SOCKET"]
folder = address.rpartition("/")[0]
beat = float(os.environ.get("WATCHDOG_USEC", "1000000")) / 5_000_000


def write(word: str, pid: int | None = None) -> None:
    line = f"{word} {name} {pid or os.getpid()}\n"
    descriptor = os.open(f"{folder}/members.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, line.encode())
    os.close(descriptor)


def say(words: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(1.0)
        try:
            sender.connect(address)
            sender.send(words.encode())
        except OSError:
            pass  # no kernel hears us just now


def stop(_number: int, _frame: object) -> None:
    write("stops")
    sys.exit(0)


def daemon() -> None:
    """A grandchild that goes away from us: a session of its own, an environment of its own, another parent."""
    read, ready = os.pipe()
    if (child := os.fork()) == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            write("daemon")
            os.close(ready)
            script = "import time; time.sleep(600)"
            environment = {} if "hidden" in does else dict(os.environ)
            os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", script, folder], environment)  # noqa: S606
        os._exit(0)
    os.close(ready)
    os.waitpid(child, 0)
    os.read(read, 1)


if "LUXOS_SPARE" in os.environ:
    write("waits")
    say("SPARE=1")
    if not os.read(0, 1):
        sys.exit(0)
write("begins")
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in does else stop)
if "daemon" in does or "hidden" in does:
    daemon()
if "fails" in does:
    sys.exit(3)
if "unready" not in does:
    say("READY=1")
while True:
    time.sleep(beat)
    if "mute" not in does:
        say("WATCHDOG=1")
