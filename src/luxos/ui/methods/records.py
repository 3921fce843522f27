"""What was done: runs and their steps."""

from typing import Any

from luxos.boot import System
from luxos.runtime.places import is_elsewhere
from luxos.runtime.runs import Run
from luxos.runtime.steps import Step
from luxos.ui.methods.person import Person

_TOLD = (
    "started_at",
    "finished_at",
    "arguments",
    "result",
    "printed",
    "replayed",
    "settled",
    "state",
    "error",
    "changes",
    "summary",
)


async def runs(system: System, person: Person, limit: int) -> dict[str, Any]:
    """The newest runs."""
    runtime = await system.runtime()
    return {"runs": [told_run(run) for run in await runtime.runs.newest(limit)]}


async def show(system: System, person: Person, run: str) -> dict[str, Any]:
    """A run with its steps, those of them that only a person can settle, and whether its audit chain is whole."""
    from luxos.runtime.runs import chain_is_whole
    from luxos.runtime.settling import uncertain

    runtime = await system.runtime()
    found = await runtime.runs.find(run)
    steps = await runtime.runs.steps(found.soul)
    whole = chain_is_whole(found, steps)
    asks = [] if found.status == "running" else await uncertain(runtime, steps)
    return {
        **told_run(found),
        "program": found.program,
        "elsewhere": is_elsewhere(runtime, found),
        "steps": [told_step(step) for step in steps],
        "uncertain": [step.name for step in asks],
        "chain_whole": whole,
    }


def told_run(run: Run) -> dict[str, Any]:
    """A run as JSON."""
    kept = ("intent", "confidence", "tests", "coverage", "artifacts", "start_command", "account_command", "assumptions")
    return {
        "run": str(run.soul),
        "goal": run.goal,
        "status": run.status,
        "workspace": str(run.workspace),
        "machine": run.attributes.get("machine", {}).get("name"),
        "created_at": run.created_at.isoformat(),
        **{key: run.attributes[key] for key in kept if key in run.attributes},
    }


def told_step(step: Step) -> dict[str, Any]:
    """A step as JSON, with its newest attempt; moments are ISO texts in UTC."""
    return {
        "step": step.name,
        "verb": step.verb,
        "call": step.call,
        "parent": step.parent,
        "status": step.status,
        "seconds": step.seconds,
        "attempts": 1 + len(step.attributes.get("attempts", ())),
        **{key: step.attributes[key] for key in _TOLD if key in step.attributes},
    }
