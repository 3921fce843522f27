"""The process between LuxOS and a command that has no PID namespace: started as a script, imports nothing of LuxOS.

It reads a JSON object from the descriptor in its first argument, says its number on the status descriptor, waits for a
byte at the gate, and starts the command: behind sandlock, or plainly behind Landlock and a seccomp filter. It adopts
everything that the command leaves behind (as a subreaper) and kills it at the end; told to end by SIGTERM, or when
LuxOS dies, it does so at once.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38
SECCOMP_MODE_FILTER = 2
ENDED = 128 + signal.SIGKILL
_libc = ctypes.CDLL(None, use_errno=True)


def main(descriptor: int, *arguments: str) -> int:
    """Runs one command, with more arguments, and returns its exit code, a shell's `128 + n` for a signal."""
    parent = os.getppid()
    signal.signal(signal.SIGTERM, _end)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return ENDED
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    with os.fdopen(descriptor, "rb") as file:
        plan = json.load(file)
    plan["argv"] += arguments
    os.write(plan["status"], json.dumps({"child-pid": os.getpid()}).encode() + b"\n")
    if not os.read(plan["gate"], 1):
        return ENDED
    broken, broken_inside = os.pipe()  # closed by a successful exec
    worker = os.fork()
    if worker == 0:
        os._exit(_work(plan, broken_inside))
    os.close(broken_inside)
    code = os.waitstatus_to_exitcode(_await(worker))
    _kill_descendants()
    code = code if code >= 0 else 128 - code
    if not os.read(broken, 1):
        os.write(plan["status"], json.dumps({"exit-code": code}).encode() + b"\n")
    return code


def _end(_number: int, _frame: FrameType | None) -> None:
    _kill_descendants()
    os._exit(ENDED)


def _await(worker: int) -> int:
    """Waits for the worker, burying the orphans that come to us meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == worker:
            return status


def _kill_descendants() -> None:
    while pids := _descendants():
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.002)


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(process.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _work(plan: dict[str, Any], broken: int) -> int:
    """In the forked child: the walls, then the command."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.close(plan["status"])
        os.close(plan["gate"])
        os.setsid()
        for kind, bound in plan["rlimits"]:
            resource.setrlimit(kind, (bound, bound))
        os.chdir(plan["cwd"])
        sys.path += [plan["library"]] if plan["library"] else []
        return _behind_sandlock(plan) if plan["kind"] == "sandlock" else _behind_filter(plan)
    except Exception as problem:
        os.write(broken, b"!")
        _say(f"the walls were not built: {problem}")
        return 126


def _behind_sandlock(plan: dict[str, Any]) -> int:
    from sandlock import ExitReason, Sandbox

    with Sandbox(**plan["sandlock"]).popen(plan["argv"]) as process:
        result = process.wait()
    if result.reason is ExitReason.EXITED:
        if result.exit_code < 0:
            raise OSError(result.error or "sandlock gave no exit code")
        return int(result.exit_code)
    return 128 + result.signal if result.signal > 0 else ENDED


def _behind_filter(plan: dict[str, Any]) -> int:
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if plan["landlock"]:
        from sandlock import Sandbox, confine

        confine(Sandbox(**plan["landlock"]))
    _load_filter(bytes.fromhex(plan["filter"]))
    try:
        os.execvpe(plan["argv"][0], plan["argv"], plan["environment"])  # noqa: S606 - an argument list, no shell
    except OSError as problem:
        _say(f"execvp {plan['argv'][0]}: {problem.strerror}")
        return 127 if isinstance(problem, FileNotFoundError) else 126


def _say(text: str) -> None:
    sys.stderr.write(f"luxos: {text}\n")
    sys.stderr.flush()


def _load_filter(lines: bytes) -> None:
    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))

    program = Program(len(lines) // 8, lines)
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
