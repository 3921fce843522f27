"""The world outside the walls, of one user: what attempts are after, and by what it is seen that they got there.

Files, a process (the victim), servers, shared memory, a terminal. `facts()` says how all of it is; what an attempt
changed there was reached, whatever the attempt itself says.
"""

import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.plugins.walls import AS_ROOT, ORDINARY, OTHER_PYTHON, SECRET, as_user
from tests.security.inside import CALLS, LIBC, X86

KNOCKING = 0.02
"""Seconds between two times that the person's programs look for their server."""
VICTIM = """
import ctypes, json, os, signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: open(sys.argv[2], "a").write("x"))
for number in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
kept = ctypes.create_string_buffer(os.environ["SECRET_OF_THE_PERSON"].encode(), 4096)
file = os.open("secret", os.O_RDONLY)
memory = os.memfd_create("held"); os.write(memory, kept.value)
pipe, end = os.pipe(); os.write(end, kept.value)
terminal = os.open(sys.argv[3], os.O_RDWR | os.O_NOCTTY)
print(json.dumps({"victim": os.getpid(), "address": ctypes.addressof(kept), "victim_file": file,
                  "victim_memory": memory, "victim_pipe": pipe, "victim_terminal": terminal}), flush=True)
while True:
    time.sleep(3600)
"""


