"""Packages and environments: fetched outside with pip's own configuration, installed inside with no network.

Both are named by the hash of what they depend on, made once and used by every later build. What is half made has no
marker and is made again; a lock file (flock) keeps two builds from making the same thing. The child that fetches holds
the lock too, and dies with us: a killed build leaves nobody behind who writes into the folder of the next one.
"""

import asyncio
import fcntl
import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.i18n import _
from luxos.programmer.blueprint import STACKS
from luxos.programmer.errors import (
    BlueprintInvalid,
    EnvironmentNotInstalled,
    EnvironmentUnknown,
    PackagesTampered,
    PackagesUnavailable,
)
from luxos.programmer.shapes import Environment, Packages, Stack
from luxos.runtime.changes.nofollow import disk, sync_file_system
from luxos.runtime.context import Context
from luxos.runtime.threads import finished, to_the_end

LOCKS = Path(__file__).parent / "locks"
_COMPLETE = "complete"
_LOG = "pip.log"
_PIP = """
import ctypes, runpy, signal
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: ends when its parent ends, however that one ended
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
_CAUSE = re.compile(r"Could not fetch URL (?P<url>\S+): (?P<why>.*?)(?: - skipping)?$", re.MULTILINE)
_INNERMOST = re.compile(r"\(Caused by \w+\(['\"]?(?:[^'\"]*> ?: )?(?P<why>.*?)['\"]?\)\)$")
_SAID = 300


def lock_of(stack: str) -> Path:
    """The file that pins every package and tool of a stack; `BlueprintInvalid` where there is no such stack."""
    if stack not in STACKS:
        raise BlueprintInvalid(field="stack", value=stack, wanted=", ".join(STACKS))
    return LOCKS / f"{stack}.txt"


def digest_of(stack: str) -> str:
    """What the packages of a stack on this machine are named by: lock, Python's version and platform."""
    machine = f"{sys.implementation.cache_tag} {platform.machine()} {platform.libc_ver()}"
    return hashlib.sha256(lock_of(stack).read_bytes() + machine.encode()).hexdigest()[:16]


def environment_of(settings: Settings, stack: str) -> Path:
    """The folder of a stack's environment; it leans on the interpreter that made it, so it is named by that one too."""
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    name = hashlib.sha256(f"{digest_of(stack)} {base} {platform.python_version()}".encode()).hexdigest()[:16]
    return _environments(settings) / name


def _environments(settings: Settings) -> Path:
    return settings.cache / "environments"


def check_environment(settings: Settings, environment: Environment) -> None:
    """`EnvironmentUnknown` unless INSTALL made it: what a program names is lent to commands, and run."""
    folder = Path(environment["folder"])
    ours = folder.parent == _environments(settings) and folder.name.isalnum()
    if not ours or Path(environment["python"]) != folder / "bin" / "python":
        raise EnvironmentUnknown(folder=folder)


def is_ready(settings: Settings, stack: str) -> bool:
    """Whether an application of this stack can be built without a network."""
    return _is_usable(environment_of(settings, stack))


def _is_complete(folder: Path) -> bool:
    return (folder / _COMPLETE).exists()


def _is_usable(environment: Path) -> bool:
    """Complete, and the interpreter that `bin/python` is a link to is still there."""
    return _is_complete(environment) and os.access(environment / "bin" / "python", os.X_OK)


async def fetch(context: Context, stack: Stack) -> dict[str, Any]:
    """Fills the package cache for a stack; only wheels, only with the locked hashes."""
    folder = context.settings.cache / "wheels" / digest_of(stack)
    async with _made_once(folder, _is_complete) as held:
        if held is not None:
            await _download(context, lock_of(stack), folder, held)
    downloaded = held is not None
    return {"stack": stack, "wheels": len(list(folder.glob("*.whl"))), "folder": str(folder), "downloaded": downloaded}


async def install(context: Context, packages: Packages) -> dict[str, Any]:
    """Makes the environment of a stack from the fetched wheels, isolated and with no network."""
    stack = packages["stack"]
    folder = environment_of(context.settings, stack)
    python = folder / "bin" / "python"
    async with _made_once(folder, _is_usable) as held:
        if held is not None:
            fetched = await fetch(context, stack)  # again, where the cache was emptied since
            wheels = fetched["folder"]
            context.report(_("Making the environment"))
            await _confined(context, folder, [sys.executable, "-m", "venv", "--without-pip", str(folder)])
            context.report(_("Installing {count} packages").format(count=fetched["wheels"]))
            pip = [sys.executable, "-I", "-m", "pip", "--python", str(python), "install", "--quiet"]
            source = ["--no-index", "--find-links", wheels, "--require-hashes", "-r", str(lock_of(stack))]
            await _confined(context, folder, [*pip, *source], readable=[wheels, str(LOCKS)])
    return {"stack": stack, "folder": str(folder), "python": str(python), "installed": held is not None}


