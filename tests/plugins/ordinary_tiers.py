"""The tiers, in the process of `ordinary_user.py`; what code asks for is asked of whoever wrote the row."""

import asyncio
import hashlib
import json
import sys
import tempfile
from pathlib import Path

from luxos.beings.function_source import signature_of
from luxos.errors import LuxError
from luxos.runtime.code import Ask, Code, CodeLimits, Given
from luxos.runtime.hermetic import Hermetic
from luxos.runtime.hermetic.monty import program
from luxos.runtime.isolated import Isolated, worker
from luxos.runtime.sandbox.program import launcher


class Tiers:
    """The tiers of this process, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict = {}
        self._home = tempfile.TemporaryDirectory(prefix="luxos-test-")

    async def answer(self, row: dict, backends: dict) -> dict:
        """To a row for `RemoteTier`."""
        if "close" in row:
            return await self.close(row["close"])
        return await self.call(row, backends[row["backend"]]())

    async def call(self, row: dict, walls: object) -> dict:
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
            ended = await self._tier(row["tier"], walls).call(code, given, asked, deadline)
        except LuxError as error:
            return {"error": error.as_json()}
        return {"result": ended.result, "printed": ended.printed}

    def _tier(self, kind: str, walls: object) -> object:
        worker.run = walls.run
        if kind not in self._made:
            home, confined = Path(self._home.name), lambda: launcher(program(), backend=walls)
            self._made[kind] = Isolated(home) if kind == "isolated" else Hermetic(home, confined=confined)
        return self._made[kind]

    async def close(self, kind: str) -> dict:
        if kind in self._made:
            await self._made.pop(kind).close()
        return {}


class Refused(LuxError):
    """What the answer said."""

    def __str__(self) -> str:
        return str(self.details["message"])


TIERS = Tiers()