class Stage:
    """One user's world; `reset` makes it as it was."""

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.mark = f"luxos-attempt-{secrets.token_hex(6)}"
        self.outer = Path(tempfile.mkdtemp(prefix="luxos-test-", dir="/var/tmp"))
        self.outer.chmod(0o755)
        self.folder, self.project, self.public = (self.outer / name for name in ("home", "project", "public"))
        self.servers = Servers(self.outer, self.mark)
        self.shared = Shared(self.mark, owner)
        self.victim: subprocess.Popen[str] | None = None
        self.reset()

    def reset(self) -> None:
        """Everything anew but the servers."""
        self._end_victim()
        for folder in (self.folder, self.project, self.public):
            _remove(folder)
            folder.mkdir()
        self._fill()
        for path in (self.outer, *self.outer.rglob("*")):
            if not path.is_socket() and "tools" not in path.parts:
                os.chown(path, self.owner, self.owner, follow_symlinks=False)
        self.folder.chmod(0o700)
        self.shared.reset()
        self._start_victim()
        self._before = self.facts()

    def _fill(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(SECRET)
        os.setxattr(secret, "user.note", b"note")
        (self.folder / "file").write_text("a line\n")
        (self.folder / "empty").mkdir()
        (self.folder / "link").symlink_to("nowhere")
        (self.project / "a").write_text("a")
        (self.public / "signals").touch()
        secret.chmod(0o600)
        _make_tools(self.folder / "tools", self.other_user)

    @property
    def other_user(self) -> int:
        """Whose rights the setuid program has."""
        return ORDINARY if self.owner == 0 else 0

    def _start_victim(self) -> None:
        self.master, slave = os.openpty()
        terminal = os.ttyname(slave)
        os.chown(terminal, self.owner, -1)
        self.victim = subprocess.Popen(
            [OTHER_PYTHON, "-I", "-S", "-c", VICTIM, SECRET, str(self.public / "signals"), terminal],
            cwd=self.folder,
            env={"SECRET_OF_THE_PERSON": SECRET},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **as_user(self.owner),  # type: ignore[call-overload]
        )
        assert self.victim.stdout is not None
        self.about_victim = {**json.loads(self.victim.stdout.readline()), "terminal": terminal}
        os.close(slave)

    def _end_victim(self) -> None:
        if self.victim is not None:
            self.victim.kill()
            self.victim.communicate()
            os.close(self.master)

    def world(self, *, confined: bool) -> dict[str, Any]:
        """What an attempt is told."""
        return {
            "folder": str(self.folder),
            "secret": str(self.folder / "secret"),
            "file": str(self.folder / "file"),
            "checksum": zlib.crc32(SECRET.encode()),
            "mark": self.mark,
            "other_user": self.other_user,
            "confined": confined,
            **self.about_victim,
            **self.servers.addresses,
            **self.shared.names,
        }

    def touched(self) -> list[str]:
        """What is not as it was; afterwards it is."""
        now = self.facts()
        found = sorted(name for name in {*self._before, *now} if self._before.get(name) != now.get(name))
        if found:
            self._end_marked()
            self.reset()
        return found

    def facts(self) -> dict[str, Any]:
        """How the world is."""
        return {
            **{f"file {name}": value for name, value in _tree(self.folder).items()},
            **{f"victim {name}": value for name, value in self._victim_facts().items()},
            **{f"server {name}": count for name, count in self.servers.arrivals().items()},
            **{f"shared {name}": value for name, value in self.shared.facts().items()},
            "processes left": len(self._marked()),
            "temporary files left": [
                str(path) for place in ("/tmp", "/dev/shm") for path in Path(place).glob(f"{self.mark}*")
            ],
        }

    def _victim_facts(self) -> dict[str, Any]:
        pid = self.about_victim["victim"]
        assert self.victim is not None
        if self.victim.poll() is not None:
            return {"lives": False}
        status = Path(f"/proc/{pid}/status").read_text()
        return {
            "lives": True,
            "stopped or traced": [line for line in status.splitlines() if line.startswith("TracerPid")],
            "signals": (self.public / "signals").stat().st_size,
            "priority": os.getpriority(os.PRIO_PROCESS, pid),
            "processors": os.sched_getaffinity(pid),
            "scheduler": os.sched_getscheduler(pid),
            "disk priority": LIBC.syscall(CALLS["ioprio_set"][not X86] + 1, 1, pid),
            "limits": Path(f"/proc/{pid}/limits").read_text(),
            "oom": Path(f"/proc/{pid}/oom_score_adj").read_text(),
            "dump": Path(f"/proc/{pid}/coredump_filter").read_text(),
            "memory": _peek(pid, self.about_victim["address"] + 40),
        }

    def _marked(self) -> list[int]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if self.mark.encode() in (process / "cmdline").read_bytes().split(b"\0")[1:]:
                    found.append(int(process.name))
        return found

    def _end_marked(self) -> None:
        for pid in self._marked():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for place in ("/tmp", "/dev/shm"):
            for path in Path(place).glob(f"{self.mark}*"):
                path.unlink()

    def close(self) -> None:
        self._end_marked()
        self._end_victim()
        self.servers.close()
        self.shared.close()
        _remove(self.outer)


class Servers:
    """What listens on this machine: those that count who came, those that answer, and programs that look for theirs."""

    def __init__(self, folder: Path, mark: str) -> None:
        self._counting = {
            "tcp": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "tcp6": _bound(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "udp": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "udp_lite": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0), 136),
            "unix": _bound(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "server")),
            "abstract": _bound(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{mark}"),
            "abstract_datagram": _bound(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{mark}-datagram"),
        }
        self._answering = {
            "files": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "giver": _bound(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "giver")),
        }
        self._held = os.memfd_create("given")
        os.write(self._held, SECRET.encode())
        with socket.create_server(("127.0.0.1", 0)) as server:
            free = server.getsockname()[1]
        self.addresses = {
            name: None if one is None else _address(one) for name, one in (self._counting | self._answering).items()
        }
        self.addresses |= {"callback": free, "impostor": f"{mark}-impostor"}
        self._counts = dict.fromkeys(self._counting, 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def arrivals(self) -> dict[str, int]:
        """How often somebody came, by server."""
        for name, one in self._counting.items():
            while one is not None and _came(one):
                self._counts[name] += 1
        return dict(self._counts)

    def _serve(self) -> None:
        while not self._ended.wait(KNOCKING):
            for name, one in self._answering.items():
                with suppress(BlockingIOError):
                    assert one is not None
                    self._answer(name, one.accept()[0])
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end, suppress(OSError):
                end.sendto(b"x", f"\0{self.addresses['impostor']}")
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.addresses["callback"]), 0.2).close()

    def _answer(self, name: str, end: socket.socket) -> None:
        with end, suppress(OSError):
            if name == "files":
                end.sendall(SECRET.encode())
            else:
                socket.send_fds(end, [b"x"], [self._held])

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        for one in (*self._counting.values(), *self._answering.values()):
            if one is not None:
                one.close()
        os.close(self._held)


