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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.walls import SECRET
from tests.runtime.hermetic.conftest import THIS, code_of
from tests.security import careless_host as host
from tests.security import souls
from tests.security.canary import CANARY, MORE, MORE_RIGHT, RIGHT

from luxos.errors import LuxError
from luxos.runtime.code import Ask, Given, Tier
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.isolated import Isolated

EVERY = 1 if os.environ.get("LUXOS_ALL_FAULTS") else 8
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
            self.victim = subprocess.Popen(["/bin/sleep", "600"])
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


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SECRET_OF_THE_PERSON", SECRET)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret_module.py").write_text(f"SECRET = {SECRET!r}\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        made = World(tmp_path, server)
        yield made
    if made.victim is not None:
        made.victim.kill()
        made.victim.wait()


@pytest.fixture(params=["hermetic", "isolated"])
async def tier(request: pytest.FixtureRequest, tmp_path: Path, world: World) -> AsyncIterator[Tier]:
    made: Hermetic | Isolated = Hermetic(tmp_path) if request.param == "hermetic" else Isolated(tmp_path)
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
    for source, right in CANARIES if isinstance(tier, Isolated) else CANARIES[:1]:
        found = (await tier.call(code_of(source, owner=owner), Given([5], {}, THIS), answer, _soon())).result
        if found != right:
            problems.append(f"the next call finds {found}")
    return problems


def _soon() -> float:
    return asyncio.get_running_loop().time() + 60
