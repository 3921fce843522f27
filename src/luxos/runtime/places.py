"""On which machine the files of a run lie: LuxOS carries none to another one, so a run that needs them goes on there.

A machine is a folder of runs here, with all that is kept to undo them: two that share one, by a network, share the
files too, and a backup takes its identity along.
"""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from luxos.errors import reason_of
from luxos.runtime.errors.files import MachineUnfit
from luxos.runtime.errors.runs import RunElsewhere
from luxos.runtime.threads import to_the_end
from luxos.souls.archive import put_new, read

if TYPE_CHECKING:
    from luxos.runtime.dispatcher import Runtime
    from luxos.runtime.runs import Run

_FILE, _OWN = "machine.id", "workspace"
_LONGEST = 100


@dataclass(frozen=True)
class Machine:
    """A folder of runs: its own identity, which it keeps, and the name of the machine, for people."""

    id: str
    name: str

    @classmethod
    def of(cls, home: Path) -> "Machine":
        """That of a data folder, which gets one at its first run; `MachineUnfit` where it cannot be read."""
        file = home / "runs" / _FILE
        try:
            if not file.exists():
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                put_new(file, secrets.token_hex(16).encode() + b"\n", 0o644)
            return cls(read(file, _LONGEST).decode("ascii").strip(), socket.gethostname())
        except (OSError, ValueError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            raise MachineUnfit(path=file, reason=reason) from error

    def as_json(self) -> dict[str, str]:
        """As it stands in a run."""
        return asdict(self)


def own_workspace(runtime: "Runtime", run: UUID) -> Path:
    """The folder of a run that was given none, empty at first."""
    return runtime.journal(run) / _OWN


def is_elsewhere(runtime: "Runtime", run: "Run") -> bool:
    """Whether a run began, or went on last, on another machine."""
    there = run.attributes.get("machine")
    return isinstance(there, Mapping) and there.get("id") != runtime.machine.id


def elsewhere(run: "Run") -> RunElsewhere:
    """What is said of a run whose files are on another machine."""
    return RunElsewhere(run=run.name, folder=run.workspace, machine=run.attributes["machine"].get("name"))


async def brought_here(runtime: "Runtime", run: "Run") -> "Run":
    """A run that this process holds, as it goes on here; `RunElsewhere` where it needs files of another machine.

    That is so for every plan, and for a run that was given a folder. Any other one has an empty folder in the data
    folder, in which no function changes anything, and gets another one here.
    """
    if not is_elsewhere(runtime, run):
        return run
    given = run.workspace.parts[-2:] != (str(run.soul), _OWN)
    if run.program or given:
        raise elsewhere(run)
    workspace = own_workspace(runtime, run.soul)
    await to_the_end(lambda: workspace.mkdir(mode=0o700, parents=True, exist_ok=True))
    told = {"machine": runtime.machine.as_json(), "workspace": str(workspace)}
    await runtime.runs.update(run.soul, **told)
    return replace(run, workspace=workspace, attributes={**run.attributes, **told})
