"""Runs a program in the isolated tier: the workspace is an overlay, all else is read-only, there is no network.

A Lux program runs commands that see the system's own programs and the workspace. Only our own steps lend a command more
of this machine, and nobody lends what LuxOS keeps for itself.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.runtime.arguments import Words
from luxos.runtime.context import Context
from luxos.tools.errors import CommandFailed, WorkspaceHoldsLuxos

_SAID = 2000


async def run_command(context: Context, argv: Words, seconds: float = 900, check: bool = True) -> dict[str, Any]:
    """Runs `argv` in the workspace; gives `exit_code`, `stdout`, `stderr`, `seconds`, `backend` and `ended_by`.

    What it changes in the workspace is kept only inside a step that may change the workspace. An exit code other than 0
    is a `CommandFailed`, unless `check` is false.
    """
    return await _run(context, argv, seconds, check)


async def run_confined(
    context: Context,
    argv: Words,
    readable: list[str] | None = None,
    writable: list[str] | None = None,
    environment: dict[str, str] | None = None,
    seconds: float = 900,
    check: bool = True,
) -> dict[str, Any]:
    """Runs a command for another step, with paths of this machine and variables lent to it.

    Readable is also the installation of the interpreter that `argv` begins with.
    """
    from luxos.runtime.sandbox import python_paths

    lent = (*(Path(path) for path in readable or ()), *python_paths(Path(argv[0])))
    return await _run(context, argv, seconds, check, lent, [Path(path) for path in writable or ()], environment)


async def _run(
    context: Context,
    argv: list[str],
    seconds: float,
    check: bool,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    from luxos.runtime.sandbox import Confinement, Limits, run

    for place in (context.workspace, *readable, *writable):
        _check_apart(place.resolve(), context.settings.home.resolve())
    done = await run(
        Confinement(
            argv=tuple(argv),
            workspace=context.workspace,
            staging=context.staging,
            readable=tuple(readable),
            writable=tuple(writable),
            environment=environment or {},
            limits=Limits(seconds=seconds),
        )
    )
    if check and done.exit_code != 0:
        said = _text(done.stderr or done.stdout).strip()[-_SAID:]
        raise CommandFailed(command=" ".join(argv)[:200], code=done.exit_code, output=said)
    return {
        "exit_code": done.exit_code,
        "stdout": _text(done.stdout),
        "stderr": _text(done.stderr),
        "truncated": done.truncated,
        "ended_by": done.ended_by,
        "seconds": round(done.seconds, 3),
        "backend": done.backend,
    }


def _check_apart(place: Path, home: Path) -> None:
    """A command may not see the database, the journals and the sockets of LuxOS, not even to read."""
    if home.is_relative_to(place) or place.is_relative_to(home):
        raise WorkspaceHoldsLuxos(workspace=place, home=home)


def _text(output: bytes) -> str:
    """PostgreSQL's JSON has no NUL character, so none is kept."""
    return output.decode(errors="replace").replace("\0", "\ufffd")


FUNCTIONS = (
    CoreFunction(UUID("ce9a0cfc-f59e-4df5-80e6-bc1c5e06e52e"), "shell.run", "SHELL", "workspace", run_command),
    CoreFunction(UUID("197967f1-b95a-46d3-a470-812c39f4ea4d"), "shell.confined", None, "workspace", run_confined),
)
