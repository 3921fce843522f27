"""The packages of a soul: fetched by pip with their hashes, installed behind the walls without a network, once.

An environment is named by the hash of its locked lines and of this Python, and is nothing but a folder of packages: the
interpreter that runs a soul is LuxOS's own.
"""

import hashlib
import os
import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from luxos.runtime.errors.packages import EnvironmentNotInstalled, RequirementUnfit
from luxos.runtime.fetching import download, last_line
from luxos.runtime.once import is_complete, made_once
from luxos.runtime.sandbox import Confinement, Limits, python_paths, run
from luxos.runtime.threads import to_the_end

_LINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9._+!-]*(?: --hash=sha256:[0-9a-f]{64})+")
"""Nothing else that pip would read from a file: no options, no addresses, no paths."""
_LOCK = "requirements.lock"
_LIMITS = Limits(seconds=600, workspace=8 << 30)


def site_of(cache: Path, requirements: Sequence[str]) -> Path:
    """The folder in the cache in which the packages of these locked lines are, or will be."""
    machine = f"{sys.implementation.cache_tag} {platform.machine()} {platform.libc_ver()}"
    name = hashlib.sha256("\n".join([machine, *sorted(requirements)]).encode()).hexdigest()[:16]
    return cache / "environments" / f"soul{name}"


async def environment(cache: Path, who: str, requirements: Sequence[str]) -> Path:
    """The folder with the packages of a soul; it is made where it is not there yet.

    Of several that make the same one, in whatever processes, one makes it and the others wait; cut off, it leaves
    nothing half. `RequirementUnfit`, `PackagesUnavailable`, `PackagesTampered`, `EnvironmentNotInstalled`.
    """
    for line in requirements:
        if not _LINE.fullmatch(line):
            raise RequirementUnfit(who=who, line=line[:100])
    folder = site_of(cache, requirements)
    async with made_once(folder, is_complete) as held:
        if held is not None:
            wheels = cache / "wheels" / folder.name
            await _fetched(wheels, requirements)
            await _installed(wheels, folder)
    return folder


async def _fetched(folder: Path, requirements: Sequence[str]) -> None:
    async with made_once(folder, is_complete) as held:
        if held is not None:
            lock = folder / _LOCK
            await to_the_end(lock.write_text, "\n".join(sorted(requirements)) + "\n", encoding="utf-8")
            await download(lock, folder, held, lambda _what, _share: None)


async def _installed(wheels: Path, folder: Path) -> None:
    pip = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--target", str(folder), "--no-deps"]
    source = ["--no-index", "--find-links", str(wheels), "--only-binary", ":all:", "--require-hashes"]
    done = await run(
        Confinement(
            argv=(*pip, *source, "-r", str(wheels / _LOCK)),
            readable=(wheels, *python_paths(Path(sys.executable))),
            writable=(folder,),
            environment={"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            limits=_LIMITS,
        )
    )
    if done.exit_code != 0:
        raise EnvironmentNotInstalled(reason=last_line((done.stderr or done.stdout).decode(errors="replace")))
