"""Runs confinements as another user: a script of the tests, one JSON object a line in, one out."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from luxos.beings.function_source import signature_of
from luxos.errors import LuxError
from luxos.runtime.code import Ask, Code, CodeLimits, Given
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.hermetic.monty import program
from luxos.runtime.isolated import Isolated, worker
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


class Tiers:
    """The tiers of this process, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict = {}
        self._home = tempfile.TemporaryDirectory(prefix="luxos-test-")

    async def call(self, row: dict) -> dict:
        """Calls a soul; what it asks for is asked of whoever wrote the row."""

        async def asked(ask: Ask) -> object:
            print(
                json.dumps({"ask": ask.name, "args": ask.args, "kwargs": ask.kwargs, "number": ask.number}), flush=True
            )
            said = json.loads(await asyncio.to_thread(sys.stdin.readline))
            if "refused" in said:
                raise Refused(message=said["refused"])
            return said["value"]

        source = row["source"]
        soul_hash = f"sha256:{hashlib.sha256(source.encode()).hexdigest()}"
        signature = signature_of(source)
        code = Code(soul_hash, row["name"], source, signature, row["owner"], CodeLimits(**row["limits"]))
        given = Given(row["args"], row["kwargs"], row["this"])
        deadline = asyncio.get_running_loop().time() + row["seconds"]
        try:
            ended = await self._tier(row).call(code, given, asked, deadline)
        except LuxError as error:
            return {"error": error.as_json()}
        return {"result": ended.result, "printed": ended.printed}

    def _tier(self, row: dict) -> object:
        walls = BACKENDS[row["backend"]]()
        worker.run = walls.run
        made = self._made.get(row["tier"])
        if made is None:
            home = Path(self._home.name)
            made = (
                Isolated(home)
                if row["tier"] == "isolated"
                else Hermetic(home, confined=lambda: launcher(program(), backend=walls))
            )
            self._made[row["tier"]] = made
        return made

    async def close(self, kind: str) -> dict:
        if kind in self._made:
            await self._made.pop(kind).close()
        return {}


class Refused(LuxError):
    """What the answer said."""

    def __str__(self) -> str:
        return str(self.details["message"])


TIERS = Tiers()


async def answer(row: dict) -> dict:
    if "tier" in row:
        return await TIERS.call(row)
    if "close" in row:
        return await TIERS.close(row["close"])
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
    except Exception as error:  # the test that asked is to fail, not those after it
        return {"error": {"code": "unexpected", "message": repr(error), "details": {}}}
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
        print(json.dumps(await answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
