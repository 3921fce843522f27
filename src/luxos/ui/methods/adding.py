"""Souls made of a source that a person gives."""

from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.classes import ClassBeing
from luxos.beings.function import FunctionBeing
from luxos.boot import System
from luxos.runtime.dispatcher import Runtime
from luxos.souls import aliases
from luxos.souls.registry import summon
from luxos.ui.methods.person import Person
from luxos.ui.methods.souls import archive_of


async def soul_add(system: System, person: Person, name: str, source: str, genesis: dict[str, Any]) -> dict[str, Any]:
    """Makes the living being of an alias from a source, or has it evolve.

    Gives `{"status", "alias", "hash", "soul", "tier", "because"}`: the status is `made`, `evolved`, or `unchanged`
    where the alias has this very soul; `because` says what keeps a function that names no tier from the hermetic one.
    """
    runtime = await system.runtime()
    await archive_of(system)
    before = await aliases.Alias.find(name)
    await runtime.tiers.check(name, {**genesis, "source": source})
    being = await summon(name=name, source=source, **genesis)
    await archive_of(system)
    found = being.genesis["soul_hash"]
    status = "made" if before is None else "unchanged" if before.hash == found else "evolved"
    return {"status": status, "alias": name, "hash": found, "soul": str(being.soul), **await _where(runtime, being)}


async def _where(runtime: Runtime, being: BaseBeing) -> dict[str, Any]:
    """In which tier it runs, and why not in the hermetic one."""
    if isinstance(being, ClassBeing) and "source" in being.genesis:
        known = runtime.codes.of_class(being)
    elif isinstance(being, FunctionBeing):
        known = runtime.codes.of(being)
    else:
        return {"tier": None, "because": []}
    tier = await runtime.tiers.chosen(known)
    because = await runtime.tiers.unsupported(known.code.source) if known.tier is None and tier == "isolated" else ()
    return {"tier": tier, "because": list(map(str, because))}
