"""PostgreSQL 15 of the wheel `pgserver` (16 with Python 3.12), started as an older server that `LUXOS_DSN` may name."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

from luxos.persistence.address import Address
from luxos.persistence.binaries import Binaries
from luxos.persistence.confinement import confinement

_SECONDS = 60.0


def _binaries() -> Binaries:
    spec = find_spec("pgserver")
    if spec is None or spec.origin is None:
        pytest.skip(f"pgserver has no wheel for Python {sys.version_info.major}.{sys.version_info.minor}")
    package = Path(spec.origin).parent
    return Binaries(package / "pginstall" / "bin", package / "pginstall", package.with_name("pgserver.libs"))


@contextmanager
def _running(folder: Path) -> Iterator[Address]:
    folder.mkdir(mode=0o700)
    binaries, cluster = _binaries(), folder / "postgres"
    cluster.mkdir(mode=0o700)
    confined = confinement(binaries, folder)
    sockets = Path("/tmp") / f"luxos-older-{uuid4().hex[:8]}"
    sockets.mkdir(mode=0o700)
    for place in (cluster, sockets):
        confined.give(place)
    made = confined.run(
        [binaries.program("initdb"), "-D", str(cluster), "-U", "luxos", "-A", "trust", "-E", "UTF8", "--no-sync"],
        [cluster],
    )
    assert made.returncode == 0, made.stdout
    words = [binaries.program("postgres"), "-D", str(cluster), "-F", "-c", "listen_addresses=", "-k", str(sockets)]
    server = subprocess.Popen(
        confined.command(words, [cluster, sockets]),
        env=confined.environment,
        user=confined.user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + _SECONDS
        while not (sockets / ".s.PGSQL.5432").exists() and time.monotonic() < until:
            assert server.poll() is None
            time.sleep(0.02)
        yield Address(str(sockets), "postgres", "luxos")
    finally:
        server.terminate()
        server.wait(30)
        subprocess.run(["rm", "-rf", str(sockets)], check=True)


@pytest.fixture(scope="session")
def older_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """An empty, older PostgreSQL with pgvector."""
    with _running(tmp_path_factory.mktemp("older") / "home") as address:
        yield address
