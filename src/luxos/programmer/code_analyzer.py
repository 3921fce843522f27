"""Judges the code of an application with the tools of its own stack: style, types, security."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.programmer.builder import check_environment
from luxos.programmer.errors import CheckFailed
from luxos.programmer.shapes import Environment, Source
from luxos.programmer.type_cache import lent_types_aside
from luxos.runtime.context import Context

TYPE_CACHE = "/tmp/mypy"  # noqa: S108 - stands for the folder that type_cache.py lends
Check = Literal["style", "types", "security"]
CHECKS: dict[Check, tuple[tuple[str, ...], ...]] = {
    "style": (("ruff", "check", "--no-cache", "."), ("ruff", "format", "--no-cache", "--check", ".")),
    "types": (("mypy", f"--cache-dir={TYPE_CACHE}", "."),),
    "security": (("bandit", "--quiet", "--severity-level", "medium", "-c", "pyproject.toml", "-r", "."),),
}
"""The commands of each check, each run as `python -m …` in the application's folder; all must end with 0."""

_SAID = 2000


async def format_code(context: Context, source: Source, environment: Environment) -> Source:
    """Brings the source into the stack's common layout."""
    await run_module(context, environment, ("ruff", "format", "--no-cache", "."), kind="format")
    return source


async def check(context: Context, kind: Check, source: Source, environment: Environment) -> dict[str, Any]:
    """Runs one of `CHECKS` on the source; `CheckFailed` with the tool's own words where it finds something."""
    check_environment(context.settings, environment)
    async with lent_types_aside(context.settings, environment["folder"]) if kind == "types" else nullcontext() as types:
        for arguments in CHECKS[kind]:
            await run_module(context, environment, arguments, kind=kind, cache=types)
    return {"kind": kind, "tools": sorted({arguments[0] for arguments in CHECKS[kind]}), "files": len(source["files"])}


async def run_module(
    context: Context, environment: Environment, arguments: tuple[str, ...], kind: str, cache: Path | None = None
) -> str:
    """`python -m` of the environment, isolated in the workspace; gives what it printed, or raises `CheckFailed`."""
    check_environment(context.settings, environment)
    context.report(arguments[0])
    words = [word.replace(TYPE_CACHE, str(cache)) if cache else word for word in arguments]
    done = await context.execution(
        "shell.confined",
        argv=[environment["python"], "-m", *words],
        readable=[environment["folder"]],
        writable=[str(cache)] if cache else [],
        check=False,
        environment={"VIRTUAL_ENV": environment["folder"], "PATH": str(Path(environment["folder"]) / "bin")},
    )
    if done["exit_code"] != 0:
        raise CheckFailed(kind=kind, output=(done["stdout"] + done["stderr"]).strip()[-_SAID:])
    return str(done["stdout"])


FUNCTIONS = (
    CoreFunction(UUID("02d264f6-5300-42fd-8ee0-1c768a530ccf"), "code.format", "FORMAT", "workspace", format_code),
    CoreFunction(UUID("9d9f017b-a083-429c-ae57-91885f3af7fb"), "code.check", "CHECK", "none", check),
)
