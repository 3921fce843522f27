"""Random histories of runs, as LuxOS makes them: steps, attempts, retries, resumes, purges, cleanings, seals."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import strategies as st

from luxos.beings.function import FunctionBeing
from luxos.beings.removal import purge, purge_preview
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.call import Call, Outcome
from luxos.runtime.retention import Cleaning, clean
from luxos.runtime.runs import Runs
from luxos.runtime.sealing import seal
from luxos.runtime.steps import StepRecord
from luxos.runtime.verifying import Count, Finding, verify

RESULTS = [None, 1, 2.5, -0.0, "zażółć", [], [1, {"a": 1.0}], {"int": "1"}, 2**70, {"é": "\U0001f600"}]
LONG_AGO = "2020-01-01T00:00:00.000000+00:00"

steps = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["done", "failed", "begun", "lost"]), st.sampled_from(RESULTS)),
    max_size=5,
)
deeds = st.one_of(
    st.tuples(st.just("run"), steps, st.sampled_from(["done", "failed", "stopped", "running"])),
    st.tuples(st.just("resume"), steps, st.sampled_from(["done", "failed", "stopped", "running"])),
    st.tuples(st.just("seal")),
    st.tuples(st.just("purge"), st.integers(0, 2)),
    st.tuples(st.just("clean")),
)
histories = st.lists(deeds, min_size=1, max_size=7)


@dataclass
class World:
    """One database in which a history happens."""

    database: Database
    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    runs: Runs
    callees: list[FunctionBeing] = field(default_factory=list)
    known: list[UUID] = field(default_factory=list)

    async def begin(self) -> None:
        """What all runs call."""
        for number in range(3):
            source = f"def function(x):\n    return x + {number}\n"
            callee = FunctionBeing(genesis={"type": "function", "name": f"f{number}", "source": source})
            await callee.save()
            self.callees.append(callee)

    async def live(self, history: list[tuple[Any, ...]]) -> None:
        """Lets all of a history happen; the first and the last run are sealed in any case."""
        for what, *how in history:
            await getattr(self, what)(*how)

    async def run(self, todo: list[tuple[int, str, Any]], status: str) -> None:
        """A new run, some of them long ago, so that a cleaning finds something."""
        run = uuid5(NAMESPACE_URL, str(len(self.known)))
        with self.monkeypatch.context() as patched:
            if len(self.known) % 2:
                for module in ("runs", "steps"):
                    patched.setattr(f"luxos.runtime.{module}.now", lambda: LONG_AGO)
            async with self.runs.claimed(run):
                await self.runs.create(run, "a goal", "", Path("/tmp"), "tester", {"permissions": []})
                await self._carry_out(run, todo, status)
        self.known.append(run)

    async def resume(self, todo: list[tuple[int, str, Any]], status: str) -> None:
        """Takes up the newest run that has not ended well."""
        for run in reversed(self.known):
            row = await self.database.pool.fetchval(
                "SELECT attributes ->> 'status' FROM base_beings WHERE soul = $1", run
            )
            if row in ("failed", "stopped", "running"):
                async with self.runs.claimed(run):
                    await self._carry_out(run, todo, status)
                return

    async def _carry_out(self, run: UUID, todo: list[tuple[int, str, Any]], status: str) -> None:
        for number, (name, how, result) in enumerate(todo):
            call = Call(run, f"s{name}", self.callees[(name + number) % len(self.callees)], {"x": result})
            if await self._is_done(run, call.step):
                continue
            record = StepRecord(self.runs.recorder, call, "tester")
            if how != "done":
                await record.begin()
            if how == "failed":
                await record.end({"code": "x", "message": "failed", "details": {}})
            elif how != "begun":
                await record.end(Outcome(result))
        await self.runs.update(run, status=status)

    async def _is_done(self, run: UUID, step: str) -> bool:
        return any(known.name == step and known.status == "done" for known in await self.runs.steps(run))

    async def seal(self) -> None:
        """As `luxos up` does now and then."""
        await seal(self.database)

    async def purge(self, number: int) -> None:
        """Removes one of those that runs call, where no run that can be resumed called it."""
        from luxos.beings.errors import PurgeRefused

        if len(self.callees) > 1:
            callee = self.callees[number % len(self.callees)]
            try:
                await purge(callee.soul, confirm=await purge_preview(callee.soul))
            except PurgeRefused:
                return
            self.callees.remove(callee)

    async def clean(self) -> None:
        """`luxos db clean`."""
        await clean(self.database, self.settings, Cleaning())

    async def findings(self) -> list[Finding]:
        """What verify says."""
        return [found async for found in verify(self.database) if not isinstance(found, Count)]
