"""Carrying a task out by the dispatcher: a task is a run with one outermost call, and a later attempt goes on with it.

So what was recorded as done is never done again, whichever of the two is killed between the record and the task's end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid5

from luxos.beings.task import TaskBeing
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.runs import RunBusy, RunGivenUp, StepUnknown
from luxos.runtime.execution import Execution
from luxos.runtime.places import brought_here, own_workspace
from luxos.runtime.resuming import again
from luxos.runtime.runs import Run

STEP = "task"
"""The name of the outermost call."""


def run_of(task: UUID) -> UUID:
    """The run of a task."""
    return uuid5(task, "run")


class Carrier:
    """Carries out tasks; `opened` gives the runtime as it is then, for a database may be opened anew meanwhile."""

    def __init__(self, opened: Callable[[], Awaitable[Runtime]]) -> None:
        self._opened = opened

    async def __call__(self, task: TaskBeing) -> Any:
        """The result of what the task calls.

        A worker that hangs may still hold the task's run. Then it is done from its beginning, in another run.
        """
        runtime = await self._opened()
        try:
            return await _carried(runtime, task, run_of(task.soul))
        except RunBusy:
            return await _carried(runtime, task, uuid5(task.soul, f"attempt {task.token}"))


async def _carried(runtime: Runtime, task: TaskBeing, soul: UUID) -> Any:
    async with runtime.runs.claimed(soul):
        run = await _run(runtime, task, soul)
        try:
            result = await _result(runtime, run, task)
        except BaseException as error:
            status = "stopped" if isinstance(error, asyncio.CancelledError) else "failed"
            status = error.status if isinstance(error, RunGivenUp | StepUnknown) else status
            await asyncio.shield(runtime.runs.update(soul, status=status))
            raise
        await runtime.runs.update(soul, status="done")
        return result


async def _run(runtime: Runtime, task: TaskBeing, soul: UUID) -> Run:
    """The run as an earlier attempt left it, or a new one."""
    run = await runtime.runs.of(soul)
    if run is not None:
        await runtime.runs.update(soul, status="running")
        return await brought_here(runtime, run)
    workspace = own_workspace(runtime, soul)
    await asyncio.to_thread(workspace.mkdir, parents=True, exist_ok=True, mode=0o700)
    told = {"permissions": task.permissions, "calls": True, "task": str(task.soul)}
    told["machine"] = runtime.machine.as_json()
    return await runtime.runs.create(soul, f"luxos task add {task.who}", "", workspace, str(task.owner), told)


async def _result(runtime: Runtime, run: Run, task: TaskBeing) -> Any:
    before = {step.name: step for step in await runtime.runs.steps(run.soul)}
    execution = Execution(runtime, run, before, lambda event: None)
    done = await execution.recover()
    known = before.get(STEP)
    if known is None or known.status == "failed":
        return await execution.call(task.who, task.args, task.kwargs, STEP)
    return done[STEP] if STEP in done else await again(execution, known)
