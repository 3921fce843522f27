"""Runs while they are carried out: followed, stopped for a while or for good, and begun again."""

from typing import Any

from luxos.boot import System
from luxos.runtime.events import StepSeen
from luxos.runtime.following import follow
from luxos.runtime.giving_up import give_up
from luxos.runtime.heeded import Wish
from luxos.ui.methods.person import Person
from luxos.ui.methods.records import told_run, told_step


async def run_pause(system: System, person: Person, run: str, seconds: float) -> dict[str, Any]:
    """Has whoever carries a run out stop at the next safe point; gives the run as it is then."""
    return await _given_up(system, run, "pause", seconds)


async def run_move(system: System, person: Person, run: str, seconds: float) -> dict[str, Any]:
    """Has whoever carries a run out give it up at once, to go on elsewhere; gives the run as it is then."""
    return await _given_up(system, run, "move", seconds)


async def run_cancel(system: System, person: Person, run: str, seconds: float) -> dict[str, Any]:
    """Ends a run for good, with every call of it; gives the run as it is then."""
    return await _given_up(system, run, "cancel", seconds)


async def run_tail(system: System, person: Person, run: str) -> dict[str, Any]:
    """Tells the steps of a run until nobody carries it out; gives the run as it is then."""
    runtime = await system.runtime()
    found = await runtime.runs.find(run)
    async for step in follow(runtime, found):
        person.listener(StepSeen(told_step(step)))
    return told_run(await runtime.runs.find(str(found.soul)))


async def retry(system: System, person: Person, run: str) -> dict[str, Any]:
    """Carries out again what failed in a run, or had not ended when it was cancelled."""
    return await system.agent(person.cwd, person.reasoner, person.listener).retry(run)


async def run_confirm(
    system: System, person: Person, run: str, step: str | None, later: bool, result: Any = None
) -> dict[str, Any]:
    """Takes a person's word that a step outside happened, with this result, and goes on with its run."""
    agent = system.agent(person.cwd, person.reasoner, person.listener)
    return await agent.settle(run, step, happened=True, result=result, later=later)


async def run_deny(system: System, person: Person, run: str, step: str | None, later: bool) -> dict[str, Any]:
    """Takes a person's word that a step outside did not happen, and goes on with its run, which does it again."""
    agent = system.agent(person.cwd, person.reasoner, person.listener)
    return await agent.settle(run, step, happened=False, later=later)


async def _given_up(system: System, run: str, wish: Wish, seconds: float) -> dict[str, Any]:
    return told_run(await give_up(await system.runtime(), run, wish, seconds))
