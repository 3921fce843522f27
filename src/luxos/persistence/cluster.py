"""The folder of the embedded cluster: made whole or not at all, and looked at before it is used."""

import os
import shutil
import tempfile
from pathlib import Path

from luxos.persistence.binaries import MAJOR, Binaries
from luxos.persistence.confinement import Confinement
from luxos.persistence.errors import DatabaseCannotStart, DatabaseFolderBroken, DiskFull
from luxos.persistence.guardian import last_words

ROLE = "luxos"
DATABASE = "luxos"
_NEW = "postgres.new-"
_NEEDED = ("PG_VERSION", "global/pg_control", "base", "pg_wal")
_ACCESS = f"""# Written by LuxOS. The socket's folder lets only its owner in.
local all {ROLE} trust
"""
_RENAME = f"ALTER DATABASE postgres RENAME TO {DATABASE}"


def ensure_cluster(home: Path, binaries: Binaries, confinement: Confinement) -> Path:
    """The folder of a cluster that this PostgreSQL can serve; it is made if there is none."""
    cluster = home / "postgres"
    for left in home.glob(f"{_NEW}*"):  # of a first start that was cut off
        shutil.rmtree(left, ignore_errors=True)
    if _is_empty(cluster):
        _create(home, cluster, binaries, confinement)
    _check(cluster)
    confinement.give(cluster)
    return cluster


def _is_empty(cluster: Path) -> bool:
    try:
        return not any(cluster.iterdir())
    except FileNotFoundError:
        return True
    except NotADirectoryError as error:
        raise DatabaseFolderBroken(folder=str(cluster), reason="it is not a folder") from error


def _check(cluster: Path) -> None:
    for name in _NEEDED:
        if not (cluster / name).exists():
            raise DatabaseFolderBroken(folder=str(cluster), reason=f"{name} is missing")
    version = (cluster / "PG_VERSION").read_text(errors="replace").strip()
    if version != str(MAJOR):
        raise DatabaseFolderBroken(folder=str(cluster), reason=f"PostgreSQL {version[:20]} made it, not {MAJOR}")


def _create(home: Path, cluster: Path, binaries: Binaries, confinement: Confinement) -> None:
    """Makes the cluster beside its place and puts it there in one step, when all of it is on the disk."""
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=home))
    try:
        if confinement.user is not None:
            os.chown(new, confinement.user, confinement.user)
        _fill(new, home / "postgres.log", binaries, confinement)
        new.rename(cluster)
        _sync(home)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _fill(new: Path, log: Path, binaries: Binaries, confinement: Confinement) -> None:
    """Runs `initdb`, names our database, and syncs it all."""
    options = ["--username", ROLE, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"]
    options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--wal-segsize", "4", "--no-sync"]
    options += ["--no-instructions", "--set", "max_connections=100", "--set", "shared_buffers=32MB"]
    _run([binaries.program("initdb"), *options, "--pgdata", str(new)], new, log, confinement)
    (new / "pg_hba.conf").write_text(_ACCESS)
    single = [binaries.program("postgres"), "--single", "-F", "-D", str(new), "template1"]
    _run(single, new, log, confinement, text=_RENAME)
    _run(
        [binaries.program("initdb"), "--sync-only", "--sync-method", "syncfs", "--pgdata", str(new)],
        new,
        log,
        confinement,
    )


def _run(words: list[str], new: Path, log: Path, confinement: Confinement, text: str = "") -> None:
    done = confinement.run(words, [new], text)
    if done.returncode == 0:
        return
    with log.open("a") as file:
        file.write(done.stdout)
    if "No space left on device" in done.stdout:
        raise DiskFull(folder=str(new.parent))
    raise DatabaseCannotStart(reason=last_words(log) or f"{Path(words[0]).name}: {done.returncode}", log=str(log))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
