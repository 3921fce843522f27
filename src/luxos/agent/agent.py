"""The agent's loop: understand a sentence, plan it, carry the plan out, remember it, answer.

Every method tells what happens through the listener and gives a report, the JSON object that `luxos do --json` prints.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from luxos.agent.errors import (
    LaterRunStands,
    NothingCutOff,
    NothingToResume,
    NothingToRetry,
    NothingToUndo,
    RunWasCancelled,
    UndoUnfinished,
)
from luxos.agent.events import Planned, RunStarted, Understood
from luxos.agent.memory import forget, remember, run_attributes
from luxos.agent.planner import Place, Plan, plan
from luxos.agent.project import check_folder, files_after, finished, take_back
from luxos.agent.reasoning import Reasoner
from luxos.agent.report import report_of
from luxos.agent.wishes import Wishes
from luxos.errors import LuxError
from luxos.lux.checker import check
from luxos.lux.program import Program, Statement
from luxos.lux.reader import read
from luxos.lux.runner import Outcome
from luxos.lux.runner import run as walk
from luxos.lux.writer import write
from luxos.nlp import understand
from luxos.runtime.changes import ChangeSet
from luxos.runtime.changes.errors import UndoGone
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.events import Listener, Printed
from luxos.runtime.execution import Execution
from luxos.runtime.places import brought_here, elsewhere, is_elsewhere
from luxos.runtime.resuming import go_on, is_made_again
from luxos.runtime.runs import Run
from luxos.runtime.settling import chosen, settle
from luxos.runtime.staging import changes_of
from luxos.runtime.threads import to_the_end

Open = Callable[[], Awaitable[Runtime]]
"""Gives the runtime when it is first needed, so that understanding waits for no database."""

_UNFINISHED = frozenset({"running", "interrupted", "failed", "stopped", "needs_person", "paused"})
_FAILED = frozenset({"failed", "stopped", "cancelled"})
_ENDED = frozenset({"done", "undone"})
_HALF_UNDONE = frozenset({"undoing", "half_undone"})


class Agent:
    """Does what it is told, for one person at one place."""

    def __init__(self, runtime: Open, place: Place, reasoner: Reasoner, listener: Listener) -> None:
        self._runtime, self._place, self._reasoner, self._listener = runtime, place, reasoner, listener

    async def plan(self, sentence: str, wishes: Wishes) -> Plan:
        """Understands a sentence and plans it; nothing is run or written."""
        made = await self._plan(sentence, wishes)
        self._tell(made)
        return made

    async def _plan(self, sentence: str, wishes: Wishes) -> Plan:
        understanding = await asyncio.to_thread(understand, sentence)
        self._listener(Understood(understanding.as_json()))
        return await plan(understanding, wishes, self._place, self._reasoner)

    def _tell(self, made: Plan) -> None:
        assumptions = [asdict(assumption) for assumption in made.assumptions]
        self._listener(Planned(write(made.program), str(made.workspace), assumptions))

    async def do(self, sentence: str, wishes: Wishes) -> dict[str, Any]:
        """Does what a sentence says; the plan is told once nothing stands in its way any more."""
        made = await self._plan(sentence, wishes)
        runtime = await self._runtime()
        if made.project is None:
            self._tell(made)
            return await self._start(runtime, made.program, made.workspace, run_attributes(made))
        async with runtime.runs.building_in(made.workspace):
            replaced = await check_folder(runtime, made.workspace)
            self._tell(made)
            attributes = {**run_attributes(made), "replaces": replaced, "new_folder": not made.workspace.exists()}
            return await self._start(runtime, made.program, made.workspace, attributes)

    async def do_program(self, text: str, workspace: Path) -> dict[str, Any]:
        """Carries out a Lux program that a person wrote."""
        program = read(text)
        runtime = await self._runtime()
        check(program, runtime.registry.verbs)
        self._listener(Planned(write(program), str(workspace), []))
        return await self._start(runtime, program, workspace, {"permissions": ["workspace"]})

    async def resume(self, name: str) -> dict[str, Any]:
        """Goes on with a run that was cut off, stopped, paused or failed; finished steps do not run again."""
        runtime = await self._runtime()
        async with _taken(runtime, name) as run:
            if run.status in _HALF_UNDONE:
                raise UndoUnfinished(run=run.name)
            if run.status == "cancelled":
                raise RunWasCancelled(run=run.name)
            if run.status not in _UNFINISHED:
                raise NothingToResume(run=run.name)
            return await self._go_on(runtime, run)

    async def retry(self, name: str) -> dict[str, Any]:
        """Carries out again what failed in a run, or what had not ended when it was cancelled."""
        runtime = await self._runtime()
        async with _taken(runtime, name) as run:
            if run.status not in _FAILED:
                raise NothingToRetry(run=run.name)
            return await self._go_on(runtime, run, retrying=True)

    async def settle(
        self, name: str, step: str | None, *, happened: bool, result: Any = None, later: bool = False
    ) -> dict[str, Any]:
        """Writes down what a person says of a step of which it was not known whether it happened, and goes on.

        Only written it is with `later`, in a run of a task, which the task's next attempt goes on with, and in one that
        was cancelled.
        """
        runtime = await self._runtime()
        async with _taken(runtime, name) as run:
            if run.status in _HALF_UNDONE:
                raise UndoUnfinished(run=run.name)
            found, task = await chosen(runtime, run, step), run.attributes.get("task")
            goes_on = not later and task is None and run.status in _UNFINISHED
            here = await brought_here(runtime, run) if goes_on else run  # before anything is written
            await settle(runtime, here, found, happened=happened, result=result)
            if goes_on:
                return await self._go_on(runtime, here)
        then = "retry" if run.status == "cancelled" else "resume"
        told = {"status": "settled", "run": str(run.soul), "step": found.name, "happened": happened}
        return {**told, "task": task, "then": then}

    async def _go_on(self, runtime: Runtime, run: Run, *, retrying: bool = False) -> dict[str, Any]:
        run = await brought_here(runtime, run)
        if run.attributes.get("calls"):
            return await self._call_again(runtime, run, retrying)
        program = read(run.program)
        check(program, runtime.registry.verbs)  # it may have been written by an earlier LuxOS
        self._listener(Planned(run.program, str(run.workspace), run.attributes.get("assumptions", [])))
        self._listener(RunStarted(run.name, resumed=True))
        return await self._carry_out(runtime, run, program, retrying)

    async def _call_again(self, runtime: Runtime, run: Run, retrying: bool) -> dict[str, Any]:
        """Goes on with the calls of a program that is gone."""
        before = {step.name: step for step in await runtime.runs.steps(run.soul)}
        has_failed = any(is_made_again(step, retrying=True) for step in before.values())
        if retrying and not has_failed:
            raise NothingToRetry(run=run.name)
        if (
            has_failed
            and run.status == "failed"
            and not any(is_made_again(step, retrying=retrying) for step in before.values())
        ):
            raise NothingCutOff(run=run.name)
        self._listener(RunStarted(run.name, resumed=True))
        execution = Execution(runtime, run, before, self._listener, retrying=retrying)
        async with _going(runtime, run):
            hear = lambda text: self._listener(Printed(text))  # noqa: E731
            outcome = Outcome(*await go_on(execution, before, retrying=retrying, hear=hear))
            await execution.close()
        report = report_of(run, outcome)
        await runtime.runs.update(run.soul, status=report["status"])
        return report

    async def undo(self, name: str) -> dict[str, Any]:
        """Takes back what a run changed in files, the last step first; files that a person changed stay as they are."""
        runtime = await self._runtime()
        async with _taken(runtime, name) as run:
            await _check_newest(runtime, run)
            changes = [one for one in await self._changes(runtime, run) if one.state != "undone"]
            if run.status in _ENDED and not any(one.changes for one in changes):
                raise NothingToUndo(run=run.name)
            await runtime.runs.update(run.soul, status="undoing")
            undone = await to_the_end(take_back, changes)
            if run.attributes.get("new_folder"):
                with suppress(OSError):  # what a person put there stays
                    run.workspace.rmdir()
            await forget(runtime.database, run, undone)
        status = {"status": "undone", "run": str(run.soul), "folder": str(run.workspace)}
        return {**status, "restored": len(undone.restored), "kept": list(undone.refused)}

    async def _changes(self, runtime: Runtime, run: Run) -> list[ChangeSet]:
        """The changes that a run's finished steps made, in their order."""
        steps, journal = finished(await runtime.runs.steps(run.soul)), runtime.journal(run.soul)
        if any(step.attributes["changes"] and not (journal / step.name).exists() for step in steps):
            raise elsewhere(run) if is_elsewhere(runtime, run) else UndoGone(run=run.name)
        found = [changes_of(journal, step) for step in steps]
        return [changes for changes in found if changes is not None]

    async def _start(
        self, runtime: Runtime, program: Program, workspace: Path, attributes: Mapping[str, Any]
    ) -> dict[str, Any]:
        await self._finish_cut_off(runtime, workspace)
        soul = uuid4()
        async with runtime.runs.claimed(soul):
            goal, text = program.goal, write(program)
            told = {**attributes, "machine": runtime.machine.as_json()}
            run = await runtime.runs.create(soul, goal, text, workspace, runtime.owner, told)
            self._listener(RunStarted(run.name, resumed=False))
            return await self._carry_out(runtime, run, program)

    async def _finish_cut_off(self, runtime: Runtime, workspace: Path) -> None:
        """Applies what runs that were cut off on this folder have recorded as done, so that it is seen from now on.

        What cannot be applied stays for `resume` and `undo`, which say why.
        """
        for run in await runtime.runs.interrupted_on(workspace):
            with suppress(LuxError):
                async with runtime.runs.claimed(run.soul):
                    steps = {step.name: step for step in await runtime.runs.steps(run.soul)}
                    await Execution(runtime, run, steps, lambda event: None).recover()

    async def _carry_out(self, runtime: Runtime, run: Run, program: Program, retrying: bool = False) -> dict[str, Any]:
        before = {step.name: step for step in await runtime.runs.steps(run.soul)}
        execution = Execution(runtime, run, before, self._listener, retrying=retrying)

        async def execute(statement: Statement, arguments: dict[str, Any]) -> Any:
            who = runtime.registry.by_verb(statement.verb)
            return await execution.call(who.uuid, (), arguments, step=statement.name)

        async with _going(runtime, run):
            try:
                done = await execution.recover()
                outcome = await walk(program, runtime.registry.verbs, execute, done)
            except LuxError as error:
                outcome = Outcome(failures={"": error})
        return await self._reflect(runtime, run, outcome)

    async def _reflect(self, runtime: Runtime, run: Run, outcome: Outcome) -> dict[str, Any]:
        report = report_of(run, outcome)
        changes = await self._changes(runtime, run)
        report["changed_files"] = len({change.path for changeset in changes for change in changeset.changes})
        report["flagged"] = sorted({change.path for changeset in changes for change in changeset.flagged})
        made = None
        if run.attributes.get("project") and not outcome.failures:
            before = (run.attributes.get("replaces") or {}).get("files", {})
            files = files_after(before, changes)
            made = {**run.attributes["project"], "files": files}
        kept: dict[str, Any] = {
            key: report[key]
            for key in ("status", "tests", "coverage", "artifacts", "start_command", "account_command")
            if key in report
        }
        await remember(runtime.database, run, report["message"], kept, made)
        return report


