"""The walls under test: in this process, and as an ordinary user where the tests run as root."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugins.walls import AS_ROOT, Unconfined, Walls, public_copy, walls_of, worker

from luxos.runtime.sandbox import Limits

__all__ = ["public_copy", "worker"]


@pytest.fixture(params=["here", "bubblewrap"] if AS_ROOT else ["here"], ids=lambda kind: f"walls-{kind}")
def walls(request: pytest.FixtureRequest, worker: "subprocess.Popen[str]") -> Walls:
    """bubblewrap, as root (in this process) and as an ordinary user."""
    return walls_of(request.param, worker)


@pytest.fixture
def ordinary(worker: "subprocess.Popen[str]") -> Callable[[str], Walls]:
    """A backend by its name, as an ordinary user."""
    return lambda kind: walls_of(kind, worker)


@pytest.fixture
def free(walls: Walls, monkeypatch: pytest.MonkeyPatch) -> Unconfined:
    monkeypatch.setenv("SECRET_OF_THE_PERSON", "s3cret")
    return Unconfined(walls.owner, walls.python)


@pytest.fixture
def folder(walls: Walls) -> Iterator[Path]:
    """A folder that the confined user owns, and reaches (pytest's own are closed to others)."""
    with tempfile.TemporaryDirectory(prefix="luxos-test-", dir="/var/tmp") as name:
        walls.own(Path(name))
        yield Path(name)


@pytest.fixture
def quick() -> Limits:
    return Limits(seconds=60, processes=64)
