"""Having a run given up: whoever holds it is told, and heeds it when it can; what nobody holds is given up here."""

import asyncio
from collections.abc import Mapping

from luxos.amounts import number
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.runs import RunBusy, RunNotGoing, RunNotHeeding, RunOfTask, RunOver
from luxos.runtime.heeded import Wish
from luxos.runtime.runs import Run
from luxos.runtime.wanting import POLL, STOP, news, want_of

STATUS: Mapping[Wish, str] = {"pause": "paused", "move": "paused", "cancel": "cancelled"}
"""What a run is when it was given up so."""
_GOING = frozenset({"running", "interrupted"})
_LEFT = frozenset({"failed", "stopped", "needs_person", "paused"})
"""What can be cancelled besides."""


async def give_up(runtime: Runtime, name: str, wish: Wish, patience: float) -> Run:
    """Has a run paused, moved or cancelled; gives it as it is then, which is how it ended where it ended meanwhile.

    `RunNotGoing` and `RunOver` where there is nothing to give up, `RunOfTask` where a task decides, `RunNotHeeding`
    where its holder has come to no safe point within `patience` seconds: it stops at the next one.
    """
    run = await runtime.runs.find(name)
    if task := run.attributes.get("task"):
        raise RunOfTask(run=run.name, task=task)
    if run.status == STATUS[wish]:
        return run
    if run.status not in _GOING and not (wish == "cancel" and run.status in _LEFT):
        raise RunOver(run=run.name) if wish == "cancel" else RunNotGoing(run=run.name)
    if run.status != "running":
        try:
            return await _given_up_here(runtime, run, wish)
        except RunBusy:  # somebody took it up meanwhile
            pass
    return await _given_up_there(runtime, run, wish, patience)


async def _given_up_here(runtime: Runtime, run: Run, wish: Wish) -> Run:
    """Gives up a run that nobody carries out, for good or for the time being."""
    async with runtime.runs.claimed(run.soul):
        await runtime.runs.update(run.soul, status=STATUS[wish])
    return await runtime.runs.find(str(run.soul))


async def _given_up_there(runtime: Runtime, run: Run, wish: Wish, patience: float) -> Run:
    """Tells whoever carries it out, and waits until they do not any more."""
    until = asyncio.get_running_loop().time() + patience
    with runtime.database.pool.listening.heard(str(run.soul)) as heard:
        await want_of(runtime.database, run.soul, {STOP: wish})
        while True:
            now = await runtime.runs.find(str(run.soul))
            if now.status == "interrupted":
                return await _given_up_here(runtime, now, wish)
            if now.status != "running":
                return now
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                raise RunNotHeeding(run=run.name, seconds=number(patience))
            await news(heard, min(left, POLL))
