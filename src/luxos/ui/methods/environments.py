"""Environments changed and looked at: promotion, demotion, manifests, rollback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from luxos.boot import System
from luxos.runtime.execution import Execution
from luxos.runtime.hermetic.confined import confined
from luxos.runtime.promoting.beginning import begin_shadow, promote_watched
from luxos.runtime.promoting.beginning import stop as stop_promotion
from luxos.runtime.promoting.promotion import promotions
from luxos.runtime.promoting.terms import Terms
from luxos.runtime.promoting.words import sentence
from luxos.souls import environment, promotion
from luxos.souls.archive import Archive
from luxos.souls.environment import Environment
from luxos.souls.going_back import rollback_alias
from luxos.souls.manifest import Manifest
from luxos.souls.reports import catch_up
from luxos.souls.validation import validate
from luxos.ui.methods.person import Person
from luxos.ui.methods.souls import archive_of


async def soul_promote(
    system: System,
    person: Person,
    who: str,
    to: str,
    alias: str | None,
    unchecked: bool,
    how: dict[str, Any],
) -> dict[str, Any]:
    """Checks a version, and has an environment name it; its examples are the steps of a run.

    With `how["shadow"]` only after so many equal calls in the shadow of its alias, which then moves to it too. Either
    way the calls of what the alias has become are watched, on `how["terms"]` (those of `Terms`). With
    `how["force"]` also what the alias was moved back from.
    """
    archive, wanted, force = await archive_of(system), Terms(**how.get("terms", {})), bool(how.get("force"))
    async with _examples(system, person, who) as execute:
        ready = await promotion.made_ready(who, execute, confined, alias=alias, unchecked=unchecked)
    if not how.get("shadow"):
        return _told(await promote_watched(archive, ready, to, wanted, force=force))
    begun = await begin_shadow(ready.soul, ready.name, wanted, to=to, entry=ready.entry, force=force)
    return {**begun.as_json(), "sentence": sentence(begun)}


async def soul_promotions(system: System, person: Person, name: str | None, stop: bool) -> dict[str, Any]:
    """Promotions of an alias or of all, the newest first, when what is due was done; `stop` ends what goes on."""
    runtime = await system.runtime()
    await runtime.following.look_at_all()
    if stop and name is not None:
        await stop_promotion(name)
    found = await promotions(name)
    return {"promotions": [{**one.as_json(), "sentence": sentence(one)} for one in found]}


async def soul_demote(system: System, person: Person, alias: str, name: str) -> dict[str, Any]:
    """Takes an alias out of an environment."""
    return _told(await environment.demote(await archive_of(system), alias, name))


async def soul_production(system: System, person: Person, name: str) -> dict[str, Any]:
    """What an environment names."""
    await archive_of(system)
    found = await Environment.of(name)
    if found.manifest is None:
        return {"environment": name, "manifest": None, "sequence": 0, "souls": {}}
    return _told(found.manifest)


async def soul_manifest(system: System, person: Person, name: str) -> dict[str, Any]:
    """A new signed manifest of an environment as it is, in the tables and as a file."""
    archive = await archive_of(system)
    made = await environment.confirm(archive, name)
    return {**_told(made), "file": str(archive.folder / made.file), "signature": made.signature}


async def soul_rollback(
    system: System, person: Person, alias: str | None, name: str | None, to: str | None
) -> dict[str, Any]:
    """Has an alias be an earlier version again, or an environment (or one alias of it) an earlier manifest."""
    archive = await archive_of(system)
    if name is not None or alias is None:
        return _told(await environment.rollback(archive, name or environment.USUAL, to=to, alias=alias))
    soul, version = await rollback_alias(alias, to=to)
    await archive_of(system)
    return {"alias": alias, "hash": soul.hash, "version": version}


@asynccontextmanager
async def _examples(system: System, person: Person, who: str) -> AsyncIterator[promotion.Execute]:
    """A run in which the examples of a soul are steps, made with the first of them."""
    runtime = await system.runtime()
    held: list[Any] = []
    goal = f"luxos soul promote {who}"
    with TemporaryDirectory(prefix="luxos-examples-") as folder:
        soul = uuid4()
        async with runtime.runs.claimed(soul):

            async def execute(who: str, *args: Any, **kwargs: Any) -> Any:
                if not held:
                    run = await runtime.runs.create(soul, goal, "", Path(folder), runtime.owner, {})
                    held.append(Execution(runtime, run, {}, lambda event: None))
                    held.append(0)
                held[1] += 1
                return await held[0].call(who, args, kwargs, step=f"example_{held[1]}")

            try:
                yield execute
            except BaseException:
                if held:
                    await runtime.runs.update(soul, status="failed")
                raise
            if held:
                await runtime.runs.update(soul, status="done")


def _told(made: Manifest) -> dict[str, Any]:
    return {
        "environment": made.environment,
        "manifest": made.hash,
        "sequence": made.sequence,
        "change": made.content["change"],
        "souls": made.souls,
    }


async def soul_validate(system: System, person: Person, name: str | None) -> dict[str, Any]:
    """Everything about souls that is not as it was written; files that a crash cut off are written first."""
    await system.runtime()
    archive = Archive(system.settings.home)
    written = await environment.write_files(archive)
    found = [{"rule": one.rule, "name": one.name, "message": str(one)} async for one in validate(archive, name)]
    if not found:
        written += await catch_up(archive, everything=True)
    return {"status": "damaged" if found else "whole", "findings": found, "written": written}
