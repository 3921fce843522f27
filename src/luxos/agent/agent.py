"""The agent's loop: understand a sentence, plan it, carry the plan out, remember it, answer.

Every method tells what happens through the listener and gives a report, the JSON object that `luxos do --json` prints.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from luxos.agent.errors import FolderTaken, NothingToResume, ProjectChanged, ProjectUnfinished
from luxos.agent.events import Planned, RunStarted, Understood
from luxos.agent.memory import find_project, forget_project, remember, run_attributes
from luxos.agent.planner import Place, Plan, plan
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
from luxos.runtime.events import Listener
from luxos.runtime.execution import Execution, Runtime
from luxos.runtime.runs import Run
from luxos.runtime.staging import changes_of

Open = Callable[[], Awaitable[Runtime]]
"""Gives the runtime when it is first needed, so that understanding waits for no database."""

_UNFINISHED = frozenset({"running", "interrupted", "failed", "stopped", "needs_person"})


class Agent:
    """Does what it is told, for one person at one place."""

    def __init__(self, runtime: Open, place: Place, reasoner: Reasoner, listener: Listener) -> None:
        self._runtime, self._place, self._reasoner, self._listener = runtime, place, reasoner, listener

    async def plan(self, sentence: str, wishes: Wishes) -> Plan:
        """Understands a sentence and plans it; nothing is run or written."""
        understanding = await asyncio.to_thread(understand, sentence)
        self._listener(Understood(understanding.as_json()))
        made = await plan(understanding, wishes, self._place, self._reasoner)
        assumptions = [asdict(assumption) for assumption in made.assumptions]
        self._listener(Planned(write(made.program), str(made.workspace), assumptions))
        return made

    async def do(self, sentence: str, wishes: Wishes) -> dict[str, Any]:
        """Does what a sentence says."""
        made = await self.plan(sentence, wishes)
        runtime = await self._runtime()
        if made.project is None:
            return await self._start(runtime, made.program, made.workspace, run_attributes(made))
        async with runtime.runs.building_in(made.workspace):
            before = await _check_folder(runtime, made.workspace)
            attributes = {**run_attributes(made), "replaces": before}
            return await self._start(runtime, made.program, made.workspace, attributes)

    async def do_program(self, text: str, workspace: Path) -> dict[str, Any]:
        """Carries out a Lux program that a person wrote."""
        program = read(text)
        runtime = await self._runtime()
        check(program, runtime.registry.verbs)
        self._listener(Planned(write(program), str(workspace), []))
        return await self._start(runtime, program, workspace, {"permissions": ["workspace"]})

    async def resume(self, name: str) -> dict[str, Any]:
        """Goes on with a run that was cut off, stopped or failed; finished steps do not run again."""
        runtime = await self._runtime()
        run = await runtime.runs.find(name)
        async with runtime.runs.claimed(run):
            run = await runtime.runs.find(str(run.soul))
            if run.status not in _UNFINISHED:
                raise NothingToResume(run=run.name, status=run.status)
            self._listener(Planned(run.program, str(run.workspace), run.attributes.get("assumptions", [])))
            self._listener(RunStarted(run.name, resumed=True))
            return await self._carry_out(runtime, run, read(run.program))

    async def undo(self, name: str) -> dict[str, Any]:
        """Takes back what a run changed in files, the last step first; files that a person changed stay as they are."""
        runtime = await self._runtime()
        run = await runtime.runs.find(name)
        restored, kept = 0, []
        async with runtime.runs.claimed(run):
            steps = await runtime.runs.steps(run.soul)
            done = [step for step in steps if step.status == "done" and step.parent is None]
            for step in sorted(done, key=lambda step: int(step.attributes["chain"]["seq"]), reverse=True):
                changes = changes_of(runtime.journal(run.soul), step)
                if changes is not None and changes.state != "undone":
                    undone = await asyncio.to_thread(changes.undo)
                    restored += len(undone.restored)
                    kept += [path for path in undone.refused if path not in kept]
            if run.attributes.get("project"):
                with suppress(OSError):  # what a person put there stays
                    run.workspace.rmdir()
            async with runtime.database.pool.acquire() as connection, connection.transaction():
                await connection.execute(runtime.database.queries["update_run"], run.soul, {"status": "undone"})
                await forget_project(run, connection)
        return {
            "status": "undone",
            "run": str(run.soul),
            "restored": restored,
            "kept": kept,
            "folder": str(run.workspace),
        }

    async def _start(
        self, runtime: Runtime, program: Program, workspace: Path, attributes: Mapping[str, Any]
    ) -> dict[str, Any]:
        run = await runtime.runs.create(program.goal, write(program), workspace, runtime.owner, attributes)
        self._listener(RunStarted(run.name, resumed=False))
        async with runtime.runs.claimed(run):
            return await self._carry_out(runtime, run, program)

    async def _carry_out(self, runtime: Runtime, run: Run, program: Program) -> dict[str, Any]:
        before = {step.name: step for step in await runtime.runs.steps(run.soul)}
        execution = Execution(runtime, run, before, self._listener)

        async def execute(statement: Statement, arguments: dict[str, Any]) -> Any:
            who = runtime.registry.by_verb(statement.verb)
            return await execution(who.uuid, step=statement.name, **arguments)

        if run.status != "running" or before:
            await runtime.runs.update(run.soul, status="running")
        try:
            done = await execution.recover()
            outcome = await walk(program, runtime.registry.verbs, execute, done)
        except LuxError as error:
            outcome = Outcome(failures={"": error})
        except BaseException as error:
            status = "stopped" if isinstance(error, asyncio.CancelledError) else "failed"
            await asyncio.shield(runtime.runs.update(run.soul, status=status))
            raise
        return await self._reflect(runtime, run, outcome)

    async def _reflect(self, runtime: Runtime, run: Run, outcome: Outcome) -> dict[str, Any]:
        report = report_of(run, outcome)
        files = _hashes(run.workspace, report.pop("files"))
        made = (
            {**run.attributes["project"], "files": files}
            if run.attributes.get("project") and not outcome.failures
            else None
        )
        kept: dict[str, Any] = {
            key: report[key]
            for key in ("status", "tests", "coverage", "artifacts", "start_command", "account_command")
            if key in report
        }
        await remember(runtime.database, run, report["message"], kept, made)
        return report


async def _check_folder(runtime: Runtime, folder: Path) -> Mapping[str, Any] | None:
    """Refuses a folder that is not free, and not a project of ours that nobody has touched; gives that project."""
    for run in await runtime.runs.making(folder):
        if run.status in _UNFINISHED:
            raise ProjectUnfinished(run=run.name, folder=folder)
    try:
        occupied = folder.is_symlink() or any(folder.iterdir())
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        occupied = True
    project = await find_project(folder)
    if occupied and project is None:
        raise FolderTaken(folder=folder)
    known = project.attributes["files"] if project else {}
    for path, digest in _hashes(folder, known).items():
        if known[path] != digest:
            raise ProjectChanged(folder=folder, path=path)
    return project.attributes if project else None


def _hashes(folder: Path, files: object) -> dict[str, str]:
    paths = [str(path) for path in files] if isinstance(files, (list, dict)) else []
    return {
        path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths if (folder / path).is_file()
    }