async def _confined(context: Context, folder: Path, argv: list[str], readable: list[str] | None = None) -> None:
    environment = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = await context.execution(
        "shell.confined",
        argv=argv,
        readable=readable or [],
        writable=[str(folder)],
        environment=environment,
        check=False,
    )
    if done["exit_code"] != 0:
        raise EnvironmentNotInstalled(reason=_last_line(done["stderr"] or done["stdout"]))


async def _download(context: Context, lock: Path, folder: Path, held: int) -> None:
    log = folder / _LOG
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--progress-bar", "off", "--retries", "2"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", _PIP, "download", *options, "-d", str(folder), "-r", str(lock)),
        *("--log", str(log)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": str(folder)},
        pass_fds=(held,),
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        said = await _followed(context, process.stdout, lock)
        await process.wait()
    finally:
        await _ended(process)
    if process.returncode != 0:
        raise _failure(said, log.read_text(encoding="utf-8", errors="replace") if log.exists() else said)
    log.unlink(missing_ok=True)


async def _followed(context: Context, lines: asyncio.StreamReader, lock: Path) -> str:
    """Tells of each package as pip comes to it; gives all that pip said.

    pip first names what the lock has for other platforms, so what is left to come is known from the first package on.
    """
    said: list[str] = []
    seen, total = 0, sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    async for raw in lines:
        said.append(raw.decode(errors="replace"))
        word, _space, what = said[-1].partition(" ")
        total -= word == "Ignoring" and ": markers " in what
        if word in {"Collecting", "Processing"}:
            seen += 1
            fraction = seen / total if seen <= total else None
            context.report(_("Fetching {package}").format(package=_package_of(what)), fraction)
    return "".join(said)


def _package_of(what: str) -> str:
    """The name in `django==6.1 (from …)` or `./wheels/django-6.1-py3-none-any.whl (from …)`."""
    file = what.partition(" (from ")[0].rpartition("/")[2]
    return re.split(r"==|-\d", file.strip())[0]


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Ends the child if it still runs, and waits for it, also while we are being cancelled."""
    if process.returncode is not None:
        return
    process.kill()
    await finished(process.wait())


def _failure(said: str, log: str) -> LuxError:
    if "DO NOT MATCH THE HASHES" in said:
        return PackagesTampered()
    return PackagesUnavailable(reason=_why_unreachable(log) or _last_line(said))


def _why_unreachable(log: str) -> str | None:
    """Why the index gave no page for the last package that pip looked for; `None` where it answered.

    pip's own last words are "no matching distribution" whatever happened; the cause stands in its log only. A 404 is an
    answer: this index has no such package.
    """
    search = log.rpartition("location(s) to search for versions of")[2]
    causes = [found for found in _CAUSE.finditer(search) if not found["why"].startswith("404 ")]
    if not causes:
        return None
    innermost = _INNERMOST.search(causes[-1]["why"])
    return f"{causes[-1]['url']}: {(innermost or causes[-1])['why']}"[:_SAID]


@asynccontextmanager
async def _made_once(folder: Path, is_whole: Callable[[Path], bool]) -> AsyncIterator[int | None]:
    """Gives the descriptor of the held lock where `folder` must be made, else `None`.

    What the block leaves without an error is complete, and on the disk before it is called so. The marker's time says
    when the folder was used last.
    """
    if is_whole(folder):
        with suppress(OSError):
            os.utime(folder / _COMPLETE)
        yield None
        return
    with disk(folder.parent), _lock_beside(folder) as lock:
        await _take(lock.fileno())
        if is_whole(folder):
            yield None
            return
        try:
            await to_the_end(_emptied, folder)
            yield lock.fileno()
            await to_the_end(sync_filesystem, folder)
            (folder / _COMPLETE).touch()
        except BaseException:
            await to_the_end(shutil.rmtree, folder, ignore_errors=True)
            raise


@contextmanager
def _lock_beside(folder: Path) -> Iterator[IO[str]]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        yield lock


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def sync_filesystem(folder: Path) -> None:
    """Waits until what was written is on the disk: the one that holds the folder, not all of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync_file_system(descriptor)
    finally:
        os.close(descriptor)


async def _take(descriptor: int) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.1)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["?"])[-1][:_SAID]


FUNCTIONS = (
    CoreFunction(UUID("2a2ff3bd-cf7b-486d-ab90-0992d8989fa6"), "packages.fetch", "FETCH", "none", fetch),
    CoreFunction(UUID("2dffa065-be95-4e55-ae5d-30b62e9da1bd"), "environment.install", "INSTALL", "none", install),
)
