"""Runs a program in the isolated tier: the workspace is an overlay, all else is read-only, there is no network."""

from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.runtime.context import Context
from luxos.tools.errors import CommandFailed, WorkspaceHoldsLuxos

_SAID = 2000


async def run_command(
    context: Context,
    argv: list[str],
    readable: list[str] | None = None,
    writable: list[str] | None = None,
    environment: dict[str, str] | None = None,
    seconds: float = 900,
    check: bool = True,
) -> dict[str, Any]:
    """Runs `argv` in the workspace; gives `exit_code`, `stdout`, `stderr`, `seconds`, `backend` and `ended_by`.

    What it changes in the workspace is kept only inside a step that may change the workspace. An exit code other than 0
    is a `CommandFailed`, unless `check` is false.
    """
    from luxos.runtime.sandbox import Confinement, Limits, python_paths, run

    _check_apart(context.workspace.resolve(), context.settings.home.resolve())
    done = await run(
        Confinement(
            argv=tuple(argv),
            workspace=context.workspace,
            staging=context.staging,
            readable=(*(Path(path) for path in readable or ()), *python_paths(Path(argv[0]))),
            writable=tuple(Path(path) for path in writable or ()),
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


def _check_apart(workspace: Path, home: Path) -> None:
    """A command may not see the database, the journals and the sockets of LuxOS, not even to read."""
    if home.is_relative_to(workspace) or workspace.is_relative_to(home):
        raise WorkspaceHoldsLuxos(workspace=workspace, home=home)


def _text(output: bytes) -> str:
    """PostgreSQL's JSON has no NUL character, so none is kept."""
    return output.decode(errors="replace").replace("\0", "\ufffd")


FUNCTIONS = (
    CoreFunction(UUID("ce9a0cfc-f59e-4df5-80e6-bc1c5e06e52e"), "shell.run", "SHELL", "workspace", run_command),
)
