"""Where the session's database lies: in memory where there is room, since its many clones need not survive anything.

A clone on a disk costs ten times what it costs in memory. Tests of the database's own files have servers of their own,
on the disk.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")
_ROOM = 1 << 30
_VARIABLE = "TESTS_DATABASE_FOLDER"
_NAME = f"luxos-tests-{os.geteuid()}"
_SECONDS = 60.0
_held = ExitStack()


def folder_in_memory() -> Path | None:
    """The folder that all workers of this session share, or `None` where there is no room for one."""
    return Path(found) if (found := os.environ.get(_VARIABLE)) else None


def pytest_configure() -> None:
    """Makes the folder, before there are workers, who find it in their environment."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.pop(_VARIABLE, None)
    with suppress(OSError):
        if shutil.disk_usage(_MEMORY).free > _ROOM:
            os.environ[_VARIABLE] = str(_make())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ and (folder := folder_in_memory()):
        _remove(folder)
        _held.close()


def _make() -> Path:
    from luxos.persistence.locks import locked

    with locked(_MEMORY / f"{_NAME}.lock", exclusive=True, seconds=_SECONDS):
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=f"{_NAME}-", dir=_MEMORY))
        _held.enter_context(locked(folder / "session", exclusive=True, seconds=_SECONDS))
    return folder


def _sweep() -> None:
    """Removes what sessions have left that were killed."""
    from luxos.persistence.locks import is_held

    for folder in _MEMORY.glob(f"{_NAME}-*"):
        if not is_held(folder / "session"):
            _remove(folder)


def _remove(folder: Path) -> None:
    """Removes the folder once the server in it, which ends with its last user, has stopped."""
    from luxos.persistence.locks import locked

    guardian = folder / "home" / "postgres.guardian"
    if guardian.exists():
        with suppress(TimeoutError), locked(guardian, exclusive=True, seconds=_SECONDS):
            pass
    shutil.rmtree(folder, ignore_errors=True)
