"""Souls made of a source that a person gives."""

from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.class_source import written_in
from luxos.beings.classes import ClassBeing
from luxos.beings.function import FunctionBeing
from luxos.boot import System
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.wishes import check_wishes
from luxos.souls import aliases
from luxos.souls.registry import EMPTY, genesis_of, renewed, summon
from luxos.souls.versions import more_of
from luxos.ui.methods.person import Person
from luxos.ui.methods.souls import archive_of


async def soul_add(system: System, person: Person, name: str, source: str, genesis: dict[str, Any]) -> dict[str, Any]:
    """Makes the living being of an alias from a source, or has it evolve; what `genesis` does not name stays.

    Gives `{"status", "alias", "hash", "soul", "tier", "because", "changed", "gone", "forgotten"}`. The status is
    `made`, `evolved`, `told` where the alias has this very soul and says something else beside it (`changed`), `born`
    where its living being was gone, or `unchanged`. `gone` is what was taken away; `because` says what keeps a function
    that names no tier from the hermetic one; `forgotten` is what a class's methods write, and no attribute declares.
    """
    runtime = await system.runtime()
    await archive_of(system)
    before = await aliases.Alias.find(name)
    old = {} if before is None or before.name != name or before.hash is None else await genesis_of(name)
    whole = {key: value for key, value in {**old, **genesis, "source": source}.items() if value not in EMPTY}
    await check_wishes(name, whole if not old else {key: whole[key] for key in genesis.keys() & whole.keys()})
    await runtime.tiers.check(name, whole)
    gone: list[str] = []
    if old:
        being, gone = await renewed(name, source, genesis)
    else:
        being = await summon(name=name, **whole)
    await archive_of(system)
    changed = sorted(key for key, value in more_of(being.genesis).items() if key in genesis and value != old.get(key))
    status = _status(before, being, changed)
    told = {"status": status, "alias": name, "hash": being.genesis["soul_hash"], "soul": str(being.soul)}
    return {**told, **await _where(runtime, being), "changed": changed, "gone": gone, "forgotten": _forgotten(being)}


def _forgotten(being: BaseBeing) -> list[str]:
    """What methods of a class write of `self`, and no attribute declares: it is gone when a call has ended."""
    if not isinstance(being, ClassBeing) or not isinstance(being.genesis.get("source"), str):
        return []
    return sorted(written_in(being.genesis["source"]) - (being.genesis.get("attributes") or {}).keys())


def _status(before: aliases.Alias | None, being: BaseBeing, changed: list[str]) -> str:
    if before is None:
        return "made"
    if before.hash != being.genesis["soul_hash"]:
        return "evolved"
    if before.being != being.soul:
        return "born"
    return "told" if changed else "unchanged"


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
