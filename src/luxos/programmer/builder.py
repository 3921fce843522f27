"""Packages and environments: fetched outside with pip's own configuration, installed inside with no network.

Both are named by the hash of their lock, made once and used by every later build. What is half made has no marker and
is made again; a lock file (flock) keeps two builds from making the same thing.
"""

import asyncio
import fcntl
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.config import Settings
from luxos.i18n import _
from luxos.programmer.blueprint import STACKS
from luxos.programmer.errors import BlueprintInvalid, EnvironmentNotInstalled, PackagesTampered, PackagesUnavailable
from luxos.runtime.context import Context

LOCKS = Path(__file__).parent / "locks"
_COMPLETE = "complete"


def lock_of(stack: str) -> Path:
    """The file that pins every package and tool of a stack; `BlueprintInvalid` where there is no such stack."""
    if stack not in STACKS:
        raise BlueprintInvalid(field="stack", value=stack, wanted=", ".join(STACKS))
    return LOCKS / f"{stack}.txt"


def digest_of(stack: str) -> str:
    """What the packages of a stack on this machine are named by: lock, Python's version and platform."""
    machine = f"{sys.implementation.cache_tag} {platform.machine()} {platform.libc_ver()}"
    return hashlib.sha256(lock_of(stack).read_bytes() + machine.encode()).hexdigest()[:16]


def is_ready(settings: Settings, stack: str) -> bool:
    """Whether an application of this stack can be built without a network."""
    return (settings.cache / "environments" / digest_of(stack) / _COMPLETE).exists()


async def fetch(context: Context, stack: str) -> dict[str, Any]:
    """Fills the package cache for a stack; only wheels, only with the locked hashes."""
    folder = context.settings.cache / "wheels" / digest_of(stack)
    async with _made_once(folder) as missing:
        if missing:
            await _download(context, lock_of(stack), folder)
    return {"stack": stack, "wheels": len(list(folder.glob("*.whl"))), "folder": str(folder), "downloaded": missing}


async def install(context: Context, packages: dict[str, Any]) -> dict[str, Any]:
    """Makes the environment of a stack from the fetched wheels, isolated and with no network."""
    stack = packages["stack"]
    folder = context.settings.cache / "environments" / digest_of(stack)
    python = folder / "bin" / "python"
    async with _made_once(folder) as missing:
        if missing:
            context.report(_("Making the environment"))
            await _confined(context, folder, [sys.executable, "-m", "venv", "--without-pip", str(folder)])
            context.report(_("Installing {count} packages").format(count=packages["wheels"]))
            pip = [sys.executable, "-I", "-m", "pip", "--python", str(python), "install", "--quiet"]
            source = ["--no-index", "--find-links", packages["folder"], "--require-hashes", "-r", str(lock_of(stack))]
            await _confined(context, folder, [*pip, *source], readable=[packages["folder"], str(LOCKS)])
    return {"stack": stack, "folder": str(folder), "python": str(python), "installed": missing}


async def _confined(context: Context, folder: Path, argv: list[str], readable: list[str] | None = None) -> None:
    environment = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = await context.execution(
        "shell.run", argv=argv, readable=readable or [], writable=[str(folder)], environment=environment, check=False
    )
    if done["exit_code"] != 0:
        raise EnvironmentNotInstalled(reason=_last_line(done["stderr"] or done["stdout"]))


async def _download(context: Context, lock: Path, folder: Path) -> None:
    total = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--progress-bar", "off", "--retries", "2"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "pip", "download", *options, "-d", str(folder), "-r", str(lock)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    assert process.stderr is not None  # noqa: S101 - a pipe was asked for
    errors = asyncio.create_task(process.stderr.read())
    seen = 0
    try:
        async for line in process.stdout:
            if line.startswith(b"Collecting"):
                seen += 1
                name = line.split()[1].decode(errors="replace").partition("=")[0]
                context.report(_("Fetching {package}").format(package=name), seen / max(total, seen))
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        said = (await errors).decode(errors="replace")
        if "DO NOT MATCH THE HASHES" in said:
            raise PackagesTampered()
        raise PackagesUnavailable(reason=_last_line(said))
    await errors


@asynccontextmanager
async def _made_once(folder: Path) -> AsyncIterator[bool]:
    """Gives whether `folder` must be made, with the lock held; what the block leaves without an error is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    marker = folder / _COMPLETE
    if marker.exists():
        yield False
        return
    with folder.with_suffix(".lock").open("w") as lock:
        await _take(lock.fileno())
        if marker.exists():
            yield False
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield True
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        os.sync()
        marker.touch()


async def _take(descriptor: int) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.1)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["?"])[-1][:300]


FUNCTIONS = (
    CoreFunction(UUID("2a2ff3bd-cf7b-486d-ab90-0992d8989fa6"), "packages.fetch", "FETCH", "none", fetch),
    CoreFunction(UUID("2dffa065-be95-4e55-ae5d-30b62e9da1bd"), "environment.install", "INSTALL", "none", install),
)
