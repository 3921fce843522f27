"""Packages are fetched by pip, outside, with its own configuration: wheels only, with the locked hashes only."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from luxos.errors import LuxError
from luxos.i18n import _
from luxos.runtime.errors.packages import PackagesTampered, PackagesUnavailable
from luxos.runtime.threads import finished

Report = Callable[[str, float | None], None]
"""Tells what is being fetched, and how much of all that is."""
_LOG = "pip.log"
_PIP = """
import ctypes, runpy, signal
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: ends when its parent ends, however that one ended
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
_CAUSE = re.compile(r"Could not fetch URL (?P<url>\S+): (?P<why>.*?)(?: - skipping)?$", re.MULTILINE)
_INNERMOST = re.compile(r"\(Caused by \w+\(['\"]?(?:[^'\"]*> ?: )?(?P<why>.*?)['\"]?\)\)$")
_SAID = 300


async def download(lock: Path, folder: Path, held: int, report: Report) -> None:
    """Fills a folder with the wheels of a lock file; the child holds the descriptor `held`.

    Raises `PackagesUnavailable` or `PackagesTampered`.
    """
    lock, folder = lock.absolute(), folder.absolute()
    log = folder / _LOG
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--progress-bar", "off", "--retries", "2"]
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-I",
            "-c",
            _PIP,
            "download",
            *options,
            "-d",
            str(folder),
            "-r",
            str(lock),
        ),
        *("--log", str(log)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": str(folder)},
        cwd="/",
        pass_fds=(held,),
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        said = await _followed(report, process.stdout, lock)
        await process.wait()
    finally:
        await _ended(process)
    if process.returncode != 0:
        raise _failure(said, log.read_text(encoding="utf-8", errors="replace") if log.exists() else said)
    log.unlink(missing_ok=True)


async def _followed(report: Report, lines: asyncio.StreamReader, lock: Path) -> str:
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
            report(_("Fetching {package}").format(package=_package_of(what)), fraction)
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
    return PackagesUnavailable(reason=_why_unreachable(log) or last_line(said))


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


def last_line(text: str) -> str:
    """The last line about an error that a program said, or its last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["?"])[-1][:_SAID]
