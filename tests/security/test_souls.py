"""Attempts of souls: in a careless host each gets there, in our tiers none does. `make attacks` makes all of them."""

import asyncio
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.plugins.remote_tier import RemoteTier
from tests.plugins.sampling import WHOLE
from tests.plugins.walls import AS_ROOT, ORDINARY, OTHER_IS_OURS, SECRET, as_user
from tests.runtime.hermetic.conftest import THIS, code_of
from tests.security import careless_host as host
from tests.security import souls
from tests.security.canary import CANARY, MORE, MORE_RIGHT, RIGHT

from luxos.errors import LuxError
from luxos.runtime.code import Ask, Given, Tier
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.isolated import Isolated

EVERY = 1 if WHOLE else 8
"""`make test` makes each eighth attempt of a family, `make attacks` all of them."""
FAMILIES = sorted(found.name for found in pkgutil.iter_modules(souls.__path__))
HOST_SECRET = "h0st-" + SECRET
CANARIES = [(CANARY, RIGHT), (MORE, MORE_RIGHT)]
pytestmark = pytest.mark.slow


def all_of(family: str) -> dict[str, str]:
    """The sources of a family by name."""
    bodies: dict[str, str] = importlib.import_module(f"tests.security.souls.{family}").SOULS
    return {name: source_of(body) for name, body in bodies.items()}


def source_of(body: str) -> str:
    return "def function(world):\n" + "\n".join(f"    {line}" for line in body.strip("\n").splitlines()) + "\n"


def sample(family: str) -> dict[str, str]:
    return dict([*all_of(family).items()][::EVERY])


@dataclass
class World:
    """What is outside, and not to be reached."""

    folder: Path
    server: socket.socket
    owner: int
    victim: "subprocess.Popen[bytes] | None" = None

    @property
    def told(self) -> dict[str, Any]:
        """What attempts are told of it."""
        return {
            "secret": str(self.folder / "secret"),
            "code": str(self.folder / "secret_module.py"),
            "marker": str(self.folder / "marker"),
        }

    def given(self) -> dict[str, Any]:
        """The same for an attempt in one of our tiers, beside a process that lives."""
        if self.victim is None or self.victim.poll() is not None:
            self.victim = subprocess.Popen(["/bin/sleep", "600"], **as_user(self.owner))  # type: ignore[call-overload]
        return {**self.told, "port": self.server.getsockname()[1], "pid": self.victim.pid, "list": [1]}

    def touched(self) -> list[str]:
        """What is not as it was."""
        problems = []
        if (self.folder / "marker").exists() or (self.folder / "marker").is_symlink():
            problems.append("the marker is there")
        if self.victim is not None and self.victim.poll() is not None:
            problems.append("another process was ended")
        with suppress(BlockingIOError):
            self.server.accept()
            problems.append("it was connected")
        return problems


@contextmanager
def world_of(owner: int) -> Iterator[World]:
    """One whose files and processes are this user's."""
    with (
        TemporaryDirectory(prefix="luxos-test-", dir="/var/tmp") as name,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        folder = Path(name)
        (folder / "secret").write_text(SECRET)
        (folder / "secret_module.py").write_text(f"SECRET = {SECRET!r}\n")
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner, owner)
        server.setblocking(False)
        made = World(folder, server, owner)
        try:
            yield made
        finally:
            if made.victim is not None:
                made.victim.kill()
                made.victim.wait()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SECRET_OF_THE_PERSON", SECRET)
    with world_of(os.geteuid()) as made:
        yield made


@pytest.fixture(params=["hermetic", "isolated"])
async def tier(request: pytest.FixtureRequest, tmp_path: Path, world: World) -> AsyncIterator[Tier]:
    made: Hermetic | Isolated = Hermetic(tmp_path) if request.param == "hermetic" else Isolated(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def ordinary_world() -> Iterator[World]:
    with world_of(ORDINARY if AS_ROOT else os.geteuid()) as made:
        yield made


@pytest.fixture(params=[f"{kind}-{walls}" for kind in ("hermetic", "isolated") for walls in ("bubblewrap", "sandlock")])
async def ordinary_tier(request: pytest.FixtureRequest, worker: "subprocess.Popen[str]") -> AsyncIterator[Tier]:
    """A tier of an ordinary user, behind each of the walls that hold one."""
    if not OTHER_IS_OURS:
        pytest.skip("the system's Python is of another version than ours")
    made = RemoteTier(*request.param.split("-"), worker)
    yield made
    await made.close()


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert sum(len(all_of(family)) for family in FAMILIES) >= 180


@pytest.mark.parametrize("family", FAMILIES)
def test_a_careless_host_is_reached(family: str, world: World) -> None:
    secrets = {"host_secret": HOST_SECRET, "person_secret": SECRET}
    task = {"souls": sample(family), "world": {**world.told, **secrets}, "canaries": CANARIES}
    (world.folder / "task").write_text(json.dumps(task))
    done = subprocess.run(
        [sys.executable, "-I", "-S", host.__file__, world.folder / "task"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout.splitlines()[-1])
    assert {name: said for name, (problems, said) in ends.items() if not problems} == {}
    assert list(ends) == list(task["souls"])


@pytest.mark.parametrize("family", FAMILIES)
async def test_our_tiers_are_not(family: str, tier: Tier, world: World) -> None:
    ends = {name: await end(tier, source, world) for name, source in sample(family).items()}
    assert {name: problems for name, problems in ends.items() if problems} == {}
    for owner in ("ania", "jan"):
        assert await canaries(tier, owner) == []


@pytest.mark.parametrize("family", FAMILIES)
async def test_neither_are_those_of_an_ordinary_user(family: str, ordinary_tier: Tier, ordinary_world: World) -> None:
    souls = [*sample(family).items()][:: 1 if WHOLE else 4]
    ends = {name: await end(ordinary_tier, source, ordinary_world) for name, source in souls}
    assert {name: problems for name, problems in ends.items() if problems} == {}
    assert await canaries(ordinary_tier, "jan") == []


async def end(tier: Tier, source: str, world: World) -> list[str]:
    """How the attempt got there; nothing where it did not."""
    seen, given, this = host.Seen(), world.given(), json.loads(json.dumps(THIS))
    before = json.dumps([given, this])

    async def answer(ask: Ask) -> Any:
        return seen.answer(ask.args, ask.kwargs)

    try:
        done = await tier.call(code_of(source, seconds=5), Given([given], {}, this), answer, _soon())
        said = f"{done.result!r} {done.printed}"
    except LuxError as error:
        said = f"{error} {error.details}"
    problems = [*seen.changed(), *world.touched(), *await canaries(tier, "ania")]
    if SECRET in said:
        problems.append(f"it has the secret: {said[:300]}")
    if json.dumps([given, this]) != before:
        problems.append("what it was given was changed")
    return problems


async def canaries(tier: Tier, owner: str) -> list[str]:
    """What the next call finds that it should not."""

    async def answer(ask: Ask) -> Any:
        return ask.args[-1]

    problems = []
    is_isolated = isinstance(tier, Isolated) or (isinstance(tier, RemoteTier) and tier.kind == "isolated")
    for source, right in CANARIES if is_isolated else CANARIES[:1]:
        found = (await tier.call(code_of(source, owner=owner), Given([5], {}, THIS), answer, _soon())).result
        if found != right:
            problems.append(f"the next call finds {found}")
    return problems


def _soon() -> float:
    return asyncio.get_running_loop().time() + 60
