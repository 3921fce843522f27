"""Runs confinements as another user: a script of the tests, one JSON object a line in, one out."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from luxos.errors import LuxError
from luxos.runtime.sandbox import Confinement, Limits, Network, Reach, choose
from luxos.runtime.sandbox.container import Container
from luxos.runtime.sandbox.program import LIMITS, launcher
from luxos.runtime.sandbox.sandlock import Sandlock

BACKENDS = {"bubblewrap": choose, "sandlock": Sandlock, "container": Container}


def confinement(row: dict) -> Confinement:
    return Confinement(
        argv=tuple(row["argv"]),
        workspace=Path(row["workspace"]) if row["workspace"] else None,
        staging=Path(row["staging"]) if row["staging"] else None,
        readable=tuple(Path(path) for path in row["readable"]),
        writable=tuple(Path(path) for path in row["writable"]),
        environment=row["environment"],
        network=Network(Reach(row["reach"]), tuple(row["hosts"])),
        stdin=base64.b64decode(row["stdin"]),
        limits=Limits(**row["limits"]),
    )


def alone(row: dict) -> dict:
    """A program where Monty's own is run."""
    argv = row["alone"]
    readable, limits = tuple(map(Path, row["readable"])), replace(LIMITS, **row["limits"])
    walls = BACKENDS[row["backend"]]()
    with launcher(Path(argv[0]), readable=readable, backend=walls, limits=limits, quiet=False) as path:
        done = subprocess.run([path, *argv[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    said = {name: base64.b64encode(getattr(done, name)).decode() for name in ("stdout", "stderr")}
    return {
        "exit_code": done.returncode,
        "truncated": False,
        "ended_by": None,
        "seconds": 0,
        "backend": "alone",
        **said,
    }


async def answer(row: dict) -> dict:
    if "tier" in row or "close" in row:
        from ordinary_tiers import TIERS  # needs more than walls do

        return await TIERS.answer(row, BACKENDS)
    if "alone" in row:
        return alone(row)
    backend = BACKENDS[row["backend"]]()
    leaked = [os.open(path, os.O_RDONLY) for path in row["leaks"]]
    try:
        for descriptor in leaked:
            os.set_inheritable(descriptor, True)
        done = await backend.run(confinement(row))
    except LuxError as error:
        return {"error": error.as_json()}
    finally:
        for descriptor in leaked:
            os.close(descriptor)
    return {
        **vars(done),
        "stdout": base64.b64encode(done.stdout).decode(),
        "stderr": base64.b64encode(done.stderr).decode(),
    }


async def main() -> None:
    for line in sys.stdin:
        try:
            said = await answer(json.loads(line))
        except Exception as error:  # the test that asked is to fail, not those after it
            said = {"error": {"code": "unexpected", "message": repr(error), "details": {}}}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