class Shared:
    """Memory, a queue and a semaphore with a number (System V), a queue and memory with a name (POSIX), and a key."""

    def __init__(self, mark: str, owner: int) -> None:
        self.key = secrets.randbelow(1 << 30) + 1
        self._owner = owner
        self._memory = Path("/dev/shm", f"shared-{mark}")
        self._queue = f"queue-{mark}"
        self._numbers: dict[str, int] = {}
        self._serial = self._add_key(mark)
        self.names = {"ipc_key": self.key, "queue": self._queue, "shared": self._memory.name, "key": self._serial}

    def _add_key(self, mark: str) -> int:
        """In the user's own keyring, readable by the user's processes that do not possess it, too."""
        add, control = (CALLS[name][not X86] for name in ("add_key", "keyctl"))
        source = (
            f"import ctypes; call = ctypes.CDLL(None).syscall; text = b'{SECRET}'\n"
            f"serial = call({add}, b'user', b'{mark}', text, len(text), -4)\n"
            f"call({control}, 5, serial, 0x3f3f0000); print(serial)"
        )
        done = subprocess.run(
            [OTHER_PYTHON, "-I", "-S", "-c", source],
            capture_output=True,
            text=True,
            check=True,
            **as_user(self._owner),  # type: ignore[call-overload]
        )
        return int(done.stdout)

    def reset(self) -> None:
        self._remove()
        self._memory.write_bytes(SECRET.encode().ljust(64, b"\0"))
        os.chown(self._memory, self._owner, -1)
        LIBC.shmat.restype = ctypes.c_void_p
        flags = 0o666 | 0o1000
        self._numbers = {
            "memory": LIBC.shmget(self.key, 4096, flags),
            "queue": LIBC.msgget(self.key, flags),
            "semaphore": LIBC.semget(self.key, 1, flags),
        }
        place = LIBC.shmat(self._numbers["memory"], None, 0)
        ctypes.memmove(place, SECRET.encode(), len(SECRET))
        LIBC.shmdt(ctypes.c_void_p(place))
        message = ctypes.create_string_buffer((1).to_bytes(8, "little") + SECRET.encode())
        LIBC.msgsnd(self._numbers["queue"], message, len(SECRET), 0)
        LIBC.semctl(self._numbers["semaphore"], 0, 16, 7)
        small = (ctypes.c_long * 8)(0, 1, 64)  # what a user's queues hold together is little
        flags = os.O_RDWR | os.O_CREAT
        opened = LIBC.syscall(CALLS["mq_open"][not X86], self._queue.encode(), flags, 0o666, small)
        os.fchmod(opened, 0o666)
        os.close(opened)

    def facts(self) -> dict[str, Any]:
        status = ctypes.create_string_buffer(256)
        LIBC.msgctl(self._numbers["queue"], 2, status)
        waiting = ctypes.c_ulong.from_buffer(status, 48 + 3 * 8 + 8)
        return {
            "memory": self._memory.read_bytes() if self._memory.exists() else None,
            "messages": waiting.value,
            "semaphore": LIBC.semctl(self._numbers["semaphore"], 0, 12, 0),
        }

    def _remove(self) -> None:
        self._memory.unlink(missing_ok=True)
        if self._numbers:
            LIBC.shmctl(self._numbers["memory"], 0, None)
            LIBC.msgctl(self._numbers["queue"], 0, None)
            LIBC.semctl(self._numbers["semaphore"], 0, 0)
            LIBC.syscall(CALLS["mq_open"][not X86] + 1, self._queue.encode())

    def close(self) -> None:
        self._remove()
        LIBC.syscall(CALLS["keyctl"][not X86], 21, self._serial)  # KEYCTL_INVALIDATE


def _make_tools(folder: Path, other: int) -> None:
    """Programs that run with more rights than who starts them has: only root can make them."""
    folder.mkdir()
    shutil.copy("/usr/bin/id", folder / "id")
    shutil.copy(OTHER_PYTHON, folder / "python")
    if AS_ROOT:
        os.chown(folder / "id", other, other)
        (folder / "id").chmod(0o4755)
        reads_everything = (0x02000001).to_bytes(4, "little") + (4).to_bytes(4, "little") + bytes(12)
        os.setxattr(folder / "python", "security.capability", reads_everything)


def _bound(family: int, kind: int, address: Any, protocol: int = 0) -> socket.socket | None:
    try:
        one = socket.socket(family, kind, protocol)
        one.bind(address)
    except OSError:
        return None  # this machine has no such thing: the attempt says so
    if kind == socket.SOCK_STREAM:
        one.listen(64)
    if family == socket.AF_UNIX and not address.startswith("\0"):
        Path(address).chmod(0o777)
    one.setblocking(False)
    return one


def _address(one: socket.socket) -> Any:
    name = one.getsockname()
    if isinstance(name, bytes):
        return name[1:].decode()
    return name if isinstance(name, str) else name[1]


def _came(one: socket.socket) -> bool:
    with suppress(BlockingIOError):
        if one.type == socket.SOCK_STREAM:
            one.accept()[0].close()
        else:
            one.recv(99)
        return True
    return False


def _tree(folder: Path) -> dict[str, Any]:
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) and "tools" not in path.parts else None
        marks = os.listxattr(path, follow_symlinks=False)
        found[str(path.relative_to(folder))] = (
            status.st_mode, status.st_uid, status.st_mtime_ns, marks, content and zlib.crc32(content),
        )  # fmt: skip
    return found


def _peek(pid: int, address: int) -> int:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        file.seek(address)
        return file.read(1)[0]


def _remove(folder: Path) -> None:
    for parent, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(parent).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def settled(stage: Stage) -> list[str]:
    """What is not as it was, when what is on its way has come."""
    time.sleep(0.002)
    return stage.touched()