@asynccontextmanager
async def _taken(runtime: Runtime, name: str) -> AsyncIterator[Run]:
    """Holds a run that is there, and the folder that it makes a project of, as it is then."""
    run = await runtime.runs.find(name)
    async with AsyncExitStack() as held:
        if run.attributes.get("project"):
            await held.enter_async_context(runtime.runs.building_in(run.workspace))
        await held.enter_async_context(runtime.runs.claimed(run.soul))
        yield await runtime.runs.find(str(run.soul))


@asynccontextmanager
async def _going(runtime: Runtime, run: Run) -> AsyncIterator[None]:
    """A run is carried out in the block; what breaks that off is told in its row."""
    await runtime.runs.update(run.soul, status="running")
    try:
        yield
    except BaseException as error:
        status = "stopped" if isinstance(error, asyncio.CancelledError) else "failed"
        await asyncio.shield(runtime.runs.update(run.soul, status=status))
        raise


async def _check_newest(runtime: Runtime, run: Run) -> None:
    """Refuses to take back a build while a later one stands on it."""
    if run.attributes.get("project"):
        for other in await runtime.runs.on(run.workspace):
            later = other.created_at > run.created_at and other.attributes.get("project")
            if later and other.status != "undone":
                raise LaterRunStands(run=run.name, later=other.name)
