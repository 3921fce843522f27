"""A tier in the process of an ordinary user, behind the walls that are asked for by name."""

import asyncio
import json
import subprocess
from dataclasses import asdict
from typing import Any

from luxos.errors import LuxError
from luxos.runtime.code import Answer, Ask, Code, Ended, Given


class RemoteError(LuxError):
    """An error that the other user's process reported."""

    def __str__(self) -> str:
        return str(self.details["message"])


class RemoteTier:
    """A `Tier`; one call at a time. `kind` is `hermetic` or `isolated`."""

    def __init__(self, kind: str, backend: str, process: "subprocess.Popen[str]") -> None:
        self.kind, self._backend, self._process = kind, backend, process

    async def call(self, code: Code, given: Given, answer: Answer, deadline: float) -> Ended:
        """What the other process says to it; what the code asks for is answered here."""
        row = {"tier": self.kind, "backend": self._backend, "seconds": deadline - asyncio.get_running_loop().time()}
        row |= {"source": code.source, "owner": code.owner, "name": code.name, "limits": asdict(code.limits)}
        said = await self._told({**row, "args": given.args, "kwargs": given.kwargs, "this": given.this})
        while "ask" in said:
            ask = Ask(said["ask"], said["args"], said["kwargs"], said["number"])
            try:
                said = await self._told({"value": await answer(ask)})
            except LuxError as error:
                said = await self._told({"refused": str(error)})
        if "error" in said:
            raise RemoteError(**said["error"])
        return Ended(said["result"], said["printed"])

    async def close(self) -> None:
        """Ends it."""
        await self._told({"close": self.kind})

    async def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(row) + "\n")
        process.stdin.flush()
        return json.loads(await asyncio.to_thread(process.stdout.readline))  # type: ignore[no-any-return]
