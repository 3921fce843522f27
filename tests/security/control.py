"""Runs an attempt without walls, as any user, under hard limits and where it cannot hurt this machine.

Root's mounts and names stay in namespaces of the control's own; nothing of it outlives its time.
"""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.plugins.walls import OTHER_PYTHON, SECRET, as_user
from tests.security.corpus import Attempt, read_end
from tests.security.stage import Stage

SECONDS = 30
APART = """
import ctypes, os, resource
if os.geteuid() == 0:
    libc = ctypes.CDLL(None)
    libc.unshare(0x24020000 & ~0x20000000)
    libc.mount(b"none", b"/", None, 0x44000, None)
for kind, bound in ((resource.RLIMIT_AS, 2 << 30), (resource.RLIMIT_FSIZE, 512 << 20), (resource.RLIMIT_CPU, 20)):
    resource.setrlimit(kind, (bound, bound))
"""


def control(attempt: Attempt, stage: Stage) -> str | None:
    """How the attempt ended without walls, as it says itself; `None` where it died."""
    leaked = [os.open(path, os.O_RDONLY) for path in (stage.folder / "secret", stage.folder)]
    environment = {
        "SECRET_OF_THE_PERSON": SECRET,
        "SSH_AUTH_SOCK": str(stage.outer / "server"),
        "PATH": "/usr/bin:/bin",
    }
    with tempfile.TemporaryDirectory(prefix="luxos-test-", dir="/var/tmp", ignore_cleanup_errors=True) as place:
        os.chown(place, stage.owner, stage.owner)
        with subprocess.Popen(
            [OTHER_PYTHON, "-I", "-S", "-c", APART + attempt.program(), json.dumps(stage.world(confined=False))],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=leaked,
            start_new_session=True,
            **as_user(stage.owner),  # type: ignore[call-overload]
        ) as process:
            try:
                said, _ = process.communicate(timeout=SECONDS)
            finally:
                _end(process.pid)
                for descriptor in leaked:
                    os.close(descriptor)
        for path in Path(place).glob("**/"):
            path.chmod(0o700)
    return read_end(said)


def _end(session: int) -> None:
    """The attempt's whole session; what left it bears the stage's mark and is ended by the stage."""
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        return
