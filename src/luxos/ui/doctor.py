"""Looks what is here, what is missing, and what to do about it: each finding is ok, a note, or a fault."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from luxos.amounts import size
from luxos.config import LOCAL, Settings
from luxos.errors import LuxError
from luxos.i18n import _, language
from luxos.version import __version__

_ROOM = 1 << 30
"""Bytes free below which a build may fail: a stack's packages, installed, are about half of it."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is what to do, where something is to be done."""

    name: str
    status: Literal["ok", "note", "fault"]
    text: str
    remedy: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a person wants to know them."""
    return [
        _luxos(),
        await _database(settings),
        *_sandbox(),
        *_room(settings),
        *_packages(settings),
        await _service(settings),
        *await _cluster(settings),
    ]


def _luxos() -> Finding:
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    return Finding("luxos", "ok", f"LuxOS {__version__}, {machine}, {language()}")


async def _database(settings: Settings) -> Finding:
    from luxos.boot import system
    from luxos.persistence.database import server_version

    try:
        async with system(settings) as opened:
            database = (await opened.runtime()).database
            async with database.pool.acquire() as connection:
                version = server_version(connection)
                beings = await connection.fetchval(database.queries["count_beings"])
    except LuxError as error:
        return Finding("database", "fault", str(error), _("Put right what it says, then run `luxos doctor` again."))
    where = _("in LUXOS_DSN") if settings.dsn else str(settings.home / "postgres")
    text = _("PostgreSQL {version} with pgvector, {where}; beings: {count}")
    return Finding("database", "ok", text.format(version=version, where=where, count=beings))


def _sandbox() -> list[Finding]:
    from luxos.runtime.sandbox import describe

    found = describe()
    if found.backend is None:
        first = found.findings[0]
        return [Finding("sandbox", "fault", first.reason, first.command)]
    limits = _("memory by {memory}, processes by {processes}, disk by {disk}")
    said = limits.format(memory=found.memory, processes=found.processes, disk=found.disk)
    findings = [
        Finding(
            "sandbox",
            "ok",
            f"{found.backend} ({found.program}): {said}" if found.program else f"{found.backend}: {said}",
        )
    ]
    findings += [
        Finding("sandbox", "note", _("It cannot stop: {what}").format(what=what)) for what in found.cannot_stop
    ]
    others = [other for other in found.findings if other.backend is None]
    return findings + [Finding("sandbox", "note", f"{other.name}: {other.reason}") for other in others]


def _room(settings: Settings) -> list[Finding]:
    findings = []
    for name, folder in (("data", settings.home), ("cache", settings.cache), ("projects", settings.projects)):
        there = next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110 - never raises
        free = shutil.disk_usage(there).free
        text = _("{folder}: {free} free").format(folder=folder, free=size(free))
        if not os.access(there, os.W_OK):
            findings.append(
                Finding(name, "fault", text, _("{folder} cannot be written; change its owner.").format(folder=there))
            )
        elif free < _ROOM:
            findings.append(Finding(name, "fault", text, _("Free at least {size} there.").format(size=size(_ROOM))))
        else:
            findings.append(Finding(name, "ok", text))
    return findings


def _packages(settings: Settings) -> list[Finding]:
    from luxos.programmer.blueprint import STACKS
    from luxos.programmer.builder import is_ready

    if find_spec("pip") is None or find_spec("venv") is None:
        text = _("Python {path} has no pip or no venv, so packages cannot be fetched.").format(path=sys.executable)
        return [Finding("packages", "fault", text, "apt install python3-pip python3-venv")]
    ready = [stack for stack in STACKS if is_ready(settings, stack)]
    if ready:
        return [Finding("packages", "ok", _("Ready without a network: {stacks}").format(stacks=", ".join(ready)))]
    return [Finding("packages", "note", _("The first build of each framework fetches its packages from pip's index."))]


async def _service(settings: Settings) -> Finding:
    from luxos.ui.client import tell

    try:
        running = await tell(settings, "status")
    except LuxError as error:
        return Finding("service", "fault", str(error), _("Put right what it says, then run `luxos doctor` again."))
    text = (
        _("runs in the background") if running else _("does not run in the background; commands start what they need")
    )
    return Finding("service", "ok", text)


async def _cluster(settings: Settings) -> list[Finding]:
    """Nothing where this machine works alone."""
    from luxos.runtime.tasks.cluster import check_cluster

    if settings.cluster == LOCAL:
        return []
    try:
        await check_cluster(settings)
    except LuxError as error:
        return [Finding("cluster", "fault", str(error))]
    return [Finding("cluster", "ok", _("{address} takes connections").format(address=settings.cluster))]
