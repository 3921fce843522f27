"""Packages and environments: fetched outside with pip's own configuration, installed inside with no network.

Both are named by the hash of what they depend on, made once (`runtime/once.py`) and used by every later build.
"""

import hashlib
import os
import platform
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.config import Settings
from luxos.i18n import _
from luxos.programmer.blueprint import STACKS
from luxos.programmer.errors import BlueprintInvalid, EnvironmentUnknown
from luxos.programmer.shapes import Environment, Packages, Stack
from luxos.runtime.context import Context
from luxos.runtime.errors.packages import EnvironmentNotInstalled
from luxos.runtime.fetching import download, last_line
from luxos.runtime.once import is_complete, made_once

LOCKS = Path(__file__).parent / "locks"


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


def _is_usable(environment: Path) -> bool:
    """Complete, and the interpreter that `bin/python` is a link to is still there."""
    return is_complete(environment) and os.access(environment / "bin" / "python", os.X_OK)


async def fetch(context: Context, stack: Stack) -> dict[str, Any]:
    """Fills the package cache for a stack; only wheels, only with the locked hashes."""
    folder = context.settings.cache / "wheels" / digest_of(stack)
    async with made_once(folder, is_complete) as held:
        if held is not None:
            await download(lock_of(stack), folder, held, context.report)
    downloaded = held is not None
    return {"stack": stack, "wheels": len(list(folder.glob("*.whl"))), "folder": str(folder), "downloaded": downloaded}


async def install(context: Context, packages: Packages) -> dict[str, Any]:
    """Makes the environment of a stack from the fetched wheels, isolated and with no network."""
    stack = packages["stack"]
    folder = environment_of(context.settings, stack)
    python = folder / "bin" / "python"
    async with made_once(folder, _is_usable) as held:
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
        raise EnvironmentNotInstalled(reason=last_line(done["stderr"] or done["stdout"]))


FUNCTIONS = (
    CoreFunction(UUID("2a2ff3bd-cf7b-486d-ab90-0992d8989fa6"), "packages.fetch", "FETCH", "none", fetch),
    CoreFunction(UUID("2dffa065-be95-4e55-ae5d-30b62e9da1bd"), "environment.install", "INSTALL", "none", install),
)
